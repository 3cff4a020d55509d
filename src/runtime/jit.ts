// Programs as effects: jit compiles a pure function whole, run turns expressions into values, read brings values to the host.
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Eventually } from "../backends/backend.ts"
import {
  type DeviceLost,
  type DeviceUnavailable,
  Donated,
  type OutOfMemory,
  type UnsupportedOnDevice,
} from "../backends/errors.ts"
import type { DType, HostArrays } from "../core/dtype.ts"
import { refuse, ShapeError } from "../core/errors.ts"
import { hostLeaf, storageOf } from "../core/leaf.ts"
import { type AnyTensor, isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { flatten, specKey, unflatten } from "../core/tree.ts"
import type { Of } from "../core/signature.ts"
import { type AnyFunction, pureOf, traceTree } from "../transform/call.ts"
import type { Shaped, ShapedRule } from "../transform/shaped.ts"
import type { Call, Checked, Spec } from "../../typelevel/shaped.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { Device, type OpenDevice } from "./device.ts"
import { allOf, andThen, download, evaluate, execute, type Prepared, prepare } from "./execute.ts"
import { Lru } from "./lru.ts"
import { Owner } from "./store.ts"

export type RunError = ShapeError | DeviceUnavailable | DeviceLost | OutOfMemory | UnsupportedOnDevice | Donated

// ---- owners: one per scope and device ------------------------------------------------------------------------------
const owners = new WeakMap<Scope.Scope, Map<OpenDevice, Owner>>()
const ownerOf = Effect.fnUntraced(function* (device: OpenDevice) {
  const scope = yield* Effect.scope
  let byDevice = owners.get(scope)
  if (!byDevice) owners.set(scope, (byDevice = new Map()))
  const known = byDevice.get(device)
  if (known) return known
  const owner = new Owner(device)
  byDevice.set(device, owner)
  yield* Scope.addFinalizer(
    scope,
    Effect.sync(() => owner.close()),
  )
  return owner
})
const tags = new Set(["ShapeError", "DeviceUnavailable", "DeviceLost", "OutOfMemory", "UnsupportedOnDevice", "Donated"])
const isRunError = (e: unknown): e is RunError => e instanceof Error && "_tag" in e && tags.has(String(e._tag))
/** Plain code as an effect: typed errors fail, anything else is a defect. Not interruptible: an array in flight has no owner. */
const attempt = <A>(f: () => Eventually<A>): Effect.Effect<A, RunError> =>
  Effect.suspend(() => {
    const wrong = (e: unknown): Effect.Effect<never, RunError> => (isRunError(e) ? Effect.fail(e) : Effect.die(e))
    try {
      const r = f()
      if (!(r instanceof Promise)) return Effect.succeed(r)
      return Effect.uninterruptible(Effect.catch(Effect.tryPromise({ try: () => r, catch: (e) => ({ e }) }), ({ e }) => wrong(e)))
    } catch (e) {
      return wrong(e)
    }
  })

// ---- jit -----------------------------------------------------------------------------------------------------------
export interface JitOptions {
  /** Arguments whose arrays the program may overwrite: they are gone after the call, and using them again is the error Donated. */
  readonly donate?: readonly number[]
}
/** Values for a tree of tensors: a scalar may be given as a number. */
export type Given<T> = T extends AnyTensor
  ? T["shape"] extends readonly []
    ? T | number
    : T
  : T extends object
    ? { readonly [K in keyof T]: Given<T[K]> }
    : T
export type GivenArgs<A extends readonly unknown[]> = { readonly [K in keyof A]: Given<A[K]> }

/** Numbers become scalar inputs, not constants: a changing learning rate does not recompile. */
const asLeaves = (v: unknown): unknown => {
  if (typeof v === "number") return hostLeaf(Float32Array.of(v), [])
  if (Array.isArray(v)) return v.map(asLeaves)
  if (isTensor(v) || typeof v !== "object" || v === null) return v
  const proto = Object.getPrototypeOf(v)
  return proto === Object.prototype || proto === null
    ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, asLeaves(w)]))
    : v
}
interface Entry {
  readonly prepared: Prepared
  readonly result: ReturnType<typeof traceTree>["result"]
}
/** Untyped core of jit: looks up by structure, shapes and dtypes of the arguments (no tracing), then by the program's structure. */
export const jitCall = (
  f: AnyFunction,
  options: JitOptions = {},
): ((device: OpenDevice, owner: Owner, args: readonly unknown[]) => Eventually<unknown>) => {
  const entries = new WeakMap<OpenDevice, Lru<Entry>>()
  const pure = pureOf(f)
  return (device, owner, given) => {
    let cache = entries.get(device)
    if (!cache) entries.set(device, (cache = new Lru<Entry>(64, () => {})))
    const args = given.map(asLeaves)
    for (const d of options.donate ?? [])
      if (d < 0 || d >= args.length) refuse(`jit: donate names argument ${d} of a call with ${args.length}; count from 0`)
    const { leaves, spec } = flatten(args)
    const donated = args.flatMap((a, k) => flatten(a).leaves.map(() => options.donate?.includes(k) ?? false))
    const key = `${specKey(spec)}|${leaves.map((t) => `${t.dtype}[${t.shape}]`).join()}`
    return andThen(evaluate(device, owner, leaves), (values) => {
      const run = (e: Entry): Eventually<unknown> =>
        andThen(execute(device, owner, e.prepared, values, donated), (outs) => unflatten(e.result, outs))
      const known = cache.get(key)
      if (known && !known.prepared.compiled.disposed) return run(known)
      const { program, result } = traceTree(pure, spec, leaves)
      return andThen(prepare(device, program, donated), (prepared) => {
        const entry = { prepared, result }
        cache.set(key, entry)
        return run(entry)
      })
    })
  }
}
/** A compiled function: its call is an effect whose results belong to the scope. */
export interface Jitted<A extends readonly unknown[], R> {
  (...args: GivenArgs<A>): Effect.Effect<R, RunError, Device | Scope.Scope>
  /** The function that was compiled; transformations use it. */
  readonly pure: (...args: A) => R
}
/**
 * Compiles a pure function of trees of tensors as one program per structure, shapes and dtypes of its arguments; cached.
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
    Effect.gen(function* () {
      const device = yield* Device
      const owner = yield* ownerOf(device)
      return yield* attempt(() => call(device, owner, args))
    })
  const rule = "rule" in f ? { rule: f.rule } : {}
  return Object.assign(effectful, { pure: pureOf(f), ...rule }) as unknown as JittedOf<F>
}
/** A shaped function keeps its rule: calls are checked argument by argument. */
export interface JittedShaped<I extends readonly Spec[], O extends Shape, D extends DType> {
  <const A extends readonly AnyTensor[]>(
    ...args: A extends Checked<"shaped", I, A> ? A : Checked<"shaped", I, A>
  ): Effect.Effect<Of<Call<I, O, A>, D>, RunError, Device | Scope.Scope>
  readonly pure: Shaped<I, O, D>
  readonly rule: ShapedRule<I, O, D>
}
export type JittedOf<F> = F extends { readonly rule: ShapedRule<infer I, infer O, infer D> }
  ? JittedShaped<I, O, D>
  : F extends (...args: infer A) => infer R
    ? Jitted<A, R>
    : never

