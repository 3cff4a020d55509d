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
import { refuse, type ShapeError } from "../core/errors.ts"
import { hostLeaf, storageOf } from "../core/leaf.ts"
import { type AnyTensor, type Aval, isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { flatten, leavesOf, specKey, type TreeSpec, unflatten } from "../core/tree.ts"
import { type AnyFunction, pureOf, traceTree } from "../transform/call.ts"
import type { Called, Shaped, ShapedRule } from "../transform/shaped.ts"
import type { Checked, Spec } from "../../typelevel/shaped.ts"
import { Device, type OpenDevice } from "./device.ts"
import { allOf, andThen, guarded } from "./eventually.ts"
import { download, evaluate, execute, place, type Prepared, prepare, toHost } from "./execute.ts"
import { Lru } from "./lru.ts"
import { briefly, Owner } from "./store.ts"

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
export const attempt = <A>(f: () => Eventually<A>): Effect.Effect<A, RunError> =>
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
  /** Arguments whose arrays the program may overwrite: they are gone afterwards, and using them is the error Donated. */
  readonly donate?: readonly number[]
}
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
/** What may stand for a leaf of the trees that an entry was made for. */
const leafLike =
  (avals: readonly Aval[]) =>
  (v: unknown, at: number): RawTensor | undefined => {
    const { shape, dtype } = avals[at]!
    if (typeof v === "number") return dtype === "f32" && shape.length === 0 ? hostLeaf(Float32Array.of(v), []) : undefined
    if (!isTensor(v) || v.dtype !== dtype) return undefined
    if (v.shape !== shape) {
      if (v.shape.length !== shape.length) return undefined
      for (let d = 0; d < shape.length; d++) if (v.shape[d] !== shape[d]) return undefined
    }
    return storageOf(v) ? v : undefined
  }
