// Generators of arguments that many ops share.
import type { Args, DType, Gen, RawTensor, Values } from "../core/index.ts"

type Draw = (g: Gen) => Args
/** One tensor; by default of floats. */
export const one =
  (values: Values = {}, dtypes: readonly DType[] = ["f32"]): Draw =>
  (g) => [g.tensor(g.shape(0, 3), g.pick(dtypes), values)]
/** Two tensors that broadcast; the second may have a range of its own. */
export const two =
  (left: Values = {}, right: Values = left, dtypes: readonly DType[] = ["f32"]): Draw =>
  (g) => {
    const [s, t] = g.broadcasting(2) as [number[], number[]]
    const dtype = g.pick(dtypes)
    return [g.tensor(s, dtype, left), g.tensor(t, dtype, right)]
  }
/** A tensor and a number, on either side. */
export const withNumber =
  (v: number, values: Values = {}, dtype: DType = "f32"): Draw =>
  (g) => {
    const x = g.tensor(g.shape(0, 3), dtype, values)
    return g.bool() ? [x, v] : [v, x]
  }
/** Any of several generators. */
export const oneOf =
  (...draws: readonly Draw[]): Draw =>
  (g) =>
    g.pick(draws)(g)

/** Indices into n elements; some draws have some outside. */
export const someIndices = (g: Gen, n: number): RawTensor => {
  const dtype = g.pick(["i32", "u32"])
  const beyond = g.int(0, 3) === 0 ? 2 : 0
  return g.tensor(g.shape(0, 2), dtype, { lo: dtype === "i32" ? -beyond : 0, hi: n - 1 + beyond })
}

/** One tensor of a dtype that is refused. */
export const ofDType = (...dtypes: readonly DType[]): readonly Draw[] => dtypes.map((d) => (g) => [g.tensor(g.shape(0, 3), d)])
/** What ops of one floating-point argument refuse. */
export const notFloats: readonly Draw[] = ofDType("i32", "u32", "bool")
/** What every op of two operands refuses: shapes, dtypes, two numbers, a number that the dtype does not hold. */
export const misfits: readonly Draw[] = [
  (g) => {
    const n = g.int(2, 5)
    return [g.tensor([2, n]), g.tensor([3, n + 1])]
  },
  (g) => [g.tensor([2, g.int(2, 5)]), g.tensor([7, 1])],
  (g) => [g.tensor([3]), g.tensor([3], "i32")],
  (g) => [g.tensor([], "u32"), g.tensor([2], "f32")],
  () => [1, 2],
  (g) => [g.tensor([2], "i32"), 0.5],
  (g) => [-1, g.tensor([2], "u32")],
  (g) => [g.tensor([2], "i32"), g.pick([2147483648, -2147483649])],
  (g) => [4294967296, g.tensor([2, g.int(1, 3)], "u32")],
]
/** The same two operands in a dtype that is refused. */
export const pairOf = (...dtypes: readonly DType[]): readonly Draw[] =>
  dtypes.map((d) => (g) => [g.tensor([2, g.int(1, 3)], d), g.tensor([], d)])
