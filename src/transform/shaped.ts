// Functions over named dimensions: the run-time half of typelevel/shaped.ts.
import type { DType } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { doesNotFit, wrongDType } from "../core/messages.ts"
import type { Of } from "../core/signature.ts"
import { type AnyTensor, isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import type { Call, Checked, DTypeOf, NamesIn, ShapeOf, Spec } from "../../typelevel/shaped.ts"
import type { Shape } from "../../typelevel/shape.ts"

export type { Spec } from "../../typelevel/shaped.ts"

/** What is known of a function over named dimensions. */
export interface ShapedRule<I extends readonly Spec[], O extends Shape, D extends DType> {
  readonly in: I
  /** Known to the compiler; at run time the shape follows from the call. */
  readonly out: O
  readonly dtype: D
}
/** A function over named dimensions. A call unifies the names with the actual dimensions, argument by argument. */
export interface Shaped<I extends readonly Spec[], O extends Shape, D extends DType = "f32"> {
  <const A extends readonly AnyTensor[]>(
    ...args: A extends Checked<"shaped", I, A> ? A : Checked<"shaped", I, A>
  ): Of<Call<I, O, A>, D>
  readonly rule: ShapedRule<I, O, D>
}
export type SpecTensors<I extends readonly Spec[]> = { -readonly [K in keyof I]: Tensor<ShapeOf<I[K]>, DTypeOf<I[K]>> }

const shapeOfSpec = (s: Spec): Shape => ("shape" in s ? s.shape : s)
const dtypeOfSpec = (s: Spec): DType => ("shape" in s ? s.dtype : "f32")

/** What the names stand for in this call; throws the sentence at the first argument that does not fit. */
export const bind = (op: string, specs: readonly Spec[], args: readonly unknown[]): Record<string, number> => {
  if (args.length !== specs.length)
    refuse(`${op}: ${args.length} arguments where ${specs.length} are wanted; give one tensor for each shape`)
  const bound: Record<string, number> = {}
  specs.forEach((spec, k) => {
    const x = args[k]
    if (!isTensor(x)) return refuse(`${op}: argument ${k} is no tensor; give one tensor for each shape`)
    const wanted = shapeOfSpec(spec)
    const dtype = dtypeOfSpec(spec)
    if (x.dtype !== dtype) refuse(wrongDType(op, x.dtype, dtype))
    const earlier = new Set(Object.keys(bound))
    wanted.forEach((d, j) => {
      const n = x.shape[j]
      if (n === undefined) return refuse(doesNotFit(op, x.shape, wanted, "the rank is too small"))
      if (typeof d === "number") {
        if (d !== n) refuse(doesNotFit(op, x.shape, wanted, `${n} is not ${d}`))
        return
      }
      const known = bound[d]
      if (known === undefined) bound[d] = n
      else if (known !== n)
        refuse(
          doesNotFit(
            op,
            x.shape,
            wanted,
            `${d} is ${known} ${earlier.has(d) ? "in an earlier argument" : "on an earlier axis"} and ${n} here`,
          ),
        )
    })
    if (x.shape.length > wanted.length) refuse(doesNotFit(op, x.shape, wanted, "the rank is too large"))
  })
  return bound
}
/** A shaped function from its rule and an untyped body that takes the arguments and what the names stand for. */
export const shapedOf = (
  inputs: readonly Spec[],
  out: Shape,
  dtype: DType,
  body: (args: readonly RawTensor[], dims: Record<string, number>) => unknown,
): unknown =>
  Object.assign((...args: readonly AnyTensor[]) => body(args.map(raw), bind("shaped", inputs, args)), {
    rule: { in: inputs, out, dtype },
  })

/**
 * A function over named dimensions. Its body is checked once, for all sizes, as if the names were constants; it may use sizes through the
 * last argument: `(x, { n }) => T.zeros([n, 4])`. Each call unifies the names with the actual dimensions. `jit`, `grad` and `vmap` keep its rule.
 *
 * Inputs are shapes over names and numbers (f32), or `{ shape, dtype }`. Throws ShapeError at the argument that does not fit.
 *
 * @example
 * const scores = shaped([["t", "d"], ["s", "d"]], (q, k) => T.matmul(q, T.transpose(k)))
 * scores(T.ones([4, 8]), T.ones([6, 8]))   // [4, 6]
 */
export const shaped = <const I extends readonly Spec[], O extends Shape, D extends DType>(
  inputs: I,
  body: (...args: [...SpecTensors<I>, dims: { readonly [N in NamesIn<I>]: N }]) => Tensor<O, D>,
): Shaped<I, O, D> =>
  shapedOf(inputs, [], "f32", (args, dims) => (body as unknown as (...args: unknown[]) => unknown)(...args, dims)) as Shaped<
    I,
    O,
    D
  >
