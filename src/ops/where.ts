import type { Broadcast } from "../../typelevel/broadcast.ts"
import type { Shape } from "../../typelevel/shape.ts"
import {
  type Calls,
  dense,
  type DType,
  isTensor,
  make,
  mapOp,
  type OpDef,
  type RawTensor,
  refuse,
  type Tensor,
  tensorIn,
} from "../core/index.ts"
import { dtypesDiffer } from "../core/messages.ts"
import type { Binary, BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { where as scalar } from "../scalar/where.ts"
import { constantOf, isFull } from "./_constant.ts"
import { type BoolOnly, needsBool } from "./_dtypes.ts"
import { jointShape, operands, widen, scalarLike } from "./_operands.ts"
import { mul } from "./mul.ts"
import { zeros } from "./zeros.ts"

/** The branches: as for any op of two operands, but two numbers are f32. */
type Branches<A, B> = [A] extends [never]
  ? never
  : [B] extends [never]
    ? never
    : [A, B] extends [number, number]
      ? []
      : Binary<"where", A, B>
type BranchesDType<A, B> = [A, B] extends [number, number] ? "f32" : BinaryDType<A, B>
export type WhereRule<C extends Shape, D extends DType, A, B> =
  BoolOnly<"where", C, D> extends infer M extends string
    ? M
    : Branches<A, B> extends infer R
      ? R extends Shape
        ? Broadcast<"where", C, R>
        : R
      : never
/** What is wrong with the condition stands at the condition, everything else at the last argument. */
type Condition<C extends Shape, D extends DType> = BoolOnly<"where", C, D>
type Rest<C extends Shape, D extends DType, A, B> = Condition<C, D> extends string ? B : WhereRule<C, D, A, B>

/** Linear in both branches together. */
export const op: OpDef<null> = mapOp(scalar, {
  accepts: ([c, a, b]) => {
    if (c!.dtype !== "bool") refuse(needsBool("where", c!.dtype))
    if (a!.dtype !== b!.dtype) refuse(dtypesDiffer("where", a!.dtype, b!.dtype))
  },
  jvp: ({ ins: [c, a, b], tans: [, da, db] }) => (da || db ? where(c!, dense(da, a!), dense(db, b!)) : null),
  transpose: ({ ct, ins: [c], lin }) => {
    const zero = zeros(ct.shape, ct.dtype)
    return [null, lin[1] ? where(c!, ct, zero) : null, lin[2] ? where(c!, zero, ct) : null]
  },
  rewrite: (c, a, b) => {
    const on = constantOf(c!)
    if (on !== undefined) return on ? a! : b!
    const v = constantOf(a!)
    return a === b || (v !== undefined && Object.is(v, constantOf(b!))) ? a! : undefined
  },
  // by * where(c, a, 0) = where(c, by * a, 0): what is masked stays masked even where `by` is infinite.
  absorbScale: ({ ins: [c, a, b] }, by) =>
    isFull(b!, 0) ? where(c!, mul(a!, by), b!) : isFull(a!, 0) ? where(c!, a!, mul(b!, by)) : undefined,
  spelling: { onnx: "Where", stablehlo: "select" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [s, t, u] = g.broadcasting(3) as [number[], number[], number[]]
    const dtype = g.pick(["f32", "f32", "i32"])
    return [g.tensor(s, "bool"), g.bool() ? g.tensor(t, dtype) : 1, g.tensor(u, dtype)]
  },
  refused: [
    (g) => [g.tensor([3]), g.tensor([3]), g.tensor([g.pick([1, 3])])],
    (g) => [g.tensor([3], "bool"), g.tensor([3]), g.tensor([3], "i32")],
    (g) => [g.tensor([3], "bool"), g.tensor([3]), g.tensor([g.int(4, 9)])],
    (g) => [g.tensor([g.int(4, 9)], "bool"), g.tensor([3]), g.tensor([])],
    (g) => [g.tensor([3], "bool"), 0.5, g.tensor([3], "i32")],
  ],
})

/**
 * a where the condition holds, b elsewhere: [...s] bool, [...t] and [...u] to their common shape.
 *
 * Shapes broadcast; a and b have one dtype; a number takes the dtype of the other branch (f32 if both are numbers). Both
 * branches are computed. A derivative passes through the chosen branch alone, even where the other one is infinite or NaN.
 * Refuses a condition that is not bool, shapes that do not broadcast, and branches of different dtypes. NumPy `where`.
 * @example where(greater(zeros([2, 3]), 0), 1, 2) // [2, 3], every element 2
 */
export function where<C extends Shape, D extends DType, A extends Operand, B extends Operand>(
  condition: Or<Condition<C, D>, Tensor<C, D>>,
  a: A,
  b: Or<Rest<C, D, A, B>, B>,
): Of<WhereRule<C, D, A, B>, BranchesDType<A, B>> {
  const c = tensorIn("where", condition, "condition")
  if (c.dtype !== "bool") refuse(needsBool("where", c.dtype))
  const numbers = !isTensor(a) && !isTensor(b)
  const [x, y]: readonly [RawTensor, RawTensor] = numbers
    ? [scalarLike("where", a as number, "f32"), scalarLike("where", b as unknown as number, "f32")]
    : operands("where", a, b)
  const branches = jointShape("where", x.shape, y.shape)
  const shape = jointShape("where", c.shape, branches)
  return make(op, [widen(c, shape), widen(x, shape), widen(y, shape)], null) as Of<WhereRule<C, D, A, B>, BranchesDType<A, B>> &
    RawTensor
}