interface Entry {
  readonly device: OpenDevice
  /** Arguments of this kind are known to be those of the entry without looking it up. */
  readonly spec: TreeSpec
  readonly leaf: ReturnType<typeof leafLike>
  readonly donated: readonly boolean[]
  readonly prepared: Prepared
  readonly result: ReturnType<typeof traceTree>["result"]
  /** Owns the device copies of what the function captured: uploaded once, freed with the entry. */
  readonly constants: Owner
}
const ENTRIES = 64 // programs kept per compiled function and device
const checkDonate = (donate: readonly number[], count: number): void => {
  for (const d of donate)
    if (!Number.isInteger(d) || d < 0 || d >= count)
      refuse(`jit: donate names argument ${d} of a call with ${count}; arguments are counted from 0`)
}
/** Untyped core of jit: looks up by structure, shapes and dtypes of the arguments (no tracing), then by the program. */
export const jitCall = (
  f: AnyFunction,
  { donate = [] }: JitOptions = {},
): ((device: OpenDevice, owner: Owner, args: readonly unknown[]) => Eventually<unknown>) => {
  const caches = new WeakMap<OpenDevice, Lru<Entry>>()
  /** The entry of the call before: a loop finds its program by one walk over its arguments. */
  let last: Entry | undefined
  const cacheOf = (device: OpenDevice): Lru<Entry> => {
    const known = caches.get(device)
    if (known) return known
    const made = new Lru<Entry>(ENTRIES, (e) => {
      if (last === e) last = undefined
      e.constants.close()
    })
    caches.set(device, made)
    return made
  }
  const pure = pureOf(f)
  const made = (device: OpenDevice, spec: TreeSpec, leaves: readonly RawTensor[], donated: boolean[]): Eventually<Entry> => {
    const { program, result } = traceTree(pure, spec, leaves)
    const constants = new Owner(device)
    return andThen(prepare(device, program, donated), (prepared) =>
      guarded(
        () =>
          andThen(place(device, constants, prepared.leaves), (captured) => ({
            device,
            spec,
            leaf: leafLike(leaves.map(({ shape, dtype }) => ({ shape, dtype }))),
            donated,
            prepared: { ...prepared, leaves: captured },
            result,
            constants,
          })),
        () => constants.close(),
      ),
    )
  }
  const run = (e: Entry, owner: Owner, values: readonly RawTensor[]): Eventually<unknown> =>
    andThen(execute(e.device, owner, e.prepared, values, e.donated), (outs) => unflatten(e.result, outs))
  return (device, owner, given) => {
    if (last?.device === device && !last.prepared.compiled.disposed) {
      const values = leavesOf(last.spec, given, last.leaf)
      if (values) return run(last, owner, values)
    }
    checkDonate(donate, given.length)
    const cache = cacheOf(device)
    const args = given.map(asLeaves)
    const { leaves, spec } = flatten(args)
    const donated = args.flatMap((a, k) => flatten(a).leaves.map(() => donate.includes(k)))
    const key = `${specKey(spec)}|${leaves.map((t) => `${t.dtype}[${t.shape}]`).join()}`
    const call = (values: readonly RawTensor[]): Eventually<unknown> => {
      const known = cache.get(key)
      if (known && !known.prepared.compiled.disposed) {
        last = known
        return run(known, owner, values)
      }
      return andThen(made(device, spec, leaves, donated), (entry) => {
        cache.set(key, entry)
        last = entry
        return run(entry, owner, values)
      })
    }
    if (leaves.every((t) => storageOf(t))) return call(leaves)
    // expressions: computed first, freed with the call
    return briefly(device, (passing) => andThen(evaluate(device, passing, leaves), call))
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
    Effect.gen(function* () {
      const device = yield* Device
      const owner = yield* ownerOf(device)
      return yield* attempt(() => call(device, owner, args))
    })
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
/** `run` for an owner: one program for all expressions, and every value on the device. */
export const runOn = <T>(device: OpenDevice, owner: Owner, tree: T): Eventually<T> => {
  const { leaves, spec } = flatten(tree)
  return andThen(evaluate(device, owner, leaves), (values) =>
    andThen(place(device, owner, values), (here) => unflatten(spec, here) as T),
  )
}
/** `read` without a scope: what was computed for it is freed at once. */
export const readOn = (device: OpenDevice, t: RawTensor): Eventually<HostArrays[DType]> =>
  storageOf(t) ? download(t) : briefly(device, (owner) => andThen(evaluate(device, owner, [t]), ([v]) => download(v!)))
/** `readTree` likewise. */
export const readTreeOn = <T>(device: OpenDevice, tree: T): Eventually<T> => {
  const { leaves, spec } = flatten(tree)
  return briefly(device, (owner) =>
    andThen(evaluate(device, owner, leaves), (values) =>
      andThen(allOf(values.map(toHost)), (hosts) => unflatten(spec, hosts) as T),
    ),
  )
}
/** `item` likewise. */
export const itemOn = (device: OpenDevice, t: RawTensor): Eventually<number> => {
  if (t.shape.some((n) => n !== 1)) refuse(`item: ${t} has more than one element or none; read it, or reduce it first`)
  return andThen(readOn(device, t), (v) => v[0] as number)
}
const onDevice = <A>(f: (device: OpenDevice) => Eventually<A>): Effect.Effect<A, RunError, Device> =>
  Effect.flatMap(Device, (device) => attempt(() => f(device)))

/**
 * The tensors of a tree as values on the device, owned by the scope: one program computes all expressions,
 * host arrays are uploaded.
 *
 * @example
 * const { x, y } = yield* run({ x: T.fromArray(pixels), y: T.sub(a, b) })
 */
export const run = <T>(tree: T): Effect.Effect<T, RunError, Device | Scope.Scope> =>
  Effect.gen(function* () {
    const device = yield* Device
    const owner = yield* ownerOf(device)
    return yield* attempt(() => runOn(device, owner, tree))
  })
/** The elements of a tensor, row-major, as a host array of its dtype. Runs it first if it is an expression. */
export const read = <S extends readonly (number | string)[], D extends DType>(
  t: Tensor<S, D>,
): Effect.Effect<HostArrays[D], RunError, Device> => onDevice((device) => readOn(device, raw(t)) as Eventually<HostArrays[D]>)
/** The one element of a tensor as a number (bool: 0 or 1). Fails with a ShapeError where there are more, or none. */
export const item = (t: AnyTensor): Effect.Effect<number, RunError, Device> => onDevice((device) => itemOn(device, raw(t)))
/** A tree with host values for its tensors: they need no device and no scope. */
export const readTree = <T>(tree: T): Effect.Effect<T, RunError, Device> => onDevice((device) => readTreeOn(device, tree))
