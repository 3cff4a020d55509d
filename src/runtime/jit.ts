// Programs as effects: jit compiles a pure function whole, run turns expressions into values, read brings values to the host.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Eventually } from "../backends/backend.ts"
import type { DeviceLost, DeviceUnavailable, Donated, OutOfMemory, UnsupportedOnDevice } from "../backends/errors.ts"
import type { DType, HostArrays } from "../core/dtype.ts"
import type { ShapeError } from "../core/errors.ts"
import { type AnyTensor, raw, type Tensor } from "../core/tensor.ts"
import { type AnyFunction, pureOf } from "../transform/call.ts"
import type { Called, Shaped, ShapedRule } from "../transform/shaped.ts"
import type { Checked, Spec } from "../../typelevel/shaped.ts"
import { itemOn, jitCall, type JitOptions, readOn, readTreeOn, runOn } from "./call.ts"
import { Device } from "./device.ts"
import type { OpenDevice } from "./open.ts"
import { Owner } from "./store.ts"

export type RunError = ShapeError | DeviceUnavailable | DeviceLost | OutOfMemory | UnsupportedOnDevice | Donated

// ---- owners: one per scope and device ------------------------------------------------------------------------------
const owners = new WeakMap<Scope.Scope, Map<OpenDevice, Owner>>()
const tags = new Set(["ShapeError", "DeviceUnavailable", "DeviceLost", "OutOfMemory", "UnsupportedOnDevice", "Donated"])
const isRunError = (e: unknown): e is RunError => e instanceof Error && "_tag" in e && tags.has(String(e._tag))
/** Plain code as an effect: typed errors fail, anything else is a defect. Not interruptible: an array in flight has no owner. */
export const attempt = <A>(f: () => Eventually<A>): Effect.Effect<A, RunError> => Effect.suspend(() => attempted(f))
const attempted = <A>(f: () => Eventually<A>): Effect.Effect<A, RunError> => {
  const wrong = (e: unknown): Effect.Effect<never, RunError> => (isRunError(e) ? Effect.fail(e) : Effect.die(e))
  try {
    const r = f()
    if (!(r instanceof Promise)) return Effect.succeed(r)
    return Effect.uninterruptible(Effect.catch(Effect.tryPromise({ try: () => r, catch: (e) => ({ e }) }), ({ e }) => wrong(e)))
  } catch (e) {
    return wrong(e)
  }
}
/** The same for code whose values belong to the scope. One effect and no generator: this is the cost of every call of a program. */
const owned = <A>(f: (device: OpenDevice, owner: Owner) => Eventually<A>): Effect.Effect<A, RunError, Device | Scope.Scope> =>
  Effect.withFiber((fiber) => {
    const context = fiber.context as Context.Context<Device | Scope.Scope>
    const device = Context.get(context, Device)
    const scope = Context.get(context, Scope.Scope)
    let byDevice = owners.get(scope)
    if (!byDevice) owners.set(scope, (byDevice = new Map()))
    const known = byDevice.get(device)
    if (known) return attempted(() => f(device, known))
    const owner = new Owner(device)
    byDevice.set(device, owner)
    return Effect.andThen(
      Scope.addFinalizer(
        scope,
        Effect.sync(() => owner.close()),
      ),
      attempt(() => f(device, owner)),
    )
  })

// ---- jit -----------------------------------------------------------------------------------------------------------
/** Values for a tree of tensors: an f32 scalar may be given as a number. */
export type Given<T> = T extends AnyTensor
  ? T["shape"] extends readonly []
    ? "f32" extends T["dtype"]
      ? T | number
      : T
    : T
  : T extends object
    ? { readonly [K in keyof T]: Given<T[K]> }
    : T
export type GivenArgs<A extends readonly unknown[]> = { readonly [K in keyof A]: Given<A[K]> }

