import { describe, expect, it } from "vitest"
import { hovers, type Mark, marksOf } from "./hover.ts"

describe("what an editor shows", () => {
  it("is the shape, without names of helpers", async () => {
    const { checked, problems } = await hovers(["hover.fx.ts"])
    expect(problems).toEqual([])
    expect(checked).toBeGreaterThan(50)
  })

  // The harness itself: a mark of a wrong text, and one of a name that nothing declares.
  it("is compared exactly", async () => {
    const nobody: Mark = { line: 1, name: "nobody", text: "Tensor<[]>", at: undefined }
    const { checked, problems } = await hovers(["hover.fx.ts"], ([first]) => [{ ...first!, text: "Tensor<[8, 32, 32]>" }, nobody])
    expect(checked).toBe(2)
    expect(problems).toEqual([
      expect.stringContaining("images: expected Tensor<[8, 32, 32]>, got Tensor<[8, 32, 32, 3]>"),
      expect.stringContaining("nobody: expected Tensor<[]>, got no declaration of that name"),
    ])
  })
  it("is asked of declarations of all kinds", () => {
    const source = `// @hover a: x\nconst [b, a] = f()\n// @hover c: y\nexport declare const c: T\n`
    expect(marksOf(source)).toEqual([
      { line: 1, name: "a", text: "x", at: [1, 10] },
      { line: 3, name: "c", text: "y", at: [3, 21] },
    ])
  })
})
