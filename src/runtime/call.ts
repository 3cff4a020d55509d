// Calling programs without an effect: what jit, run and read do, for an owner. Effects (jit.ts) and promises wrap it.
import type { Eventually } from "../backends/backend.ts"
import type { DType, HostArrays } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { Key } from "../core/key.ts"
import { hostLeaf, storageOf } from "../core/leaf.ts"
import { type Aval, isTensor, type RawTensor } from "../core/tensor.ts"
import { flatten, leavesLike, type TreeSpec, unflatten } from "../core/tree.ts"
import { type AnyFunction, pureOf, traceTree } from "../transform/call.ts"
import { allOf, andThen, guarded } from "./eventually.ts"
import { computed, download, evaluate, execute, place, type Prepared, prepare, toHost } from "./execute.ts"
import { Lru } from "./lru.ts"
import type { OpenDevice } from "./open.ts"
import { briefly, Owner } from "./store.ts"

export interface JitOptions {
  /** Arguments whose arrays the program may overwrite: they are gone afterwards, and using them is the error Donated. */
  readonly donate?: readonly number[]
}
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
/** Of a tensor, what does not keep its expression alive. */
const avalOf = ({ shape, dtype }: Aval): Aval => ({ shape, dtype })
interface Entry {
  readonly device: OpenDevice
  /** Arguments of this kind are known to be those of the entry without looking it up. */
  readonly spec: TreeSpec
  readonly leaf: ReturnType<typeof leafLike>
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
            leaf: leafLike(leaves.map(avalOf)),
            prepared: { ...prepared, leaves: captured, outs: prepared.outs.map(avalOf) },
            result,
            constants,
          })),
        () => constants.close(),
      ),
    )
  }
  const run = (e: Entry, owner: Owner, values: readonly RawTensor[]): Eventually<unknown> =>
    andThen(execute(e.device, owner, e.prepared, values), (outs) => unflatten(e.result, outs))
  return (device, owner, given) => {
    if (last?.device === device && !last.prepared.compiled.disposed) {
      const values = leavesLike(last.spec, given, last.prepared.donated.length, last.leaf)
      if (values) return run(last, owner, values)
    }
    checkDonate(donate, given.length)
    const cache = cacheOf(device)
    const args = given.map(asLeaves)
    const { leaves, spec } = flatten(args)
    const donated = args.flatMap((a, k) => flatten(a).leaves.map(() => donate.includes(k)))
    const key = new Key().data(spec).data(leaves.map(avalOf))
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
// ---- values --------------------------------------------------------------------------------------------------------
/** `run` for an owner: one program for all expressions, and every value on the device. */
export const runOn = <T>(device: OpenDevice, owner: Owner, tree: T): Eventually<T> => {
  if (isTensor(tree) && !storageOf(tree)) return andThen(computed(device, owner, [tree]), ([v]) => v as T)
  const { leaves, spec } = flatten(tree)
  return andThen(evaluate(device, owner, leaves), (values) =>
    andThen(place(device, owner, values), (here) => unflatten(spec, here) as T),
  )
}
/** `read` without a scope: what was computed for it is freed at once. */
export const readOn = (device: OpenDevice, t: RawTensor, into?: HostArrays[DType]): Eventually<HostArrays[DType]> =>
  storageOf(t)
    ? download(t, into)
    : briefly(device, (owner) => andThen(evaluate(device, owner, [t]), ([v]) => download(v!, into)))
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
