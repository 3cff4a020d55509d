// Programs of several ops: laws hold for compositions as they do for ops. Written on untyped tensors; the types have tests of their own.
import { type Calls, defineOp, type Gen, type OpDef, type RawTensor, upto } from "../../src/core/index.ts"
import { catalog } from "../../src/ops/catalog.ts"
import { normal } from "../../src/random/normal.ts"
import { uniform } from "../../src/random/uniform.ts"

type T = RawTensor
type Op = (...args: readonly unknown[]) => T
const T = Object.fromEntries(
  Object.entries(catalog).map(([name, m]) => [name, (m as Record<string, unknown>)[name]]),
) as unknown as Record<Exclude<keyof typeof catalog, "scan" | "customJvp">, Op> & {
  readonly scan: (...args: readonly unknown[]) => readonly [T, T]
  readonly customJvp: (f: unknown, rule: unknown) => Op
}
interface Composed extends Calls {
  readonly name: string
  readonly op: OpDef<unknown>
  readonly f: (...args: readonly unknown[]) => unknown
}
const program = (name: string, examples: (g: Gen) => readonly unknown[], f: (...x: T[]) => unknown): Composed => ({
  name,
  op: defineOp<unknown>({ name, shape: ([x]) => x!, expand: ([x]) => x! }),
  examples,
  f: f as Composed["f"],
})
const cell = (h: T, x: T, w: T, u: T): T => T.tanh(T.add(T.matmul(x, w), T.matmul(h, u)))

