// Loops: what leaves them, what stays in place. Each program is judged by the reference, which knows nothing of all this; the printed
// programs say what a step still does.
import { describe, expect, it } from "vitest"
import { evaluate, interpretLowered } from "../../src/backends/reference/index.ts"
import { illegal, lower, noLimits } from "../../src/compiler/index.ts"
import { print } from "../../src/compiler/print.ts"
import { captured, flatten, inSession, inline, type RawTensor } from "../../src/core/index.ts"
import { valueAndGradOf } from "../../src/transform/reverse.ts"
import { gen } from "../../src/testing/gen.ts"
import * as T from "../../src/tensor.ts"
import { zoo, type ZooProgram } from "../zoo.ts"

type Any = T.AnyTensor
const g = gen(11, "small")
const x = (...shape: number[]): Any => g.tensor(shape, "f32")
const scan = T.scan as unknown as (
  f: (c: any, x: any) => [unknown, unknown],
  init: unknown,
  xs: unknown,
  o?: object,
) => [any, any]
const total = (tree: unknown): Any => {
  const sums: Any[] = flatten(tree).leaves.map((v) => T.sum(T.mul(v, v)))
  return sums.reduce((a, b) => T.add(a as never, b as never))
}
/** The function, and its gradient with respect to all arguments. */
const both = (name: string, args: readonly Any[], f: (...a: Any[]) => unknown): readonly [ZooProgram, ZooProgram] => [
  zoo(name, args, f as never),
  zoo(`${name}: gradient`, args, ((...a: Any[]) =>
    valueAndGradOf("grad", ((...b: Any[]) => total(f(...b))) as never, { argnums: args.map((_, k) => k) })(...a)) as never),
]
const cell =
  (w: Any, u: Any, b: Any) =>
  (h: Any, v: Any): [Any, Any] => {
    const n = T.tanh(T.add(T.add(T.matmul(v, w), T.matmul(h, u)), b))
    return [n, n]
  }
const programs: readonly ZooProgram[] = [
  ...both("recurrent", [x(3, 4), x(4, 4), x(4), x(6, 2, 3)], (w, u, b, xs) => scan(cell(w, u, b), T.zeros([2, 4]), xs)[0]),
  ...both(
    "recurrent, all steps",
    [x(3, 4), x(4, 4), x(4), x(6, 2, 3)],
    (w, u, b, xs) => scan(cell(w, u, b), T.zeros([2, 4]), xs)[1],
  ),
  ...both("recurrent, backwards", [x(3, 4), x(4, 4), x(4), x(6, 2, 3)], (w, u, b, xs) =>
    scan(cell(w, u, b), T.zeros([2, 4]), xs, { reverse: true }),
  ),
  ...both("recurrent, carries kept", [x(3, 4), x(4, 4), x(4), x(6, 2, 3)], (w, u, b, xs) =>
    scan(cell(w, u, b), T.zeros([2, 4]), xs, { save: "carry" }),
  ),
  ...both(
    "batch first",
    [x(3, 4), x(4, 4), x(4), x(2, 6, 3)],
    (w, u, b, xs) => scan(cell(w, u, b), T.zeros([2, 4]), T.transpose(xs, [1, 0, 2]))[0],
  ),
  ...both("one step", [x(3, 4), x(4, 4), x(4), x(1, 2, 3)], (w, u, b, xs) => scan(cell(w, u, b), T.zeros([2, 4]), xs)),
  ...both("rows through two layers", [x(3, 5), x(5, 4), x(4, 4), x(6, 2, 3)], (a, w, u, xs) =>
    scan((h: Any, v: Any) => [T.tanh(T.add(T.matmul(T.tanh(T.matmul(v, a)), w), T.matmul(h, u))), h], x(2, 4), xs),
  ),
  ...both("products with the transposed", [x(4, 3), x(4, 4), x(6, 2, 3)], (w, u, xs) =>
    scan((h: Any, v: Any) => [T.sub(T.matmul(v, T.transpose(w, [1, 0])), T.matmul(h, u)), T.sum(h)], T.zeros([2, 4]), xs),
  ),
  ...both("carries exchanged", [x(3), x(3), x(5, 3)], (a, b, xs) =>
    scan(([p, q]: [Any, Any], v: Any) => [[q, T.add(T.mul(p, 0.5), v)], p], [a, b], xs),
  ),
  ...both("a carry that stays, one that is read late", [x(3), x(3), x(5, 3)], (a, b, xs) =>
    scan(
      ([p, q]: [Any, Any], v: Any) => {
        const n = T.tanh(T.add(T.mul(q, p), v))
        return [[p, n], T.add(T.mul(n, q), T.exp(q))]
      },
      [a, b],
      xs,
    ),
  ),
  ...both(
    "sums beside a recurrence",
    [x(4, 4), x(2, 4), x(6, 2, 4)],
    (u, h, xs) =>
      scan(
        ([s, m, h]: [Any, Any, Any], v: Any) => {
          const n = T.tanh(T.add(T.matmul(h, u), v))
          return [[T.add(s, T.matmul(T.transpose(v, [1, 0]), n)), T.add(T.sum(n, [0]), m), n], T.mean(n)]
        },
        [T.ones([4, 4]), x(4), h],
        xs,
      )[0],
  ),
  ...both("a sum that is read", [x(2, 4), x(6, 2, 4)], (a, xs) =>
    scan(([s, h]: [Any, Any], v: Any) => [[T.add(s, v), T.tanh(T.add(h, s))], h], [a, a], xs),
  ),
  ...both("rows alone", [x(3, 4), x(6, 2, 3)], (w, xs) =>
    scan((s: Any, v: Any) => [T.add(s, T.sum(T.tanh(T.matmul(v, w)))), s], T.zeros([]), xs),
  ),
  ...both("powers", [x(3, 3)], (w) => scan((h: Any) => [T.matmul(h, w), T.ones([2])], T.ones([2, 3]), null, { length: 4 })),
  ...both("a loop in a loop", [x(3, 3), x(2, 4, 2, 3)], (w, xs) =>
    scan(
      (h: Any, row: Any) => [scan((k: Any, v: Any) => [T.tanh(T.add(T.matmul(k, w), T.matmul(v, w))), k], h, row)[0], h],
      T.zeros([2, 3]),
      xs,
    ),
  ),
  zoo("no steps", [x(3, 3), x(0, 3)], (w: Any, xs: Any) =>
    scan((h: Any, v: Any) => [T.add(T.matmul(h, w), v), h], T.ones([3, 3]), xs),
  ),
]
const flat = (a: readonly Float64Array[]): number[] => a.flatMap((v) => [...v])

