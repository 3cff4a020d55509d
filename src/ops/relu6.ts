import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, floatsOnly, type OpDef, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { notFloats } from "./_examples.ts"
import { greater } from "./greater.ts"
import { less } from "./less.ts"
import { logicalAnd } from "./logicalAnd.ts"
import { maximum } from "./maximum.ts"
import { minimum } from "./minimum.ts"
import { where } from "./where.ts"
import { zeros } from "./zeros.ts"

export type Relu6Rule<S extends Shape, D extends DType> = FloatOnly<"relu6", S, D>

/** dy = dx where 0 < y < 6, else 0. */
export const op: OpDef<null> = defineOp<null>({
  name: "relu6",
  shape: ([x]) => {
    floatsOnly("relu6")([x!])
    return { shape: x!.shape, dtype: x!.dtype }
  },
  expand: ([x]) => minimum(maximum(x!, 0), 6),
  jvp: ({ tans: [t], out: y }) => where(logicalAnd(greater(y, 0), less(y, 6)), t!, zeros(y.shape, y.dtype)),
})
export const calls = (): Calls => ({
  examples: (g) => [g.tensor(g.shape(0, 3), "f32", g.pick([{}, { lo: -2, hi: 5.9 }, { lo: 6.1, hi: 9 }]))],
  refused: notFloats,
})

/**
 * min(max(x, 0), 6), element-wise: [...s] to [...s].
 *
 * NaN stays NaN. The derivative at 0 and at 6 is 0.
 * Floating-point dtypes; refuses others: `relu6: needs a floating-point tensor, got i32; cast it first`.
 * Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10.
 * @example relu6(full([2], 8)) // [2], every element 6
 */
export function relu6<S extends Shape, D extends DType>(x: Or<Relu6Rule<S, D>, Tensor<S, D>>): Of<Relu6Rule<S, D>, D> {
  return emit(op, [x], null)
}
