// vmap of every op, over every subset of its tensors.
import { evaluator } from "../../src/backends/reference/index.ts"
import { same, upto } from "../../src/core/index.ts"
import { batchOf, floatsOf, vjpOf } from "../../src/testing/programs.ts"
import { type Case, close, direction, law, subset } from "./_harness.ts"

/** Row b of a batch made of one example: its values rotated by b, so that every row is as valid as the first. */
const row = (v: Float64Array, b: number): Float64Array => v.map((_, k) => v[(k + b) % v.length]!)
const stack = (rows: readonly Float64Array[]): Float64Array => Float64Array.from(rows.flatMap((r) => [...r]))
/** Every non-empty subset of up to three tensors; of more, each alone, all, and some. */
const subsets = (n: number, next: () => number): boolean[][] => {
  const ks = upto(n)
  if (n <= 3) return upto(2 ** n - 1).map((m) => ks.map((k) => (((m + 1) >> k) & 1) === 1))
  return [
    ks.map(() => true),
    ...ks.map((j) => ks.map((k) => k === j)),
    ...upto(3).map(() =>
      subset(
        ks.map(() => true),
        next,
      ),
    ),
  ]
}
const sizeOf = (c: Case): number => (c.seed % 20 === 0 ? 0 : c.seed % 10 === 5 ? 1 : 3)

law("vmap = loop, over every subset of arguments", (c) => {
  if (c.leaves.length === 0) return false
  const n = sizeOf(c)
  const value = evaluator(c.program)
  for (const on of subsets(c.leaves.length, c.next)) {
    const batched = batchOf(c.program, on, n)
    batched.outs.forEach((y, k) => {
      const t = c.program.outs[k]!
      if (!same(y.shape, [n, ...t.shape]) || y.dtype !== t.dtype)
        throw new Error(`batch ${on}: output ${k} is ${y.dtype}[${y.shape}]`)
    })
    const rows = upto(n).map((b) => c.values.map((v, k) => (on[k] ? row(v, b) : v)))
    const got = evaluator(batched)(c.values.map((v, k) => (on[k] ? stack(rows.map((r) => r[k]!)) : v)))
    const want = rows.map(value)
    got.forEach((y, k) => close(`batch ${on}, output ${k}`, y, stack(want.map((r) => r[k]!)), 1e-12))
  }
  return true
})

law(
  "grad of vmap = vmap of grad",
  (c) => {
    const outs = floatsOf(c.program.outs)
    if (!c.floats.includes(true) || !outs.includes(true)) return false
    const n = 2
    const on =
      c.seed % 2 === 0
        ? c.leaves.map(() => true)
        : subset(
            c.leaves.map(() => true),
            c.next,
          )
    const gradient = vjpOf(c.program, c.floats, outs)
    const cts = direction(
      c.program.outs.flatMap((y, k) => (outs[k] ? [{ length: n * y.shape.reduce((a, b) => a * b, 1) }] : [])),
      c.next,
    )
    const x = c.values.map((v, k) => (on[k] ? stack(upto(n).map((b) => row(v, b))) : v))
    const perExample = evaluator(batchOf(gradient, [...on, ...cts.map(() => true)], n))([...x, ...cts])
    const whole = evaluator(vjpOf(batchOf(c.program, on, n), c.floats, outs))([...x, ...cts])
    const active = c.floats.flatMap((f, k) => (f ? [k] : []))
    whole.forEach((g, j) => {
      const each = perExample[j]!
      // An argument that the batch shares collects the gradients of all examples.
      const want = on[active[j]!]
        ? each
        : Float64Array.from(g, (_, k) => upto(n).reduce((s, b) => s + each[b * g.length + k]!, 0))
      close(`gradient ${active[j]}, batched ${on}`, g, want, 1e-11)
    })
    return true
  },
  { share: 0.5 },
)
