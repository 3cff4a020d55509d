import { type Calls, type Gen, type OpDef, type RawTensor, raw, size, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Flatten } from "../../typelevel/reshape.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Dot, dot, dotOp, type Multiplied, multiplied } from "./_dot.ts"
import { reshape } from "./reshape.ts"

/** The numbers of elements of both, or the sentence. */
export type OuterRule<A extends Shape, D extends DType, B extends Shape, E extends DType> =
  Multiplied<"outer", D, E> extends infer M extends string ? M : [...Flatten<A, 0>, ...Flatten<B, 0>]

export const op: OpDef<Dot> = dotOp("outer", {})
export const calls = (): Calls => ({
  examples: (g: Gen) => {
    const dtype = g.pick(["f32", "f32", "f32", "i32"])
    const s = g.shape(0, 3)
    const at = g.int(0, s.length)
    return [g.tensor(s.slice(0, at), dtype), g.tensor(s.slice(at), dtype)]
  },
  refused: [
    (g) => [g.tensor([2]), g.tensor([g.int(2, 3)], g.pick(["i32", "f64"]))],
    (g) => [g.tensor([g.int(1, 3)], "bool"), g.tensor([2], "bool")],
  ],
})

/**
 * All products of an element of a and one of b: `y[i, j] = a[i] b[j]`. Other shapes than vectors are flattened.
 *
 * `[...s]` and `[...t]` to [elements of s, elements of t]. Two tensors of one dtype, of numbers. NumPy `outer`.
 * @example outer(ones([2]), ones([3, 4])) // [2, 12]
 */
export function outer<A extends Shape, D extends DType, B extends Shape, E extends DType>(
  a: Tensor<A, D>,
  b: Or<OuterRule<A, D, B, E>, Tensor<B, E>>,
): Of<OuterRule<A, D, B, E>, D & E> {
  const [x, y] = [tensorIn("outer", a, "a"), tensorIn("outer", b, "b")]
  multiplied("outer", x, y)
  const [u, v] = [x, y].map((t) => raw(reshape(t, [size(t.shape)]))) as [RawTensor, RawTensor]
  return dot(op, u, v, { batch: [[], []], contract: [[], []] }) as Of<OuterRule<A, D, B, E>, D & E>
}