export const programs: readonly Composed[] = [
  program(
    "attention",
    (g) => {
      const [b, t, s, d, e] = upto(5).map(() => g.int(1, 3)) as [number, number, number, number, number]
      return [g.tensor([b, t, d]), g.tensor([b, s, d]), g.tensor([b, s, e])]
    },
    (q, k, v) => T.matmul(T.softmax(T.mul(T.matmul(q!, T.transpose(k, [0, 2, 1])), 0.7)), v),
  ),
  program(
    "convolution to cross-entropy",
    (g) => [
      g.tensor([2, 5, 4, 2]),
      g.tensor([3, 3, 2, 3]),
      g.tensor([3]),
      g.tensor([18, 4]),
      g.tensor([2], "i32", { lo: 0, hi: 3 }),
    ],
    (x, k, b, w, label) => {
      const y = T.gelu(T.add(T.conv2d(x, k, { stride: 1, padding: 0 }), b))
      const logits = T.matmul(T.reshape(y, [2, 18]), w)
      const hot = T.cast(T.equal(T.reshape(label, [2, 1]), T.iota([2, 4], 1, "i32")), "f32")
      return T.neg(T.mean(T.sum(T.mul(T.logSoftmax(logits), hot), -1)))
    },
  ),
  program(
    "strided dilated grouped convolution",
    (g) => [g.tensor([1, 7, 6, 4]), g.tensor([2, 3, 2, 4])],
    (x, k) => T.tanh(T.conv2d(x, k, { stride: 2, dilation: 2, padding: 1, groups: 2 })),
  ),
  program(
    "layer norm",
    (g) => [g.tensor([g.int(1, 3), g.int(2, 5)], "f32", { lo: -2, hi: 2 }), g.tensor([]), g.tensor([])],
    (x, scale, shift) => {
      const centred = T.sub(x, T.mean(x, -1, { keepDims: true }))
      const spread = T.add(T.mean(T.square(centred), -1, { keepDims: true }), 0.1)
      return T.add(T.mul(T.mul(centred, T.rsqrt(spread)), scale), shift)
    },
  ),
  program(
    "recurrent network",
    (g) => [g.tensor([3, 4]), g.tensor([4, 4]), g.tensor([2, 4]), g.tensor([g.int(1, 4), 2, 3])],
    (w, u, h0, xs) => {
      const [h, ys] = T.scan((h: T, x: T) => [cell(h, x, w!, u!), T.square(h)], h0, xs)
      return [T.sum(h), ys]
    },
  ),
  program(
    "loop in a loop",
    (g) => [g.tensor([2]), g.tensor([3, 2, 2])],
    (w, xs) => {
      const inner = (c: T, row: T): readonly [T, T] =>
        T.scan((a: T, x: T) => [T.tanh(T.add(T.mul(a, w), x)), T.mul(a, w)], c, row)
      const outer = (c: T, row: T): readonly [T, T] => {
        const [d, y] = inner(c, row)
        return [T.mul(d, w), T.sum(T.square(y), 0)]
      }
      const [c, ys] = T.scan(outer, T.full([2], 0.5), xs, { reverse: true })
      return T.add(T.sum(c), T.sum(ys))
    },
  ),
  program(
    "embedding and its sparse gradient",
    (g) => [g.tensor([5, 2]), g.tensor([2, 3], "i32", { lo: 0, hi: 4 }), g.tensor([2])],
    (table, ids, w) => T.tanh(T.matmul(T.take(table, ids), w)),
  ),
  program(
    "a reshape that is no view inside a product",
    (g) => [g.tensor([6, 4]), g.tensor([3, 2])],
    (a, b) => T.matmul(T.reshape(a, [8, 3]), b),
  ),
  program(
    "a custom derivative",
    (g) => [g.tensor([g.int(1, 4)]), g.tensor([])],
    (x, s) => {
      // the same function as tanh(s x), its derivative written by hand
      const f = T.customJvp(
        (v: T, c: T) => T.tanh(T.mul(v, c)),
        ({ ins: [v, c], tans: [dv, dc], out: y }: { ins: [T, T]; tans: [T, T]; out: T }) =>
          T.mul(T.sub(1, T.square(y)), T.add(T.mul(dv, c), T.mul(v, dc))),
      )
      return f(x, T.broadcastTo(s, x!.shape))
    },
  ),
  program(
    "random numbers from a key",
    (g) => [g.tensor([2], "u32", { lo: 0, hi: 4294967295 }), g.tensor([g.int(1, 3)])],
    (key, scale) => [uniform(key as never, [2, 3]), T.mul(normal(key as never, scale!.shape as never), scale)],
  ),
  program(
    "one value in many places",
    (g) => {
      const s = g.shape(1, 2, 1)
      return [g.tensor(s), g.tensor(s)]
    },
    (a, b) => {
      const e = T.exp(T.mul(a, b))
      return [T.add(e, T.sum(e)), T.mul(e, T.max(b, 0, { keepDims: true })), T.cumsum(e, 0), e]
    },
  ),
  program(
    "padding around padding",
    (g) => [g.tensor([g.int(1, 4), g.int(1, 3)])],
    (x) => {
      const inner = T.pad(
        T.tanh(x),
        [
          [1, 0],
          [0, 2],
        ],
        1,
      ) // prettier-ignore
      const [h, w] = inner.shape as [number, number]
      return [
        T.pad(
          inner,
          [
            [0, 1],
            [2, 1],
          ],
          0.5,
        ),
        T.maxPool2d(T.reshape(inner, [h, w, 1]), 2, { padding: 1 }),
      ] // prettier-ignore
    },
  ),
  program(
    "rows and columns of a square",
    (g) => {
      const n = g.int(2, 4)
      return [g.tensor([n, n]), g.tensor([n, n])]
    },
    (a, b) => {
      const e = T.exp(T.mul(a, b))
      const total = T.sum(e, 0)
      // may not take over the memory of `b`, which is read once more when it is there
      const step = T.sub(b, T.mul(a, 0.1))
      // the first may take over the memory of `a`, of which it also reads other rows
      return [
        T.sub(a, T.transpose(a)),
        T.add(e, T.transpose(e)),
        T.sub(total, T.sum(e, 1)),
        T.div(e, total),
        step,
        T.sum(T.mul(step, b)),
      ]
    },
  ),
  program(
    "rows looked up by a position that was computed",
    (g) => {
      const [n, m] = [g.int(2, 4), g.int(2, 4)]
      return [g.tensor([n, m]), g.tensor([m, 3])]
    },
    (x, table) => T.mul(T.take(table, T.argmax(x, 1)), T.max(x, 1, { keepDims: true })),
  ),
  program(
    "a scatter in each step of a loop",
    (g) => [g.tensor([3, 2], "i32", { lo: 0, hi: 3 }), g.tensor([3, 2, 2]), g.tensor([4, 2])],
    (ids, rows, table) => {
      const step = (c: T, [i, u]: [T, T]): readonly [T, T] => [
        T.scatterAdd(c, i, u),
        T.scatterAdd(T.zeros([4, 2]), i, T.mul(u, u)),
      ]
      return T.scan(step, table, [ids, rows])
    },
  ),
  program(
    "two convolutions of one image",
    (g) => [g.tensor([1, 6, 5, 2]), g.tensor([3, 3, 2, 2]), g.tensor([5, 2, 2, 2])],
    (x, k, l) => T.add(T.conv2d(x, k, { padding: "same" }), T.conv2d(x, l, { padding: "same" })),
  ),
]
