// Broadcasting: shapes are aligned at their last axes; a dimension of 1 (or a missing one) is repeated.
// A name equals itself or 1, an expression any way of writing it; an unknown dimension passes.
import type { Dim } from "./dim.ts"
import type { DType, Misfit } from "./dtype.ts"
import type { dtypesDiffer, noBroadcast, numberMisfit, twoNumbers } from "./messages.ts"
import type { TensorLike } from "./rule.ts"
import type { Shape } from "./shape.ts"
import type { Alike } from "./symbolic.ts"

/** The common dimension, or `never`. */
export type JoinDim<X, Y> =
  X extends 1 ? Y : Y extends 1 ? X : X extends Y ? X : Y extends X ? Y
    : number extends X ? Y : number extends Y ? X : string extends X ? Y : string extends Y ? X
    : Alike<X & Dim, Y & Dim> extends true ? X : never

/** The common shape of A and B, or the pair of dimensions that clash. */
type Walk<A extends Shape, B extends Shape, Acc extends Shape> =
  A extends readonly [...infer P extends Shape, infer X extends Dim]
    ? B extends readonly [...infer Q extends Shape, infer Y extends Dim]
      ? JoinDim<X, Y> extends infer Z extends Dim ? ([Z] extends [never] ? { clash: [X, Y] } : Walk<P, Q, [Z, ...Acc]>) : never
      : B extends readonly [] ? [...A, ...Acc] : Shape
    : A extends readonly [] ? (number extends B["length"] ? Shape : [...B, ...Acc]) : Shape

/** The common shape of A and B, or the sentence. */
export type Broadcast<Op extends string, A extends Shape, B extends Shape> =
  [A, B] extends [B, A] ? A
    : Walk<A, B, []> extends infer R
      ? R extends { clash: [infer X extends Dim, infer Y extends Dim] } ? noBroadcast<Op, A, B, X, Y> : R
      : never

// ---- operands: tensors or plain numbers ----------------------------------------------------------------------------

/** The shape of an element-wise op of two operands, or the sentence. A number takes the other operand's dtype and must fit it. */
export type Binary<Op extends string, A, B> =
  A extends TensorLike
    ? B extends TensorLike
      ? [A["dtype"] & B["dtype"]] extends [never]
        ? dtypesDiffer<Op, A["dtype"], B["dtype"]>
        : Broadcast<Op, A["shape"], B["shape"]>
      : B extends number ? WithNumber<Op, A, B> : never
    : B extends TensorLike ? WithNumber<Op, B, A & number> : twoNumbers<Op>
type WithNumber<Op extends string, A extends TensorLike, V extends number> =
  Misfit<V, A["dtype"]> extends true ? numberMisfit<Op, V, A["dtype"]> : A["shape"]

/** The dtype that two operands share. */
export type BinaryDType<A, B> =
  A extends TensorLike ? (B extends TensorLike ? A["dtype"] & B["dtype"] & DType : A["dtype"])
    : B extends TensorLike ? B["dtype"] : never
