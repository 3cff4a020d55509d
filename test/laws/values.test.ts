// Values and refusals of every op.
import { afterAll, describe, expect, it } from "vitest"
import { evaluator } from "../../src/backends/reference/index.ts"
import { evaluate } from "../../src/backends/reference/index.ts"
import { flatten, ShapeError, size } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { law, spell, subjects } from "./_harness.ts"

const ranges = { i32: [-2147483648, 2147483647], u32: [0, 4294967295], bool: [0, 1] } as const

law("what is computed has the shape and dtype of the shape rule", (c) => {
  // The oracle refuses a composite whose expansion has another shape than its rule says, and starts every buffer as NaN: examples
  // keep to arguments with finite or infinite results, so a NaN is an element that was not written.
  const ys = evaluator(c.program)(c.values)
  c.program.outs.forEach((t, k) => {
    const y = ys[k]!
    if (y.length !== size(t.shape)) throw new Error(`output ${k} has ${y.length} elements, its shape is [${t.shape}]`)
    const nan = y.findIndex(Number.isNaN)
    if (nan >= 0) throw new Error(`element ${nan} of output ${k} is NaN`)
    if (t.dtype === "f32" || t.dtype === "f64") return
    const [lo, hi] = ranges[t.dtype]
    const odd = y.find((v) => !Number.isInteger(v) || v < lo || v > hi)
    if (odd !== undefined) throw new Error(`output ${k} of dtype ${t.dtype} contains ${odd}`)
  })
  return true
})

law(
  "equal arguments give equal values",
  (c, s) => {
    // Directly on the values, with the op's own rewrites, and through a program on placeholders: the same.
    const direct = evaluate(flatten(s.f(...c.args)).leaves)
    evaluator(c.program)(c.values).forEach((y, k) => {
      expect([...direct[k]!]).toEqual([...y])
    })
    return true
  },
  { share: 0.3 },
)

if (subjects.length > 0)
  describe("every invalid argument is refused with a sentence that names the op", () => {
    const counts = new Map<string, number>()
    for (const s of subjects)
      it(s.name, () => {
        const kinds = s.refused ?? []
        kinds.forEach((draw, kind) => {
          for (let seed = 1; seed <= 20; seed++) {
            const args = draw(gen(seed))
            const where = `${s.name}(${args.map(spell).join(", ")}): refusal ${kind}, seed ${seed}`
            let error: unknown
            try {
              s.f(...args)
            } catch (e) {
              error = e
            }
            if (!(error instanceof ShapeError))
              throw new Error(`${where}: ${error === undefined ? "was accepted" : `threw ${String(error)}`}`)
            if (!error.message.startsWith(`${s.name}: `))
              throw new Error(`${where}: the sentence does not begin with the op's name: ${error.message}`)
            if (/undefined|\[object/.test(error.message)) throw new Error(`${where}: not a sentence: ${error.message}`)
            counts.set(s.name, (counts.get(s.name) ?? 0) + 1)
          }
        })
      })
    afterAll(() => {
      const silent = subjects.filter((s) => !counts.has(s.name)).map((s) => s.name)
      if (silent.length > 0) console.log(`ops that refuse nothing: ${silent.join(", ")}`)
    })
  })
describe("examples", () => {
  it("every op has them", () => {
    // These take functions and give functions: programs that use them are among the laws instead.
    const higher = ["customJvp", "customVjp"]
    expect(subjects.filter((s) => !s.examples && !higher.includes(s.name)).map((s) => s.name)).toEqual([])
  })
  it("cover every tensor dtype, an empty and a rank-0 tensor", () => {
    const seen = new Set<string>()
    for (const s of subjects) {
      const draws = s.examples
      if (!draws) continue
      for (const shapes of ["small", "scalar", "empty"] as const)
        for (let seed = 1; seed <= 10; seed++)
          for (const t of flatten(draws(gen(seed, shapes))).leaves) {
            seen.add(t.dtype)
            if (t.shape.length === 0) seen.add("rank 0")
            if (t.shape.includes(0)) seen.add("empty")
          }
    }
    if (!process.env["ADJOINT_OP"])
      expect([...seen]).toEqual(expect.arrayContaining(["bool", "empty", "f32", "i32", "rank 0", "u32"]))
  })
})
