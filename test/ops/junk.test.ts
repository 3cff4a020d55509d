// What plain JavaScript can pass: any argument, entry of a list or option replaced by a value that has no place there. It is refused with a
// sentence of the op, or has a meaning; it is never a raw TypeError or RangeError, and never a tensor with a shape that is none.
import { describe, expect, it } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import type { Calls } from "../../src/core/op.ts"
import { isTensor } from "../../src/core/tensor.ts"
import { catalog } from "../../src/ops/catalog.ts"
import { gen } from "../../src/testing/gen.ts"
import { junkOf, misspelt } from "../_junk.ts"

type Call = (...args: readonly unknown[]) => unknown
const ops = Object.entries(
  catalog as unknown as Record<string, { readonly calls?: () => Calls } & Readonly<Record<string, Call>>>,
)
const SEEDS = 6

/** What a function that is given throws is its own affair. */
class Theirs extends Error {}
const guarded = (v: unknown): unknown =>
  typeof v !== "function"
    ? v
    : (...args: unknown[]) => {
        try {
          return (v as Call)(...args)
        } catch (e) {
          throw new Theirs(String(e))
        }
      }
/** What is wrong with what a call did; undefined if nothing. */
const complaint = (name: string, f: Call, args: readonly unknown[]): string | undefined => {
  try {
    const odd = [f(...args.map(guarded))]
      .flat(3)
      .find((t) => isTensor(t) && t.shape.some((n) => !Number.isSafeInteger(n) || n < 0))
    return odd === undefined ? undefined : `gave ${String(odd)}`
  } catch (e) {
    if (e instanceof Theirs) return undefined
    if (!(e instanceof ShapeError)) return String(e)
    return e.message.startsWith(`${name}: `) ? undefined : `says ${e.message}`
  }
}
const shown = (v: unknown): string =>
  isTensor(v)
    ? String(v)
    : Array.isArray(v)
      ? `[${v.map(shown).join(", ")}]`
      : typeof v === "object" && v !== null
        ? `{${Reflect.ownKeys(v)
            .map((k) => `${String(k)}: ${shown((v as Record<PropertyKey, unknown>)[k])}`)
            .join(", ")}}`
        : typeof v === "string"
          ? JSON.stringify(v)
          : String(v)

describe("every op, given junk", () => {
  it.each(ops)("%s", (name, m) => {
    const f = m[name]!
    const problems = new Map<string, string>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const args = m.calls?.().examples(gen(seed)) ?? []
      for (const junk of junkOf(args)) {
        const c = complaint(name, f, junk)
        if (c !== undefined) problems.set(c, `${name}(${junk.map(shown).join(", ")})`)
      }
    }
    expect([...problems].slice(0, 12)).toEqual([])
  })
  it.each(ops)("%s: an option that there is not", (name, m) => {
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const args of misspelt(m.calls?.().examples(gen(seed)) ?? []))
        expect(() => m[name]!(...args), args.map(shown).join()).toThrow(
          new RegExp(`^${name}: .*(there is no option mispelt; |a size is given for mispelt)`),
        )
  })
})
