// The same names as promises, for who knows no Effect. Results are host values, or device values of a session.
import type { DType, HostArrays } from "../core/dtype.ts"
import { ShapeError } from "../core/errors.ts"
import { type AnyTensor, raw, type Tensor } from "../core/tensor.ts"
import { flatten, unflatten } from "../core/tree.ts"
import type { AnyFunction } from "../transform/call.ts"
import { closeDevice, type GpuOptions, openers, type OpenDevice } from "../runtime/device.ts"
import { allOf, evaluate, toHost } from "../runtime/execute.ts"
import { type GivenArgs, jitCall, type JitOptions, readOn } from "../runtime/jit.ts"
import { Owner } from "../runtime/store.ts"

export type DeviceName = "auto" | "wasm" | "reference" | "gpujs"
export interface SessionOptions extends GpuOptions {
  /** Default "auto": a hardware GPU, else WebAssembly. */
  readonly device?: DeviceName
}
const open = ({ device = "auto", ...gpu }: SessionOptions): Promise<OpenDevice> =>
  device === "gpujs" ? openers.gpujs(gpu) : device === "wasm" ? openers.wasm() : openers[device]()

/** A device with the values computed on it. They are freed when the session is disposed of. */
export interface Session extends AsyncDisposable {
  /** Which device, and why. */
  readonly device: { readonly name: string; readonly why: string }
  /** Expressions as values on the device. */
  readonly run: <T>(tree: T) => Promise<T>
  readonly jit: <A extends readonly unknown[], R>(
    f: (...args: A) => R,
    options?: JitOptions,
  ) => (...args: GivenArgs<A>) => Promise<R>
  readonly read: <S extends readonly (number | string)[], D extends DType>(t: Tensor<S, D>) => Promise<HostArrays[D]>
  /** Device arrays that are alive now. */
  readonly live: () => { readonly buffers: number; readonly bytes: number }
}
/**
 * Opens a device for values that stay on it.
 *
 * @example
 * await using s = await session({ device: "wasm" })
 * const step = s.jit((w: Tensor<[3]>) => T.mul(w, 0.9), { donate: [0] })
 * const w = await step(await s.run(T.ones([3])))
 */
export const session = async (options: SessionOptions = {}): Promise<Session> => {
  const device = await open(options)
  const owner = new Owner(device)
  return {
    device: { name: device.name, why: device.why },
    run: async <T>(tree: T) => {
      const { leaves, spec } = flatten(tree)
      return unflatten(spec, await evaluate(device, owner, leaves)) as T
    },
    jit: <A extends readonly unknown[], R>(f: (...args: A) => R, o?: JitOptions) => {
      const call = jitCall(f as AnyFunction, o)
      return async (...args: GivenArgs<A>) => (await call(device, owner, args)) as R
    },
    read: async <S extends readonly (number | string)[], D extends DType>(t: Tensor<S, D>) =>
      (await readOn(device, raw(t))) as HostArrays[D],
    live: () => device.backend.live(),
    [Symbol.asyncDispose]: async () => {
      owner.close()
      await closeDevice(device)
    },
  }
}

let shared: Promise<OpenDevice> | undefined
/** The device behind the functions below, opened when first needed. */
const device = (): Promise<OpenDevice> => {
  shared ??= openers.auto().catch((e: unknown) => {
    shared = undefined
    throw e
  })
  return shared
}
/** What ran is copied to the host and freed on the device: a loop in a REPL does not grow. */
const onHost = async <T>(d: OpenDevice, f: (owner: Owner) => unknown): Promise<T> => {
  const owner = new Owner(d)
  try {
    const { leaves, spec } = flatten(await f(owner))
    return unflatten(spec, await allOf(leaves.map(toHost))) as T
  } finally {
    owner.close()
  }
}
/** The expressions of a tree as host values. */
export const run = async <T>(tree: T): Promise<T> => {
  const d = await device()
  const { leaves, spec } = flatten(tree)
  return onHost(d, async (owner) => unflatten(spec, await evaluate(d, owner, leaves)))
}
/** A pure function compiled as one program; arguments and results are host values. */
export const jit = <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: GivenArgs<A>) => Promise<R>) => {
  const call = jitCall(f as AnyFunction)
  return async (...args) => {
    const d = await device()
    return onHost(d, (owner) => call(d, owner, args))
  }
}
/** The elements of a tensor, row-major. */
export const read = async <S extends readonly (number | string)[], D extends DType>(t: Tensor<S, D>): Promise<HostArrays[D]> =>
  (await readOn(await device(), raw(t))) as HostArrays[D]
/** The one element of a tensor. */
export const item = async (t: AnyTensor): Promise<number> => {
  if (raw(t).shape.some((n) => n !== 1))
    throw new ShapeError(`item: ${t} has more than one element or none; read it, or reduce it first`)
  return (await read(t as Tensor<[], DType>))[0] as number
}
