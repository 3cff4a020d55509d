import { type Calls, type Gen, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import { type Common, type Dot, dot, dotOp, type Multiplied, multiplied, type Places, type Product } from "./_dot.ts"

/** The shapes without their last axes, or the sentence; a scalar multiplies. */
export type InnerRule<A extends Shape, D extends DType, B extends Shape, E extends DType> =
  Multiplied<"inner", D, E> extends infer M extends string
    ? M
    : A extends readonly []
      ? B
      : B extends readonly []
        ? A
        : Rankless<A> extends true
          ? Shape
          : Rankless<B> extends true
            ? Shape
            : LastOf<A, B, Places<"inner", A, [-1]>, Places<"inner", B, [-1]>>
type LastOf<A extends Shape, B extends Shape, P, Q> = [P, Q] extends [
  infer K extends readonly number[],
  infer M extends readonly number[],
]
  ? Common<"inner", A, B, K, M> extends infer N extends string
    ? N
    : Product<A, B, [], K, M>
  : never

export const op: OpDef<Dot> = dotOp("inner", {})
export const calls = (): Calls => ({
  examples: (g: Gen) => {
    const dtype = g.pick(["f32", "f32", "f32", "i32"])
    const s = g.shape(1, 4)
    const [n, at] = [s.at(-1)!, g.int(0, s.length - 1)]
    const [a, b] = [g.tensor([...s.slice(0, at), n], dtype), g.tensor([...s.slice(at, -1), n], dtype)]
    return g.int(0, 4) === 0
      ? g.pick([
          [g.tensor([], dtype), b],
          [a, g.tensor([], dtype)],
        ])
      : [a, b]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([3, g.int(4, 9)])],
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9)])],
    (g) => [g.tensor([2, 3]), g.tensor([2, 3], g.pick(["i32", "f64"]))],
    (g) => [g.tensor([g.int(1, 3)], "bool"), g.tensor([], "bool")],
  ],
})

/**
 * Products summed over the last axes of both: `y[.., ..] = sum over k of a[.., k] b[.., k]`. A scalar multiplies the other tensor.
 *
 * `[...s, n]` and `[...t, n]` to `[...s, ...t]`. Two tensors of one dtype, of numbers. Refuses last axes that differ. NumPy `inner`.
 * @example inner(ones([2, 3]), ones([5, 4, 3])) // [2, 5, 4]
 */
export function inner<A extends Shape, D extends DType, B extends Shape, E extends DType>(
  a: Tensor<A, D>,
  b: Or<InnerRule<A, D, B, E>, Tensor<B, E>>,
): Of<InnerRule<A, D, B, E>, D & E> {
  const [x, y] = [tensorIn("inner", a, "a"), tensorIn("inner", b, "b")]
  multiplied("inner", x, y)
  const scalar = x.shape.length === 0 || y.shape.length === 0
  const contract: Dot["contract"] = scalar ? [[], []] : [[x.shape.length - 1], [y.shape.length - 1]]
  return dot(op, x, y, { batch: [[], []], contract }) as Of<InnerRule<A, D, B, E>, D & E>
}