// ---- values --------------------------------------------------------------------------------------------------------
/** Turns the expressions of a tree into values, by one program. Values belong to the scope. */
export const run = <T>(tree: T): Effect.Effect<T, RunError, Device | Scope.Scope> =>
  Effect.gen(function* () {
    const device = yield* Device
    const owner = yield* ownerOf(device)
    const { leaves, spec } = flatten(tree)
    return unflatten(spec, yield* attempt(() => evaluate(device, owner, leaves))) as T
  })
/** The elements of a tensor, row-major, as a host array of its dtype. Runs it first if it is an expression. */
export const read = <S extends readonly (number | string)[], D extends DType>(
  t: Tensor<S, D>,
): Effect.Effect<HostArrays[D], RunError, Device> =>
  Effect.gen(function* () {
    const device = yield* Device
    return (yield* attempt(() => readOn(device, raw(t)))) as HostArrays[D]
  })
/** `read` without a scope: what was computed for it is freed at once. */
export const readOn = (device: OpenDevice, t: RawTensor): Eventually<unknown> => {
  if (storageOf(t)) return download(t)
  const owner = new Owner(device)
  return andThen(evaluate(device, owner, [t]), ([v]) =>
    andThen(download(v!), (values) => {
      owner.close()
      return values
    }),
  )
}
/** The one element of a tensor as a number (bool: 0 or 1). */
export const item = (t: AnyTensor): Effect.Effect<number, RunError, Device> =>
  Effect.suspend(() =>
    raw(t).shape.some((n) => n !== 1)
      ? Effect.fail(new ShapeError(`item: ${t} has more than one element or none; read it, or reduce it first`))
      : Effect.map(read(t as Tensor<[], DType>), (v) => v[0] as number),
  )
/** A tree of values as host values: they need no device and no scope. */
export const readTree = <T>(tree: T): Effect.Effect<T, RunError, Device> =>
  Effect.gen(function* () {
    const device = yield* Device
    const { leaves, spec } = flatten(tree)
    const arrays = yield* attempt(() => allOf(leaves.map((t) => readOn(device, t))))
    return unflatten(
      spec,
      leaves.map((t, k) => hostLeaf(arrays[k] as HostArrays[DType], t.shape, t.dtype)),
    ) as T
  })