describe.each(programs.map((p) => [p.name, p] as const))("%s", (_, { program, values }) => {
  it("is what the reference says, whatever gets a buffer", () => {
    const inputs = evaluate([...values, ...captured(program)])
    const want = flat(evaluate(inSession(() => inline(program, values))))
    for (let seed = 0; seed < 12; seed++) {
      const draw = gen(seed + 1, "small")
      const chosen = new Map<RawTensor, boolean>()
      const roots = (t: RawTensor): boolean => {
        if (seed === 0) return false
        if (!chosen.has(t)) chosen.set(t, draw.bool())
        return chosen.get(t)!
      }
      const l = lower(program, { limits: noLimits, roots, fuse: seed === 0 || draw.bool() })
      expect(illegal(l), `seed ${seed}`).toEqual([])
      const got = flat(interpretLowered(l, inputs, { memory: "planned", order: draw.bool() ? "backward" : "forward" }))
      expect(got.length).toBe(want.length)
      const worst = Math.max(0, ...got.map((v, k) => Math.abs(v - want[k]!) / (1 + Math.abs(want[k]!))))
      expect(worst, `seed ${seed}`).toBeLessThan(1e-11)
    }
  })
})
/** The lines of each loop's body. */
const bodies = (name: string): string[] => {
  const { program } = programs.find((p) => p.name === name)!
  const out: string[] = []
  for (const line of print(lower(program, { limits: noLimits })).split("\n"))
    if (line.startsWith("loop")) out.push("")
    else if (line.startsWith("  ") && out.length > 0) out[out.length - 1] += `${line.trim()}\n`
  return out
}
const products = (body: string): number => body.split("contraction M").length - 1

describe("what a step still does", () => {
  it("products with the carry alone: those with rows are computed before, sums of products after", () => {
    expect(bodies("recurrent: gradient").map(products)).toEqual([1, 1])
    expect(bodies("batch first: gradient").map(products)).toEqual([1, 1])
    expect(bodies("rows through two layers").map(products)).toEqual([1])
    expect(bodies("sums beside a recurrence").map(products)).toEqual([1])
  })
  it("where only carries may be kept, sums stay", () => {
    expect(bodies("recurrent, carries kept: gradient").map(products)[1]).toBeGreaterThan(2)
  })
  it("independent rows stay in the loop: it is there to keep memory small", () => {
    expect(bodies("rows alone").map(products)).toEqual([1])
  })
  it("carries are updated in place; exchanged ones are not", () => {
    // stacks are written at [i, ...]
    const copies = (body: string): number => body.split("\n").filter((s) => /^\w+\[(?!i,)[^=]*\] = \w+\[[^()]*\] /.test(s)).length
    expect(bodies("recurrent").map(copies)).toEqual([1]) // a product cannot overwrite its own operand
    expect(bodies("sums beside a recurrence").map(copies)).toEqual([1])
    expect(bodies("a sum that is read").map(copies)).toEqual([0])
    expect(bodies("carries exchanged").map(copies)).toEqual([2])
  })
})
