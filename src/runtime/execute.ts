// Calling a compiled program: arguments to device arrays, one call, results to values. Synchronous where the device is.
import type { Compiled, DeviceBuffer, Eventually } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import { lower, type Lowered } from "../compiler/index.ts"
import { dtypeOfArray, hostArray, type HostArray, isHostArray } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { hostLeaf, leaf, storageOf, type Storage } from "../core/leaf.ts"
import { structure } from "../core/program.ts"
import { show, size } from "../core/shape.ts"
import type { Aval, Program, RawTensor } from "../core/tensor.ts"
import type { OpenDevice } from "./open.ts"
import { allOf, andThen, guarded } from "./eventually.ts"
import { DeviceStorage, type Owner } from "./store.ts"

/** A program ready to run on one device. */
export interface Prepared {
  readonly compiled: Compiled
  /** Values that the program captured; inputs after its parameters. */
  readonly leaves: readonly RawTensor[]
  readonly outs: readonly Aval[]
  /** Parameters whose arrays the program may overwrite. */
  readonly donated: readonly boolean[]
}
/** Compiles, or finds what was compiled for a program of this structure. */
export const prepare = (device: OpenDevice, program: Program, donated: readonly boolean[]): Eventually<Prepared> => {
  const { key, leaves } = structure(program)
  const { outs } = program
  const known = device.programs.get(key.data(donated))
  if (known) return { compiled: known, leaves, outs, donated }
  let made: Lowered | undefined
  const lowered = (): Lowered => (made ??= lower(program, { limits: device.backend.limits, donated }))
  device.stats.compilations++
  return andThen(device.backend.compile({ program, lowered }), (compiled) => {
    const other = device.programs.get(key) // where compiling takes its time, two calls may have wanted it
    if (other) compiled.dispose()
    else device.programs.set(key, compiled)
    return { compiled: other ?? compiled, leaves, outs, donated }
  })
}

/** The device array of a value that is elsewhere. Host values are uploaded; values of other devices travel through the host. */
const bring = (device: OpenDevice, t: RawTensor, held: DeviceBuffer | undefined): Eventually<DeviceBuffer> => {
  const s = storageOf(t)!
  if (s.host) return device.backend.upload(s.host, t)
  return andThen((s as DeviceStorage).device.backend.download(held!), (values) => device.backend.upload(values, t))
}
/** Why a call cannot be: a value that it gives away and gets a second time, or one that is gone. */
const refusal = (all: readonly RawTensor[], donated: readonly boolean[], name: (k: number) => string): Donated => {
  const seen = new Map<Storage, number>()
  for (const [k, t] of all.entries()) {
    const s = storageOf(t)!
    const before = seen.get(s)
    if (before !== undefined && !s.host && (donated[k] || donated[before])) return new Donated({ what: name(k), fate: "twice" })
    if (before === undefined || donated[k]) seen.set(s, k)
  }
  const k = all.findIndex((t) => storageOf(t) instanceof DeviceStorage && !(storageOf(t) as DeviceStorage).here)
  return (storageOf(all[k]!) as DeviceStorage).gone(name(k))
}

