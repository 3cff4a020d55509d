// Calling a compiled program: arguments to device arrays, one call, results to values. Synchronous where the device is.
import type { Compiled, DeviceBuffer, Eventually } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import { lower, type Lowered } from "../compiler/index.ts"
import { dtypeOfArray, hostArray, type HostArray, isHostArray } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { hostLeaf, leaf, storageOf, type Storage } from "../core/leaf.ts"
import { inSession } from "../core/make.ts"
import { captured, structure } from "../core/program.ts"
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
}
/** Compiles, or finds what was compiled for a program of this structure. */
export const prepare = (device: OpenDevice, program: Program, donated: readonly boolean[]): Eventually<Prepared> => {
  const key = `${donated.map((d) => (d ? "d" : ".")).join("")}${inSession(() => structure(program))}`
  const outs = program.outs.map(({ shape, dtype }): Aval => ({ shape, dtype }))
  const prepared = (compiled: Compiled): Prepared => ({ compiled, leaves: captured(program), outs })
  const known = device.programs.get(key)
  if (known) return prepared(known)
  let made: Lowered | undefined
  const lowered = (): Lowered => (made ??= lower(program, { limits: device.backend.limits, donated }))
  device.stats.compilations++
  return andThen(device.backend.compile({ program, lowered }), (compiled) => {
    const other = device.programs.get(key) // where compiling takes its time, two calls may have wanted it
    if (other) compiled.dispose()
    else device.programs.set(key, compiled)
    return prepared(other ?? compiled)
  })
}

interface Input {
  readonly buffer: DeviceBuffer
  /** Uploaded just now. */
  readonly fresh: boolean
}
const upload = (device: OpenDevice, values: HostArray, aval: Aval): Eventually<Input> =>
  andThen(device.backend.upload(values, aval), (buffer) => ({ buffer, fresh: true }))
/** The device array of a value. Host values are uploaded; values of other devices travel through the host. */
const input = (device: OpenDevice, t: RawTensor, held: DeviceBuffer | undefined): Eventually<Input> => {
  const s = storageOf(t)!
  if (s.host) return upload(device, s.host, t)
  const from = (s as DeviceStorage).device
  if (from === device) return { buffer: held!, fresh: false }
  return andThen(from.backend.download(held!), (values) => upload(device, values, t))
}
/** Refuses a call that gives a device value away and gets it a second time. */
const once = (all: readonly RawTensor[], given: (k: number) => boolean, name: (k: number) => string): void => {
  const seen = new Map<Storage, number>()
  all.forEach((t, k) => {
    const s = storageOf(t)!
    const before = seen.get(s)
    if (before !== undefined && !s.host && (given(k) || given(before))) throw new Donated({ what: name(k), fate: "twice" })
    if (before === undefined || given(k)) seen.set(s, k)
  })
}

/** Runs a prepared program. Donated arguments are gone afterwards; on failure everything is as it was. */
export const execute = (
  device: OpenDevice,
  owner: Owner,
  p: Prepared,
  args: readonly RawTensor[],
  donated: readonly boolean[],
): Eventually<RawTensor[]> => {
  const all = p.leaves.length > 0 ? [...args, ...p.leaves] : args
  const given = (k: number): boolean => donated[k] ?? false
  const name = (k: number): string => `${k < args.length ? `argument leaf ${k}` : "captured value"}, ${all[k]}`
  const lent: DeviceStorage[] = []
  if (donated.includes(true)) {
    once(all, given, name)
    all.forEach((t, k) => {
      const s = storageOf(t)
      if (given(k) && s instanceof DeviceStorage) lent.push(s)
    })
  }
  // Who is gone is found out before anything is uploaded; who is given away is so before anything is waited for.
  const buffers: DeviceBuffer[] = []
  const elsewhere: number[] = []
  for (let k = 0; k < all.length; k++) {
    const s = storageOf(all[k]!)!
    if (s.host === undefined) buffers[k] = (s as DeviceStorage).buffer(() => name(k))
    if (s.host !== undefined || (s as DeviceStorage).device !== device) elsewhere.push(k)
  }
  for (const s of lent) s.lend()
  const fresh = new Set<number>()
  const undo = (): void => {
    for (const s of lent) s.restore()
    for (const k of fresh) device.backend.free(buffers[k]!)
  }
  return guarded(() => {
    let ready: Eventually<unknown> = undefined
    for (const k of elsewhere)
      ready = andThen(ready, () =>
        andThen(input(device, all[k]!, buffers[k]), ({ buffer }) => {
          buffers[k] = buffer
          fresh.add(k)
        }),
      )
    return andThen(ready, () => {
      // what was uploaded for this call is given away too: its memory may be reused, and is freed with the call
      const gone = buffers.map((_, k) => given(k) || fresh.has(k))
      return andThen(p.compiled.run(buffers, gone), (outs) => {
        fresh.clear()
        for (const s of lent) s.spent(device)
        lent.length = 0
        device.stats.calls++
        return outs.map((b, k) => leaf(p.outs[k]!, owner.adopt(b)))
      })
    })
  }, undo)
}

/** Expressions as values: one program for all of them. Values come back as they are. */
export const evaluate = (device: OpenDevice, owner: Owner, tensors: readonly RawTensor[]): Eventually<RawTensor[]> => {
  const todo = [...new Set(tensors.filter((t) => !storageOf(t)))]
  if (todo.length === 0) return [...tensors]
  return andThen(prepare(device, { params: [], outs: todo }, []), (p) =>
    andThen(execute(device, owner, p, [], []), (outs) => {
      const value = new Map(todo.map((t, k) => [t, outs[k]!]))
      return tensors.map((t) => value.get(t) ?? t)
    }),
  )
}
/** Values as values of this device: host values are uploaded, those of other devices copied; what is here stays as it is. */
export const place = (device: OpenDevice, owner: Owner, values: readonly RawTensor[]): Eventually<RawTensor[]> =>
  allOf(
    values.map((t) => {
      const s = storageOf(t)!
      const held = s.host ? undefined : (s as DeviceStorage).buffer(() => t.toString())
      return andThen(input(device, t, held), ({ buffer, fresh }) => (fresh ? leaf(t, owner.adopt(buffer)) : t))
    }),
  )
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
  // Named after the wait too: until then the value is not collected, and so its array not freed.
  return andThen(
    d.device.backend.download(
      d.buffer(() => t.toString()),
      into,
    ),
    (values) => filled(d.host ?? values),
  )
}
const checkInto = (t: RawTensor, into: unknown): void => {
  const [n, name] = [size(t.shape), hostArray(t.dtype, 0).constructor.name]
  const given = isHostArray(into) ? `${into.constructor.name} of ${into.length}` : String(into)
  if (!isHostArray(into) || dtypeOfArray(into) !== t.dtype || into.length !== n)
    refuse(`read: into is ${given}, and ${t.dtype}${show(t.shape)} fills a ${name} of ${n}; give one of that class and length`)
}
/** The value as a host leaf. */
export const toHost = (t: RawTensor): Eventually<RawTensor> => andThen(download(t), (v) => hostLeaf(v, t.shape, t.dtype))
