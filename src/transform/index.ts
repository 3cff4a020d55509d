// grad, valueAndGrad, jvp, vjp, vmap: the public faces of the interpreters. They map the types of trees, and carry a shaped
// function's rule; they never lean on the inference of generic functions.
import type { AnyTensor } from "../core/tensor.ts"
import type { DType } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { show } from "../core/shape.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Or, TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { axesFor, vmapOf } from "./batch.ts"
import { pureOf } from "./call.ts"
import type { AllFloats, Cotangent, Listed, Tangents } from "./directions.ts"
import { jvpOf } from "./forward.ts"
import { type GradOptions, valueAndGradOf, vjpOf } from "./reverse.ts"
import type { Checked, DTypeOf, FunctionSpec, NamesIn, ShapeOf, Spec, SpecTree } from "../../typelevel/shaped.ts"
import type {
  Argnums,
  ArgsOf,
  Aux,
  AxesRule,
  AxisAt,
  BatchArgs,
  BatchedOut,
  Frozen,
  GradRule,
  InAxes,
  InsertAt,
  Mapped,
  OutRule,
  Params,
  ResultFor,
  ResultOf,
  Returned,
  Ruled,
  Source,
  Wrt,
  WrtShaped,
} from "./rules.ts"
import { namesInSpec, type Shaped, type ShapedRule, shapedOf, widened } from "./shaped.ts"

export type { Carrier } from "./call.ts"
export { type Shaped, type ShapedRule, type SpecTensors, shaped } from "./shaped.ts"
export type { GradOptions } from "./reverse.ts"
export { remat } from "./remat.ts"
export type { InAxes } from "./rules.ts"

const ruleOf = (f: unknown): Ruled["rule"] | undefined =>
  typeof f === "function" && "rule" in f ? (f as unknown as Ruled).rule : undefined
/** What a transformation gives where it was refused: a call of it says nothing more. */
type Refused = (...args: readonly unknown[]) => never
/** A gradient that was refused is still a tree like the arguments, which can be taken apart. */
type WrtRefused<F, O> = F extends Ruled ? never : Wrt<ArgsOf<F>, O>
/** A call whose arguments are checked like a shaped function's. */
type ShapedArgs<I extends readonly Spec[], A extends readonly unknown[]> =
  A extends Checked<"shaped", I, A> ? A : Checked<"shaped", I, A>

// ---- reverse -------------------------------------------------------------------------------------------------------
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
  f: Or<GradRule<"valueAndGrad", F, O>, F>,
  options?: Or<Argnums<"valueAndGrad", Params<F>, O>, O>,
): Valued<F, O> {
  return valueAndGradOf("valueAndGrad", pureOf(f as F), (options ?? {}) as GradOptions) as never
}
type Valued<F, O> = [GradRule<"valueAndGrad", F, O>, Argnums<"valueAndGrad", Params<F>, O>] extends [Shape, Shape]
  ? F extends Ruled<infer I>
    ? <const A extends readonly unknown[]>(...args: ShapedArgs<I, A>) => [ResultFor<F, A>, WrtShaped<I, A, O>]
    : (...args: ArgsOf<F>) => [ResultOf<F>, Wrt<ArgsOf<F>, O>]
  : (...args: readonly unknown[]) => [never, WrtRefused<F, O>]
/**
 * Gradient of a scalar function of trees: a tree like its first argument (or those of `argnums`).
 *
 * With `aux: true` f returns [scalar, more] and the gradient comes as [gradient, more].
 *
 * @example
 * grad((w: Tensor<[3]>) => T.sum(T.mul(w, w)))(T.ones([3]))   // [3], every element 2
 */
export function grad<F extends Source, const O extends GradOptions = {}>(
  f: Or<GradRule<"grad", F, O>, F>,
  options?: Or<Argnums<"grad", Params<F>, O>, O>,
): Gradient<F, O> {
  const given = (options ?? {}) as GradOptions
  const call = valueAndGradOf("grad", pureOf(f as F), given)
  const gradient = (...args: unknown[]): unknown => {
    const [value, g] = call(...args)
    return given.aux ? [g, (value as readonly unknown[])[1]] : g
  }
  const rule = ruleOf(f)
  return (rule ? shapedOf(rule.in, rule.out, rule.dtype, (args) => gradient(...args)) : gradient) as Gradient<F, O>
}
/** A shaped function's gradient for one tensor is shaped; a function of trees has a gradient that is a tree. */
type Gradient<F, O> = [GradRule<"grad", F, O>, Argnums<"grad", Params<F>, O>] extends [Shape, Shape]
  ? F extends Ruled<infer I>
    ? O extends { readonly aux: true }
      ? <const A extends readonly unknown[]>(...args: ShapedArgs<I, A>) => [WrtShaped<I, A, O>, Aux<ResultFor<F, A>>]
      : One<I, O> extends infer P extends Shape | TensorLike
        ? GradientOf<I, P>
        : <const A extends readonly unknown[]>(...args: ShapedArgs<I, A>) => WrtShaped<I, A, O>
    : (...args: ArgsOf<F>) => O extends { readonly aux: true } ? [Wrt<ArgsOf<F>, O>, Aux<ResultOf<F>>] : Wrt<ArgsOf<F>, O>
  : (...args: readonly unknown[]) => O extends { readonly aux: true } ? [WrtRefused<F, O>, never] : WrtRefused<F, O>
/** The one parameter asked for; unknown where a list is. */
type One<I extends readonly Spec[], O> = O extends { readonly argnums: infer N } ? (N extends number ? I[N] : unknown) : I[0]
type GradientOf<I extends readonly Spec[], P> = Shaped<I, ShapeOf<P>, DTypeOf<P> & DType>

