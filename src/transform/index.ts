// grad, valueAndGrad, jvp, vjp, vmap: the public faces of the interpreters. They map the types of trees, and carry a shaped
// function's rule; they never lean on the inference of generic functions.
import type { AnyTensor, Tensor } from "../core/tensor.ts"
import type { DType, FloatDType } from "../core/dtype.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Shape, Show } from "../../typelevel/shape.ts"
import { type InAxes, vmapOf } from "./batch.ts"
import { type Carrier, pureOf } from "./call.ts"
import { jvpOf } from "./forward.ts"
import { type GradOptions, valueAndGradOf, vjpOf } from "./reverse.ts"
import type { Differentiable, DTypeOf, NamesIn, ShapeOf, Spec } from "../../typelevel/shaped.ts"
import { type Shaped, type ShapedRule, shapedOf } from "./shaped.ts"

export type { Carrier } from "./call.ts"
export { type Shaped, type ShapedRule, type SpecTensors, shaped } from "./shaped.ts"
export type { GradOptions } from "./reverse.ts"
export type { InAxes } from "./batch.ts"

type Fn = (...args: never[]) => unknown
type Source = Fn | Carrier
/** The function that a jitted function wraps, or the function itself. */
type Pure<F> = F extends { readonly pure: infer P } ? P : F
type ArgsOf<F> = Pure<F> extends (...args: infer A) => unknown ? A : never
type ResultOf<F> = Pure<F> extends (...args: never[]) => infer R ? R : never

/** Any shaped function, as far as its rule goes. */
interface Ruled {
  readonly rule: ShapedRule<readonly Spec[], Shape, DType>
}
const ruleOf = (f: unknown): Ruled["rule"] | undefined =>
  typeof f === "function" && "rule" in f ? (f as unknown as Ruled).rule : undefined

// ---- reverse -------------------------------------------------------------------------------------------------------
type Loss<R, O> = O extends { readonly aux: true } ? (R extends readonly [infer L, ...unknown[]] ? L : R) : R
/** The sentence where the result is no scalar. */
type ScalarRule<Op extends string, F, O> =
  Loss<ResultOf<F>, O> extends infer L
    ? [L] extends [never]
      ? []
      : L extends Tensor<infer S, infer D>
        ? number extends S["length"]
          ? []
          : S extends readonly []
            ? [D & FloatDType] extends [never]
              ? `${Op}: the function returns ${D}, which has no derivative; return a floating-point scalar`
              : []
            : `${Op}: the function must return a scalar (shape []), it returns ${Show<S>}; use vjp, or sum it`
        : `${Op}: the function must return a scalar tensor (shape []); with further results, return [scalar, more] and say { aux: true }`
    : never
/** The sentence where the argument asked for is an integer or bool; leaves of trees are asked when the call runs. */
type Integral<Op extends string, A, N> =
  A extends Tensor<infer _, infer D>
    ? [D & FloatDType] extends [never]
      ? `${Op}: argument ${N & number} is ${D}; only floating-point tensors have gradients; pass it as another argument`
      : never
    : never
type Wrong<Op extends string, A extends readonly unknown[], O> = O extends { readonly argnums: infer N }
  ? N extends number
    ? Integral<Op, A[N], N>
    : never
  : Integral<Op, A[0], 0>
type PlainRule<Op extends string, F, O> = [Wrong<Op, ArgsOf<F>, O>] extends [never]
  ? ScalarRule<Op, F, O>
  : Wrong<Op, ArgsOf<F>, O>
type Scalar<Op extends string, F, O> = (
  F extends { readonly rule: ShapedRule<infer I, infer Out, DType> }
    ? Differentiable<Op, I[0], Out>
    : PlainRule<Op, F, O>
) extends infer R
  ? R extends string
    ? R
    : F
  : never
/** The tree or trees that a gradient has. */
type Wrt<A extends readonly unknown[], O> = O extends { readonly argnums: infer N }
  ? N extends number
    ? A[N]
    : N extends readonly number[]
      ? { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never }
      : never
  : A[0]