/** A compiled function: its call is an effect whose results belong to the scope. */
export interface Jitted<A extends readonly unknown[], R> {
  (...args: GivenArgs<A>): Effect.Effect<R, RunError, Device | Scope.Scope>
  /** The function that was compiled; transformations use it. */
  readonly pure: (...args: A) => R
}
/**
 * Compiles a pure function of trees of tensors as one program per structure, shapes and dtypes of its arguments; cached.
 *
 * Numbers among the arguments are f32 scalars: another number is no other program. What is neither tensor nor number is part of the
 * program: text and bools by content, functions and other objects by identity. Tensors that f captures are uploaded once, when it is
 * traced: what changes from call to call is an argument. An argument that is still an expression is computed first, and freed.
 *
 * Errors: those of building the program (ShapeError), of the device, and Donated.
 *
 * @example
 * const step = jit((w: Tensor<[3]>, lr: Tensor<[]>) => T.sub(w, T.mul(w, lr)), { donate: [0] })
 * const next = yield* step(w, 0.1)
 */
export const jit = <F extends AnyFunction>(f: F, options: JitOptions = {}): JittedOf<F> => {
  const call = jitCall(f, options)
  const effectful = (...args: readonly unknown[]): Effect.Effect<unknown, RunError, Device | Scope.Scope> =>
    owned((device, owner) => call(device, owner, args))
  const rule = "rule" in f ? { rule: f.rule } : {}
  return Object.assign(effectful, { pure: pureOf(f), ...rule }) as unknown as JittedOf<F>
}
/** A shaped function keeps its rule: calls are checked argument by argument. */
export interface JittedShaped<I extends readonly Spec[], O extends object, D extends DType> {
  <const A extends readonly unknown[]>(
    ...args: A extends Checked<"shaped", I, A> ? A : Checked<"shaped", I, A>
  ): Effect.Effect<Called<I, O, D, A>, RunError, Device | Scope.Scope>
  readonly pure: Shaped<I, O, D>
  readonly rule: ShapedRule<I, O, D>
}
export type JittedOf<F> = F extends { readonly rule: ShapedRule<infer I, infer O, infer D> }
  ? JittedShaped<I, O, D>
  : F extends (...args: infer A) => infer R
    ? Jitted<A, R>
    : never

// ---- values --------------------------------------------------------------------------------------------------------
const onDevice = <A>(f: (device: OpenDevice) => Eventually<A>): Effect.Effect<A, RunError, Device> =>
  Effect.withFiber((fiber) => attempted(() => f(Context.get(fiber.context as Context.Context<Device>, Device))))

/**
 * The tensors of a tree as values on the device, owned by the scope: one program computes all expressions,
 * host arrays are uploaded.
 *
 * @example
 * const { x, y } = yield* run({ x: T.fromArray(pixels), y: T.sub(a, b) })
 */
export const run = <T>(tree: T): Effect.Effect<T, RunError, Device | Scope.Scope> =>
  owned((device, owner) => runOn(device, owner, tree))
/**
 * The elements of a tensor, row-major, as a host array of its dtype. Runs it first if it is an expression.
 *
 * `into`: an array of that class and length to be filled and returned, instead of a new one: in a loop, large results cost a fifth.
 *
 * @example
 * const pixels = yield* read(image, frame) // frame: Float32Array
 */
export const read = <S extends readonly (number | string)[], D extends DType>(
  t: Tensor<S, D>,
  into?: HostArrays[D],
): Effect.Effect<HostArrays[D], RunError, Device> =>
  onDevice((device) => readOn(device, raw(t), into) as Eventually<HostArrays[D]>)
/** The one element of a tensor as a number (bool: 0 or 1). Fails with a ShapeError where there are more, or none. */
export const item = (t: AnyTensor): Effect.Effect<number, RunError, Device> => onDevice((device) => itemOn(device, raw(t)))
/** A tree with host values for its tensors: they need no device and no scope. */
export const readTree = <T>(tree: T): Effect.Effect<T, RunError, Device> => onDevice((device) => readTreeOn(device, tree))