/** A call under way. */
interface Call {
  readonly device: OpenDevice
  readonly owner: Owner
  readonly program: Prepared
  /** Its arguments; places of those that have yet to be brought here are empty. */
  readonly buffers: DeviceBuffer[]
  /** Values that it gives away. */
  readonly lent: readonly DeviceStorage[]
}
/** The results as values. */
const settled = ({ device, owner, program, lent }: Call, results: readonly DeviceBuffer[]): RawTensor[] => {
  device.stats.calls++
  const values = Array<RawTensor>(results.length)
  for (let k = 0; k < results.length; k++) values[k] = leaf(program.outs[k]!, owner.adopt(results[k]!, lent[k]))
  for (const s of lent) s.spent(device)
  return values
}
const failed = ({ lent }: Call, e: unknown): never => {
  for (const s of lent) s.restore()
  throw e
}
/** Brings the arguments that are elsewhere here, and runs the program. */
const broughtAndRun = (call: Call, all: readonly RawTensor[], elsewhere: readonly number[]): Eventually<RawTensor[]> => {
  const { device, program, buffers } = call
  const { compiled, donated } = program
  let fresh: boolean[] = []
  return guarded(
    () => {
      let ready: Eventually<unknown> = undefined
      for (const k of elsewhere)
        ready = andThen(ready, () =>
          andThen(bring(device, all[k]!, buffers[k]), (buffer) => {
            buffers[k] = buffer
            fresh[k] = true
          }),
        )
      return andThen(ready, () => {
        // what was uploaded for this call is given away too: its memory may be reused, and is freed with the call
        const gone = buffers.map((_, k) => donated[k] || fresh[k] || false)
        return andThen(compiled.run(buffers, gone), (results) => {
          fresh = []
          return settled(call, results)
        })
      })
    },
    () => fresh.forEach((_, k) => device.backend.free(buffers[k]!)),
  )
}
/** Runs a prepared program. Donated arguments are gone afterwards; on failure everything is as it was. */
export const execute = (
  device: OpenDevice,
  owner: Owner,
  program: Prepared,
  args: readonly RawTensor[],
): Eventually<RawTensor[]> => {
  const { donated, leaves } = program
  const all = leaves.length === 0 ? args : args.length === 0 ? leaves : [...args, ...leaves]
  const buffers = Array<DeviceBuffer>(all.length)
  const lent: DeviceStorage[] = []
  const elsewhere: number[] = []
  // Who is gone is found out before anything is uploaded; who is given away is so before anything is waited for.
  let fits = true
  for (let k = 0; k < all.length; k++) {
    const s = storageOf(all[k]!)!
    if (s.host === undefined) {
      const d = s as DeviceStorage
      fits &&= d.here
      buffers[k] = d.held
      if (d.device !== device) elsewhere.push(k)
      if (!donated[k] || !fits) continue
      d.lend()
      lent.push(d)
    } else elsewhere.push(k)
  }
  if (lent.length > 0)
    for (let k = 0; k < all.length; k++) {
      const s = storageOf(all[k]!)!
      if (s.host === undefined && !donated[k]) fits &&= (s as DeviceStorage).here
    }
  if (!fits) {
    for (const s of lent) s.restore()
    throw refusal(all, donated, (k) => `${k < args.length ? `argument leaf ${k}` : "captured value"}, ${all[k]}`)
  }
  const call: Call = { device, owner, program, buffers, lent }
  try {
    if (elsewhere.length > 0) {
      const values = broughtAndRun(call, all, elsewhere)
      return values instanceof Promise ? values.catch((e: unknown) => failed(call, e)) : values
    }
    const results = program.compiled.run(buffers, donated)
    if (!(results instanceof Promise)) return settled(call, results)
    return results.then((r) => settled(call, r)).catch((e: unknown) => failed(call, e))
  } catch (e) {
    return failed(call, e)
  }
}

const none: readonly never[] = []
/** The values of expressions, which are not given twice: one program for all of them. */
export const computed = (device: OpenDevice, owner: Owner, outs: readonly RawTensor[]): Eventually<RawTensor[]> =>
  andThen(prepare(device, { params: [], outs }, none), (p) => execute(device, owner, p, none))
/** Expressions as values. Values come back as they are. */
export const evaluate = (device: OpenDevice, owner: Owner, tensors: readonly RawTensor[]): Eventually<readonly RawTensor[]> => {
  const todo = [...new Set(tensors.filter((t) => !storageOf(t)))]
  if (todo.length === 0) return tensors
  return andThen(computed(device, owner, todo), (outs) => {
    const value = new Map(todo.map((t, k) => [t, outs[k]!]))
    return tensors.map((t) => value.get(t) ?? t)
  })
}
/** Values as values of this device: host values are uploaded, those of other devices copied; what is here stays as it is. */
export const place = (device: OpenDevice, owner: Owner, values: readonly RawTensor[]): Eventually<readonly RawTensor[]> => {
  const there = (t: RawTensor): boolean => {
    const s = storageOf(t)!
    if (s.host) return false
    if (!(s as DeviceStorage).here) throw (s as DeviceStorage).gone(t.toString())
    return (s as DeviceStorage).device === device
  }
  if (values.every(there)) return values
  return allOf(
    values.map((t) => {
      if (there(t)) return t
      const s = storageOf(t)!
      return andThen(bring(device, t, s.host ? undefined : (s as DeviceStorage).held), (b) => leaf(t, owner.adopt(b)))
    }),
  )
}
/** A copy of a value's elements on the host: in `into`, or in an array of its own. */
export const download = (t: RawTensor, into?: HostArray): Eventually<HostArray> => {
  if (into !== undefined) checkInto(t, into)
  const filled = (values: HostArray): HostArray => {
    if (!into || values === into) return values
    into.set(values)
    return into
  }
  const s = storageOf(t)!
  if (s.host) return into ? filled(s.host) : s.host.slice()
  const d = s as DeviceStorage
  if (!d.here) throw d.gone(t.toString())
  // Named after the wait too: until then the value is not collected, and so its array not freed.
  return andThen(d.device.backend.download(d.held, into), (values) => filled(d.host ?? values))
}
const checkInto = (t: RawTensor, into: unknown): void => {
  const [n, name] = [size(t.shape), hostArray(t.dtype, 0).constructor.name]
  const given = isHostArray(into) ? `${into.constructor.name} of ${into.length}` : String(into)
  if (!isHostArray(into) || dtypeOfArray(into) !== t.dtype || into.length !== n)
    refuse(`read: into is ${given}, and ${t.dtype}${show(t.shape)} fills a ${name} of ${n}; give one of that class and length`)
}
/** The value as a host leaf. */
export const toHost = (t: RawTensor): Eventually<RawTensor> => andThen(download(t), (v) => hostLeaf(v, t.shape, t.dtype))