/**
 * Value and gradient of a scalar function of trees, in one program.
 *
 * `valueAndGrad(f)(x, ...) = [f(x, ...), tree of df/dx]`; with `aux: true` f returns [scalar, more], and so does the first result.
 * Throws ShapeError: a result that is not a floating-point scalar, leaves without derivative among those asked for.
 *
 * @example
 * const [loss, g] = valueAndGrad((w: Tensor<[3]>) => T.sum(T.mul(w, w)))(T.ones([3]))   // g: [3], every element 2
 */
export function valueAndGrad<F extends Source, const O extends GradOptions = {}>(
  f: Scalar<"valueAndGrad", F, O>,
  options?: O,
): (...args: ArgsOf<F>) => [ResultOf<F>, Wrt<ArgsOf<F>, O>] {
  return valueAndGradOf("valueAndGrad", pureOf(f as F), options ?? {}) as never
}
/**
 * Gradient of a scalar function of trees: a tree like its first argument (or those of `argnums`).
 *
 * With `aux: true` f returns [scalar, more] and the gradient comes as [gradient, more].
 *
 * @example
 * grad((w: Tensor<[3]>) => T.sum(T.mul(w, w)))(T.ones([3]))   // [3], every element 2
 */
export function grad<F extends Source, const O extends GradOptions = {}>(f: Scalar<"grad", F, O>, options?: O): Gradient<F, O> {
  const call = valueAndGradOf("grad", pureOf(f as F), options ?? {})
  const gradient = (...args: unknown[]): unknown => {
    const [value, g] = call(...args)
    return options?.aux ? [g, (value as readonly unknown[])[1]] : g
  }
  const rule = ruleOf(f)
  return (rule ? shapedOf(rule.in, rule.out, rule.dtype, (args) => gradient(...args)) : gradient) as Gradient<F, O>
}
/** A shaped function's gradient is shaped; a function of trees has a gradient that is a tree. */
type Gradient<F, O> = F extends { readonly rule: ShapedRule<infer I, Shape, DType> }
  ? Shaped<I, ShapeOf<I[0]>, DTypeOf<I[0]>>
  : (...args: ArgsOf<F>) => O extends { readonly aux: true } ? [Wrt<ArgsOf<F>, O>, Aux<ResultOf<F>>] : Wrt<ArgsOf<F>, O>
type Aux<R> = R extends readonly [unknown, infer A, ...unknown[]] ? A : never

/**
 * Result of f and its pullback: from a cotangent of the result to cotangents of the arguments (of the one argument, if there is one).
 *
 * @example
 * const [y, pull] = vjp(T.sin, T.zeros([3]))
 * const [dx] = pull(T.ones([3]))   // cos 0 = 1
 */
export function vjp<F extends Source>(f: F, ...args: ArgsOf<F>): [ResultOf<F>, (cotangent: ResultOf<F>) => ArgsOf<F>] {
  const [y, back] = vjpOf(pureOf(f), args)
  return [y as ResultOf<F>, (ct) => back(ct) as ArgsOf<F>]
}
/**
 * Result of f and its derivative in the direction of the tangents (trees like the arguments).
 *
 * @example
 * const [y, dy] = jvp(T.sin, [T.zeros([3])], [T.ones([3])])   // dy = cos 0 = 1
 */
export function jvp<F extends Source>(f: F, primals: ArgsOf<F>, tangents: NoInfer<ArgsOf<F>>): [ResultOf<F>, ResultOf<F>] {
  return jvpOf(pureOf(f), primals, tangents) as [ResultOf<F>, ResultOf<F>]
}

// ---- batching ------------------------------------------------------------------------------------------------------
/** Every tensor of a tree with one more axis of N at position X. */
type Batched<T, N extends Dim, X> =
  T extends Tensor<infer S, infer D>
    ? Tensor<InsertAt<S, N, X>, D>
    : T extends object
      ? { -readonly [K in keyof T]: Batched<T[K], N, X> }
      : T