/**
 * Result of f and its pullback: from a cotangent of the result to cotangents of the arguments (of the one argument, if there is one).
 *
 * @example
 * const [y, pull] = vjp(T.sin, T.zeros([3]))
 * const [dx] = pull(T.ones([3]))   // cos 0 = 1
 */
export function vjp<F extends Source, A extends Given<F>>(
  f: F,
  ...args: A extends CheckedArgs<F, A> ? A : CheckedArgs<F, A>
): [ResultFor<F, A>, Pullback<ResultFor<F, A>, Pulled<F, A>>] {
  const [y, back] = vjpOf(pureOf(f), args as readonly unknown[])
  return [y as ResultFor<F, A>, (ct) => back(ct) as Pulled<F, A>]
}
/** From a cotangent of the result, a tree like Y, to cotangents X of the arguments. */
export interface Pullback<Y, X> {
  <const C>(cotangent: C extends Cotangent<Y, C> ? C : Cotangent<Y, C>): X
}
type Primals<F, A extends readonly unknown[]> =
  F extends Ruled<infer I> ? Checked<"shaped", I, A> : A extends Frozen<ArgsOf<F>> ? A : Frozen<ArgsOf<F>>
/** What the arguments of a call may be. */
type Given<F> = F extends Ruled ? readonly unknown[] : ArgsOf<F>
type CheckedArgs<F, A extends readonly unknown[]> =
  F extends Ruled<infer I> ? (A extends Checked<"shaped", I, A> ? AllFloats<A> : Checked<"shaped", I, A>) : AllFloats<A>
type Pulled<F, A> = F extends Ruled ? { -readonly [K in keyof A]: A[K] } : ArgsOf<F>
/**
 * Result of f and its derivative in the direction of the tangents (trees like the arguments).
 *
 * @example
 * const [y, dy] = jvp(T.sin, [T.zeros([3])], [T.ones([3])])   // dy = cos 0 = 1
 */
export function jvp<F extends Source, const A extends readonly unknown[], const T extends readonly unknown[]>(
  f: F,
  primals: Listed<Primals<F, A>, A>,
  tangents: Listed<Tangents<NoInfer<A>, T>, T>,
): [ResultFor<F, A>, ResultFor<F, A>] {
  return jvpOf(pureOf(f), primals as readonly unknown[], tangents as unknown as readonly unknown[]) as never
}

// ---- batching ------------------------------------------------------------------------------------------------------
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
  inAxes?: Or<AxesRule<F, I>, I>,
  outAxis?: Or<OutRule<Returned<F>, X>, X>,
): Vmapped<F, I, X> {
  const axes = (inAxes ?? 0) as InAxes
  const call = vmapOf(pureOf(f), axes, (outAxis ?? 0) as number)
  const rule = ruleOf(f)
  if (!rule)
    return Object.assign(call, { batches: { of: f, inAxes: axes, outAxis: (outAxis ?? 0) as number } }) as unknown as Vmapped<
      F,
      I,
      X
    >
  const names = new Set(rule.in.flatMap(namesInSpec))
  const name = fresh.find((n) => !names.has(n)) ?? "vmap"
  const perArg = axesFor(axes, rule.in.length)
  const specs = rule.in.map((s, k): Spec => {
    const axis = perArg[k]!
    if (axis === null) return s
    for (const shape of shapesInSpec(s))
      if (!Number.isInteger(axis) || axis < -shape.length - 1 || axis > shape.length)
        refuse(
          `vmap: axis ${axis} is outside the batched argument, which has one axis more than ${show(shape)}; count axes from 0, or from the end with -1`,
        )
    return widened(s, name, axis)
  })
  return shapedOf(specs, rule.out, rule.dtype, (args) => call(...args)) as Vmapped<F, I, X>
}
/** The shapes of a parameter over names; a function has none. */
const shapesInSpec = (s: Spec): readonly Shape[] =>
  Array.isArray(s)
    ? [s as Shape]
    : "from" in s && "to" in s
      ? []
      : "dtype" in s
        ? [s.shape as Shape]
        : Object.keys(s)
            .sort()
            .flatMap((key) => shapesInSpec((s as SpecTree)[key]!))
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
      : P extends FunctionSpec
        ? P
        : { readonly [K in keyof P]: BatchedSpec<P[K], N, X> }
type BatchedSpecs<I extends readonly Spec[], Axes, N extends Dim> = {
  -readonly [K in keyof I]: BatchedSpec<I[K], N, AxisAt<Axes, K>>
}
type Vmapped<F, I, X extends number> = [AxesRule<F, I>, OutRule<Returned<F>, X>] extends [Shape, Shape]
  ? F extends { readonly rule: ShapedRule<infer P, infer Out, infer D> }
    ? BatchedSpecs<P, I, Fresh<NamesIn<P>>> extends infer B extends readonly Spec[]
      ? Shaped<B, Out extends Shape ? InsertAt<Out, Fresh<NamesIn<P>>, X> : BatchedOut<Out, Fresh<NamesIn<P>>, X>, D>
      : never
    : BatchedFunction<F, I, X>
  : Refused
/** A function of a batch: each call says of what size. */
interface BatchedFunction<F, I, X> extends Mapped<F, I, X> {
  <const A extends readonly unknown[]>(
    ...args: A extends BatchArgs<ArgsOf<F>, I, A> ? A : BatchArgs<ArgsOf<F>, I, A>
  ): ResultFor<Mapped<F, I, X>, A>
}
export type { AnyTensor, DType }
