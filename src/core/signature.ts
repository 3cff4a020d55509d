// What public signatures are made of, besides the rules of typelevel/. Types only.
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

export type { Binary, BinaryDType } from "../../typelevel/broadcast.ts"
export type { FloatOnly, Or } from "../../typelevel/rule.ts"

/** The result of an op whose rule is R: a tensor of that shape, or `never` where R is a sentence (which then stands at the argument). */
export type Of<R, D extends DType = "f32"> = R extends Shape ? Tensor<R, D> : never
/** An operand of an element-wise op: a number takes the other operand's dtype. */
export type Operand = AnyTensor | number