type InsertAt<S extends Shape, N extends Dim, X, Seen extends Shape = []> = number extends S["length"]
  ? readonly number[]
  : X extends Seen["length"]
    ? [...Seen, N, ...S]
    : X extends -1
      ? [...Seen, ...S, N]
      : S extends readonly [infer H extends Dim, ...infer R extends Shape]
        ? InsertAt<R, N, X, [...Seen, H]>
        : readonly number[]
type AxisAt<I, K> = I extends readonly unknown[] ? (K extends keyof I ? I[K] : 0) : I
type BatchedArgs<A extends readonly unknown[], I, N extends Dim> = {
  -readonly [K in keyof A]: AxisAt<I, K> extends null ? A[K] : Batched<A[K], N, AxisAt<I, K>>
}
/**
 * A function of one example as a function of a batch. `inAxes`: where each argument has the batch axis (null: shared by all), one for all
 * arguments or a list; `outAxis`: where results get it.
 *
 * Throws ShapeError: batch sizes that differ, arguments without such an axis.
 *
 * @example
 * const dots = vmap((a: Tensor<[3]>, b: Tensor<[3]>) => T.sum(T.mul(a, b)), [0, null])
 * dots(T.ones([5, 3]), T.ones([3]))   // [5], every element 3
 */
export function vmap<F extends Source, const I extends InAxes = 0, const X extends number = 0>(
  f: F,
  inAxes?: I,
  outAxis?: X,
): Vmapped<F, I, X> {
  const axes = inAxes ?? 0
  const call = vmapOf(pureOf(f), axes, outAxis ?? 0)
  const rule = ruleOf(f)
  if (!rule) return call as Vmapped<F, I, X>
  const names = new Set(rule.in.flatMap((s) => ("shape" in s ? s.shape : s)))
  const name = fresh.find((n) => !names.has(n)) ?? "vmap"
  const specs = rule.in.map((s, k): Spec => {
    const axis = Array.isArray(axes) ? (axes as readonly (number | null)[])[k]! : (axes as number | null)
    const shape = "shape" in s ? s.shape : s
    if (axis === null || axis === undefined) return s
    const at = axis < 0 ? shape.length + 1 + axis : axis
    const wide = [...shape.slice(0, at), name, ...shape.slice(at)]
    return "shape" in s ? { shape: wide, dtype: s.dtype } : wide
  })
  return shapedOf(specs, rule.out, rule.dtype, (args) => call(...args)) as Vmapped<F, I, X>
}
/** Names for batch axes; nested vmaps take the next. */
const fresh = ["vmap", "vmap2", "vmap3", "vmap4"] as const
type Fresh<Names> = "vmap" extends Names
  ? "vmap2" extends Names
    ? "vmap3" extends Names
      ? "vmap4"
      : "vmap3"
    : "vmap2"
  : "vmap"
type BatchedSpec<P, N extends Dim, X> = X extends null
  ? P
  : P extends { readonly shape: infer S extends Shape; readonly dtype: infer D extends DType }
    ? { readonly shape: InsertAt<S, N, X>; readonly dtype: D }
    : P extends Shape
      ? InsertAt<P, N, X>
      : never
type BatchedSpecs<I extends readonly Spec[], Axes, N extends Dim> = {
  -readonly [K in keyof I]: BatchedSpec<I[K], N, AxisAt<Axes, K>>
}
type Vmapped<F, I, X> = F extends { readonly rule: ShapedRule<infer P, infer Out, infer D> }
  ? BatchedSpecs<P, I, Fresh<NamesIn<P>>> extends infer B extends readonly Spec[]
    ? Shaped<B, InsertAt<Out, Fresh<NamesIn<P>>, X>, D>
    : never
  : <N extends Dim>(...args: BatchedArgs<ArgsOf<F>, I, N>) => Batched<ResultOf<F>, N, X>
export type { AnyTensor, DType }
