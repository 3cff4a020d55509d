// Calling a compiled program: arguments to device arrays, one call, results to values. Synchronous where the device is.
import type { Compiled, DeviceBuffer, Eventually } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import { lower, type Lowered } from "../compiler/index.ts"
import type { HostArray } from "../core/dtype.ts"
import { hostLeaf, leaf, storageOf, type Storage } from "../core/leaf.ts"
import { inSession } from "../core/make.ts"
import { captured, structure } from "../core/program.ts"
import type { Program, RawTensor } from "../core/tensor.ts"
import type { OpenDevice } from "./device.ts"
import { DeviceStorage, type Owner } from "./store.ts"

/** `then` for values that may be promises: no microtask where there is no promise. */
export const andThen = <A, B>(a: Eventually<A>, f: (a: A) => Eventually<B>): Eventually<B> =>
  a instanceof Promise ? a.then(f) : f(a)
export const allOf = <A>(as: readonly Eventually<A>[]): Eventually<A[]> =>
  as.some((a) => a instanceof Promise) ? Promise.all(as) : (as as A[]).slice()
/** Runs `undo` if f fails, sooner or later. */
const guarded = <A>(f: () => Eventually<A>, undo: () => void): Eventually<A> => {
  const fail = (e: unknown): never => {
    undo()
    throw e
  }
  try {
    const r = f()
    return r instanceof Promise ? r.catch(fail) : r
  } catch (e) {
    return fail(e)
  }
}

/** A program ready to run on one device. */
export interface Prepared {
  readonly compiled: Compiled
  /** Leaves that the program captured; inputs after its parameters. */
  readonly leaves: readonly RawTensor[]
  readonly outs: readonly RawTensor[]
}
/** Compiles, or finds what was compiled for a program of this structure. */
export const prepare = (device: OpenDevice, program: Program, donated: readonly boolean[]): Eventually<Prepared> => {
  const leaves = captured(program)
  const key = `${donated.map((d) => (d ? "d" : ".")).join("")}${inSession(() => structure(program))}`
  const known = device.programs.get(key)
  if (known) return { compiled: known, leaves, outs: program.outs }
  let made: Lowered | undefined
  const lowered = (): Lowered => (made ??= lower(program, { limits: device.backend.limits, donated }))
  device.stats.compilations++
  return andThen(device.backend.compile({ program, lowered }), (compiled) => {
    device.programs.set(key, compiled)
    return { compiled, leaves, outs: program.outs }
  })
}

interface Input {
  readonly buffer: DeviceBuffer
  /** Uploaded for this call only. */
  readonly fresh: boolean
}
/** The device array of a value. Host values are uploaded; values of other devices travel through the host. */
const input = (device: OpenDevice, t: RawTensor, what: string): Eventually<Input> => {
  const s = storageOf(t)!
  const upload = (values: HostArray): Eventually<Input> =>
    andThen(device.backend.upload(values, t), (buffer) => ({ buffer, fresh: true }))
  if (s.host) return upload(s.host)
  const d = s as DeviceStorage
  if (d.device === device) return { buffer: d.buffer(what), fresh: false }
  return andThen(d.device.backend.download(d.buffer(what)), upload)
}

/** Runs a prepared program. Donated arguments are gone afterwards; on failure everything is as it was. */
export const execute = (
  device: OpenDevice,
  owner: Owner,
  p: Prepared,
  args: readonly RawTensor[],
  donated: readonly boolean[],
): Eventually<RawTensor[]> => {
  const all = [...args, ...p.leaves]
  const given = (k: number): boolean => donated[k] ?? false
  const seen = new Map<Storage, number>()
  all.forEach((t, k) => {
    const s = storageOf(t)!
    const before = seen.get(s)
    if (before !== undefined && !s.host && (given(k) || given(before)))
      throw new Donated({ what: `argument ${k} is donated and given twice in one call` })
    seen.set(s, k)
  })
  const inputs: Input[] = []
  const undo = (): void => {
    for (const i of inputs) if (i.fresh) device.backend.free(i.buffer)
  }
  return guarded(() => {
    let ready: Eventually<unknown> = undefined
    all.forEach((t, k) => {
      ready = andThen(ready, () => andThen(input(device, t, `argument ${k}`), (i) => void inputs.push(i)))
    })
    return andThen(ready, () => {
      // what was uploaded for this call is given away too: its memory may be reused, and is freed with the call
      const gone = inputs.map((i, k) => i.fresh || given(k))
      return andThen(
        p.compiled.run(
          inputs.map((i) => i.buffer),
          gone,
        ),
        (outs) => {
          inputs.length = 0
          all.forEach((t, k) => {
            const s = storageOf(t)
            if (given(k) && s instanceof DeviceStorage) s.donate()
          })
          device.stats.calls++
          return outs.map((b, k) => leaf(p.outs[k]!, owner.adopt(b)))
        },
      )
    })
  }, undo)
}

/** Expressions as values: one program for all of them. Values come back as they are. */
export const evaluate = (device: OpenDevice, owner: Owner, tensors: readonly RawTensor[]): Eventually<RawTensor[]> => {
  const todo = [...new Set(tensors.filter((t) => !storageOf(t)))]
  if (todo.length === 0) return [...tensors]
  const program: Program = { params: [], outs: todo }
  return andThen(prepare(device, program, []), (p) =>
    andThen(execute(device, owner, p, [], []), (outs) => {
      const value = new Map(todo.map((t, k) => [t, outs[k]!]))
      return tensors.map((t) => value.get(t) ?? t)
    }),
  )
}
/** A copy of a value's elements on the host. */
export const download = (t: RawTensor): Eventually<HostArray> => {
  const s = storageOf(t)!
  if (s.host) return s.host.slice()
  const d = s as DeviceStorage
  return d.device.backend.download(d.buffer(t.toString()))
}
/** The value as a host leaf. */
export const toHost = (t: RawTensor): Eventually<RawTensor> => andThen(download(t), (v) => hostLeaf(v, t.shape, t.dtype))
