// Small ops of each kind, made for the tests of the reference backend: they use no op of the library.
import { type Axis, axis, call, dyn, guard, type Ix, inside, ix, num, plus, reduce } from "../../../src/core/ir/index.ts"
import {
  type Aval,
  defineOp,
  hostLeaf,
  type LoopSpec,
  make,
  makeAll,
  type OpDef,
  type Program,
  type RawTensor,
  raw,
  trace,
} from "../../../src/core/index.ts"
import { add as addS } from "../../../src/scalar/add.ts"
import { exp as expS } from "../../../src/scalar/exp.ts"
import { mul as mulS } from "../../../src/scalar/mul.ts"
import type { Scalar } from "../../../src/core/ir/index.ts"

const rules = { jvp: "none", batch: () => [] } as const
const map = (name: string, f: Scalar): OpDef<null> =>
  defineOp<null>({
    ...rules,
    name,
    shape: (ins) => ({ shape: ins[0]!.shape, dtype: ins[0]!.dtype }),
    body: (x, { i }) =>
      call(
        f,
        x.map((at) => at(i)),
      ),
  })
const addOp = map("add", addS)
const mulOp = map("mul", mulS)
const expOp = map("exp", expS)
export const add = (a: RawTensor, b: RawTensor): RawTensor => make(addOp, [a, b], null)
export const mul = (a: RawTensor, b: RawTensor): RawTensor => make(mulOp, [a, b], null)
export const exp = (a: RawTensor): RawTensor => make(expOp, [a], null)

const rowSum = defineOp<null>({
  ...rules,
  name: "rowSum",
  shape: ([x]) => ({ shape: x!.shape.slice(0, -1), dtype: x!.dtype }),
  body: ([x], { i, ins }) => reduce("add", [ins[0]!.shape.at(-1)!], (r) => x!([...i, ...r])),
})
/** [.., n] -> [..]. */
export const sumRows = (x: RawTensor): RawTensor => make(rowSum, [x], null)

const runningOp = defineOp<null>({
  ...rules,
  name: "running",
  shape: ([x]) => x!,
  body: ([x], { i, ins }) => reduce("add", [ins[0]!.shape[0]!], ([j]) => x!([j!]), i[0]),
})
/** y[i] = sum of x[j], j <= i. */
export const running = (x: RawTensor): RawTensor => make(runningOp, [x], null)

const padOp = defineOp<{ n: number }>({
  ...rules,
  name: "padBy",
  shape: ([x], { n }) => ({ shape: [x!.shape[0]! + 2 * n], dtype: x!.dtype }),
  body: ([x], { i, ins, attrs: { n } }) => guard([inside(plus(i[0]!, -n), ins[0]!.shape[0]!)], x!([plus(i[0]!, -n)]), -5),
})
export const padBy = (x: RawTensor, n: number): RawTensor => make(padOp, [x], { n })

const scatterOp = defineOp<{ n: number }>({
  ...rules,
  name: "scatter",
  shape: ([, u], { n }) => ({ shape: [n], dtype: u!.dtype }),
  store: ([j, u], { ins, attrs: { n } }) => {
    const a: Axis = axis(ins[1]!.shape[0]!)
    return { init: num(0, ins[1]!.dtype), axes: [a], at: [dyn(j!([ix(a)]), n)], value: u!([ix(a)]), accumulate: "add" }
  },
})
/** out[j[k]] += u[k]. */
export const scatter = (j: RawTensor, u: RawTensor, n: number): RawTensor => make(scatterOp, [j, u], { n })

const outsideOp = defineOp<null>({
  ...rules,
  name: "outside",
  shape: ([x]) => x!,
  body: ([x], { i }) => x!(i.map((e: Ix) => plus(e, 1))),
})
/** Reads one element too far. */
export const outside = (x: RawTensor): RawTensor => make(outsideOp, [x], null)

const wrongOp = defineOp<null>({
  name: "wrong",
  shape: ([x]) => ({ shape: [...x!.shape, 1], dtype: x!.dtype }),
  expand: ([x]) => mul(raw(x!), raw(x!)),
})
/** A composite whose shape rule and expansion disagree. */
export const wrong = (x: RawTensor): RawTensor => make(wrongOp, [x], null)
const cubeOp = defineOp<null>({ name: "cube", shape: ([x]) => x!, expand: ([x]) => mul(mul(x!, x!), x!) })
export const cube = (x: RawTensor): RawTensor => make(cubeOp, [x], null)

const loopOp: OpDef<LoopSpec> = defineOp<LoopSpec>({
  ...rules,
  name: "loop",
  shape: (_, { body, carries, length }): Aval[] =>
    body.outs.map((t, k) => ({ dtype: t.dtype, shape: k < carries ? t.shape : [length, ...t.shape] })),
  loop: (a) => a,
})
/** c, ys = loop: (c, y_t) = f(c, x_t). */
export const loop = (
  f: (c: RawTensor, x: RawTensor) => [RawTensor, RawTensor],
  c: RawTensor,
  xs: RawTensor,
  reverse: boolean,
): readonly RawTensor[] => {
  const body: Program = trace((a, b) => f(a, b), [c, { shape: xs.shape.slice(1), dtype: xs.dtype }])
  return makeAll(loopOp, [c, xs], { body, length: xs.shape[0]!, consts: 0, carries: 1, reverse })
}
export const f64 = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor =>
  hostLeaf(Float64Array.from(v), shape, "f64")
export const i32 = (v: readonly number[]): RawTensor => hostLeaf(Int32Array.from(v), [v.length], "i32")
export const u32 = (v: readonly number[]): RawTensor => hostLeaf(Uint32Array.from(v), [v.length], "u32")
