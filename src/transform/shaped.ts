// Functions over named dimensions: the run-time half of typelevel/shaped.ts.
import { isDimension, isExpression, isLinear, namesOf, namesOfValue, order } from "../core/dims.ts"
import type { DType } from "../core/dtype.ts"
import { refuse, ShapeError } from "../core/errors.ts"
import { wrongDType } from "../core/messages.ts"
import { trace } from "../core/program.ts"
import { show } from "../core/shape.ts"
import type { Of } from "../core/signature.ts"
import { type AnyTensor, type Aval, isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { type Bindings, replaced, unbound, unify } from "../core/unify.ts"
import type {
  Agreed,
  Bound,
  Call,
  Checked,
  DimsOf,
  DTypeOf,
  FunctionSpec,
  ShapeOf,
  Sound,
  Spec,
  SpecTree,
  Told,
} from "../../typelevel/shaped.ts"
import type { Or, TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { Substitute } from "../../typelevel/unify.ts"

export type { FunctionSpec, Spec, SpecTree } from "../../typelevel/shaped.ts"

/** What is known of a function over named dimensions. */
export interface ShapedRule<I extends readonly Spec[], O extends object, D extends DType> {
  readonly in: I
  /** A shape, or where the body returns a list or record a tree of tensors. Known to the compiler; at run time it follows from the call. */
  readonly out: O
  readonly dtype: D
}
/** A function over named dimensions. A call unifies the names with the actual dimensions, argument by argument. */
export interface Shaped<I extends readonly Spec[], O extends object, D extends DType = "f32"> {
  <const A extends readonly unknown[]>(
    ...args: A extends Checked<"shaped", I, A> ? A : Checked<"shaped", I, A>
  ): Called<I, O, D, A>
  readonly rule: ShapedRule<I, O, D>
}
/** What a call with the arguments A gives. */
export type Called<I extends readonly Spec[], O, D extends DType, A extends readonly unknown[]> = O extends Shape
  ? Of<Call<I, O, A>, D>
  : Filled<O, Bound<I, A>>
/** A tree of tensors over names, with what the names are in E. What was refused is a tree still, which can be taken apart. */
type Filled<T, E> =
  T extends TensorLike<infer S, infer D> ? Of<Substitute<S, E>, D> : { -readonly [K in keyof T]: Filled<T[K], E> }
/** What the body sees of a parameter: names are constants. */
export type SpecTensor<P> = P extends Shape | TensorLike
  ? Tensor<[...ShapeOf<P>], DTypeOf<P>>
  : P extends FunctionSpec
    ? <const A extends readonly unknown[]>(
        ...args: A extends Agreed<P["from"], A> ? A : Agreed<P["from"], A>
      ) => Tensor<[...ShapeOf<P["to"]>], DTypeOf<P["to"]>>
    : { readonly [K in keyof P]: SpecTensor<P[K]> }
export type SpecTensors<I extends readonly Spec[]> = { -readonly [K in keyof I]: SpecTensor<I[K]> }

const isFunction = (s: Spec): s is FunctionSpec => !Array.isArray(s) && "from" in s && "to" in s
const isTree = (s: Spec): s is SpecTree => !Array.isArray(s) && !("dtype" in s) && !isFunction(s)
const like = (s: Shape | TensorLike): TensorLike => ("dtype" in s ? s : { shape: s, dtype: "f32" })

/** The dimensions that a spec is written with, but for sizes; or only those of tensors. */
const dimsIn = (s: Spec, functions = true): readonly string[] =>
  isFunction(s)
    ? functions
      ? [...s.from, s.to].flatMap((part) => dimsIn(part))
      : []
    : isTree(s)
      ? Object.values(s).flatMap((part) => dimsIn(part, functions))
      : like(s).shape.filter((d) => typeof d === "string")
const functionsIn = (s: Spec): readonly FunctionSpec[] =>
  isFunction(s) ? [s] : isTree(s) ? Object.values(s).flatMap(functionsIn) : []
/** The names that a spec is written with. */
export const namesInSpec = (s: Spec): readonly string[] => dimsIn(s).flatMap(namesOf)
/** The spec with one more axis in every tensor; functions stay what they are. */
export const widened = (s: Spec, name: string, axis: number): Spec => {
  if (isFunction(s)) return s
  if (isTree(s)) return Object.fromEntries(Object.entries(s).map(([k, part]) => [k, widened(part, name, axis)]))
  const { shape, dtype } = like(s)
  const at = axis < 0 ? shape.length + 1 + axis : axis
  const wide = [...shape.slice(0, at), name, ...shape.slice(at)]
  return "dtype" in s ? { shape: wide, dtype } : wide
}

const matchTensor = (op: string, s: Shape | TensorLike, x: Aval, b: Bindings): Bindings => {
  const { shape, dtype } = like(s)
  return x.dtype === dtype ? unify(op, shape, x.shape, b) : refuse(wrongDType(op, x.dtype, dtype))
}
/** Functions that wait to be asked until all that they take is known. */
type Waiting = (readonly [op: string, spec: FunctionSpec, f: unknown])[]
const takesTensors = ({ from }: FunctionSpec): boolean => !from.some((s) => isFunction(s) || isTree(s))
/** What the function gives for tensors over the names as they are bound tells names, too. */
const matchFunction = (op: string, spec: FunctionSpec, f: unknown, b: Bindings, later: Waiting): Bindings => {
  if (typeof f !== "function") refuse(`${op}: an argument is no function; give one where a function is wanted`)
  const { from, to } = spec
  if (!takesTensors(spec)) return b
  const taken = (from as readonly (Shape | TensorLike)[]).map(like).map((s) => ({
    shape: s.shape.map((d) => replaced(d, b.names)),
    dtype: s.dtype,
  }))
  if (taken.some((s) => s.shape.some((d) => typeof d === "string"))) {
    later.push([op, spec, f])
    return b
  }
  return matchTensor(op, to, given(op, f as (...xs: RawTensor[]) => AnyTensor, taken as readonly Aval[]), b)
}
const given = (op: string, f: (...xs: RawTensor[]) => AnyTensor, taken: readonly Aval[]): Aval => {
  let out: Aval | undefined
  try {
    const once = (...xs: RawTensor[]): RawTensor[] => [f(...xs)].filter(isTensor)
    out = trace(once, taken).outs[0]
  } catch (e) {
    if (!(e instanceof ShapeError)) throw e
    refuse(`${op}: the function does not take ${taken.map((s) => show(s.shape)).join(", ")}; give one that does`)
  }
  return out ?? refuse(`${op}: the function gives no tensor; give one that does`)
}
const matchSpec = (op: string, s: Spec, x: unknown, b: Bindings, later: Waiting): Bindings => {
  if (isFunction(s)) return matchFunction(op, s, x, b, later)
  if (isTree(s))
    return Object.keys(s)
      .sort(order)
      .reduce<Bindings>((known, key) => {
        if (typeof x !== "object" || x === null || !(key in x)) refuse(`${op}: the tree has no ${key}`)
        return matchSpec(`${op}: ${key}`, s[key]!, (x as Record<string, unknown>)[key], known, later)
      }, b)
  return isTensor(x) ? matchTensor(op, s, x, b) : refuse(`${op}: an argument is no tensor; give one for each shape`)
}

/** What the names stand for in this call; throws the sentence at the first argument that does not fit. */
export const bind = (op: string, specs: readonly Spec[], args: readonly unknown[]): Readonly<Record<string, number>> => {
  if (args.length !== specs.length)
    refuse(`${op}: ${args.length} arguments where ${specs.length} are wanted; give one for each parameter`)
  const later: Waiting = []
  let b = specs.reduce<Bindings>((known, s, k) => matchSpec(op, s, args[k], known, later), unbound)
  for (let before = -1; later.length !== before; ) {
    before = later.length
    for (const [at, spec, f] of later.splice(0)) b = matchFunction(at, spec, f, b, later)
  }
  return b.names as Readonly<Record<string, number>>
}
const nothingTells = (what: string): string => `shaped: nothing tells what ${what}; give it a dimension of its own`
/**
 * The names that specs tell: those that stand alone, and one that is alone in not being told yet and can be solved for. What a function
 * gives tells names once those that it takes are told.
 */
const learnt = (specs: readonly Spec[]): ReadonlySet<string> => {
  const dims = specs.flatMap((s) => dimsIn(s, false))
  const functions = specs.flatMap(functionsIn).filter(takesTensors)
  const names = new Set<string>()
  for (let before = -1; before < names.size; ) {
    before = names.size
    const given = functions.filter(({ from }) => from.flatMap((s) => dimsIn(s).flatMap(namesOf)).every((n) => names.has(n)))
    for (const d of [...dims, ...given.flatMap(({ to }) => dimsIn(to))]) {
      const [u, ...more] = namesOfValue(d).filter((n) => !names.has(n))
      if (u !== undefined && more.length === 0 && isLinear(d, u)) names.add(u)
    }
  }
  return names
}
/** Where a name stands: in an expression, perhaps as the only name that is not told. */
const placeOf = (name: string, expression: string | undefined, told: ReadonlySet<string>): string => {
  if (expression === undefined) return ", which only functions have"
  const alone = namesOfValue(expression).every((n) => n === name || told.has(n))
  return ` in ${expression}${alone && !isLinear(expression, name) ? `, which cannot be solved for ${name}` : ""}`
}
/** Throws the sentence about what a body returned that is no tensor. */
const checkResult = (v: unknown, path = ""): void => {
  if (isTensor(v)) return
  if (typeof v !== "object" || v === null)
    refuse(`shaped: the result is no tensor${path && ` at ${path}`}; return a tensor, or a list or record of tensors`)
  const entries: [string, unknown][] = Object.entries(v as object).map(([k, w]) => [path ? `${path}/${k}` : k, w])
  for (const [k, w] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) checkResult(w, k)
}
/** Throws the sentence about a dimension that cannot be read, or about a name that no call tells. */
const declare = (specs: readonly Spec[]): void => {
  const dims = specs.flatMap((s) => dimsIn(s)).sort(order)
  const unread = dims.find((d) => !isDimension(d))
  if (unread !== undefined)
    refuse(
      `shaped: ${unread || "the empty text"} is no dimension; write a size, a name, or sums, products and quotients of them: 2*n, t+1, d/h`,
    )
  const told = learnt(specs)
  const [name] = dims
    .flatMap(namesOf)
    .filter((n) => !told.has(n))
    .sort(order)
  const expression = dims.find((d) => isExpression(d) && namesOf(d).includes(name!))
  if (name !== undefined) refuse(nothingTells(`${name} is${placeOf(name, expression, told)}`))
}
/** A shaped function from its rule and an untyped body that takes the arguments and what the names stand for. */
export const shapedOf = (
  inputs: readonly Spec[],
  out: object,
  dtype: DType,
  body: (args: readonly RawTensor[], dims: Readonly<Record<string, number>>) => unknown,
): unknown =>
  Object.assign((...args: readonly AnyTensor[]) => body(args.map(raw), bind("shaped", inputs, args)), {
    rule: { in: inputs, out, dtype },
  })

/**
 * A function over named dimensions. Its body is checked once, for all sizes, as if the names were constants; it may use sizes through the
 * last argument: `(x, { n }) => T.zeros([n, 4])`. Each call unifies the names with the actual dimensions. `jit`, `grad` and `vmap` keep its rule.
 *
 * Inputs are shapes over names, numbers and expressions (f32): `"2*b"`, `"t+1"`, `Dim.multiple("d", "h")`; or `{ shape, dtype }`; a function
 * `{ from: [shapes], to: shape }`; or a record of these, a tree. Throws ShapeError where an input cannot be read, or has a name that no
 * call tells (`n` and `m` in `"n+m"` alone); and in a call, at the argument that does not fit. The body returns a tensor, or a list or
 * record of tensors, a tree. The compiler refuses a result with a name that no parameter has; when the program runs there are no names,
 * and the op that was given it refuses it as a size.
 *
 * @example
 * const scores = shaped([["t", "d"], ["s", "d"]], (q, k) => T.matmul(q, T.transpose(k)))
 * scores(T.ones([4, 8]), T.ones([6, 8]))   // [4, 6]
 */
export const shaped = <const I extends readonly Spec[], const R>(
  inputs: Or<Sound<I>, I>,
  body: (...args: [...SpecTensors<I>, dims: DimsOf<I>]) => Or<Told<I, R>, R>,
): Shaped<Written<I>, OutOf<R>, OutDType<R>> => {
  const specs = inputs as I
  declare(specs)
  return shapedOf(specs, [], "f32", (args, dims) => {
    const y = (body as unknown as (...args: unknown[]) => unknown)(...args, dims)
    checkResult(y)
    return y
  }) as Shaped<Written<I>, OutOf<R>, OutDType<R>>
}
type OutOf<R> = [R] extends [never] ? Shape : R extends TensorLike ? R["shape"] : R extends object ? Loose<R> : Shape
type OutDType<R> = [R] extends [never] ? DType : R extends TensorLike ? R["dtype"] : "f32"
/** Without the `readonly` of `const`. */
type Loose<T> = T extends TensorLike ? T : { -readonly [K in keyof T]: Loose<T[K]> }
/** The specs as they were written, for editors to show: `const` makes every list readonly. */
type Written<I extends readonly Spec[]> = { -readonly [K in keyof I]: I[K] extends Shape ? [...I[K]] : I[K] }
