import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { check } from "./check.ts"

describe("wrong programs", () => {
  it("are refused with the sentence at the wrong argument, and right programs compile", () => {
    const { checked, problems } = check()
    expect(problems).toEqual([])
    expect(checked).toBeGreaterThan(25)
  })

  // The harness itself: each line of this fixture is wrong in one way that it must notice.
  it("are noticed when the expectation is wrong", () => {
    const dir = mkdtempSync(join(import.meta.dirname, "harness-"))
    try {
      writeFileSync(join(dir, "tsconfig.json"), `{ "extends": "../../../tsconfig.json", "include": ["."], "exclude": [] }`)
      writeFileSync(
        join(dir, "a.fx.ts"),
        `declare function f(x: "the sentence", y: number): void
// @expect-error TS2345 at \`1\`: the sentence
f(1, 2)

// @expect-error TS2345: another sentence
f(1, 2)

// @expect-error TS2345: the sent
f(1, 2)

// @expect-error TS2322: the sentence
f(1, 2)

// @expect-error TS2345 at \`2\`: the sentence
f(1, 2)

// @expect-error TS2345: the sentence
f(1, 2); f(1, 2)

// @expect-error TS2345: the sentence
f("the sentence", 2)

f("the sentence", "2")
export {}
`,
      )
      const { checked, problems } = check(dir)
      expect(checked).toBe(7)
      expect(problems.map((p) => p.replace(/^.*?fx\.ts:/, ""))).toEqual([
        expect.stringMatching(/^5: expected the sentence "another sentence", got: Arg/),
        expect.stringMatching(/^8: expected the sentence "the sent", got: Arg/),
        expect.stringMatching(/^11: expected TS2322, got TS2345/),
        expect.stringMatching(/^14: expected it at `2`, got it at `1, 2\)`/),
        expect.stringMatching(/^17: expected one diagnostic, got 2/),
        expect.stringMatching(/^20: expected one diagnostic, got 0/),
        expect.stringMatching(/^23: unexpected TS2345/),
      ])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
