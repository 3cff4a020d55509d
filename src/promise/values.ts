// The same names as promises, for who knows no Effect. Results are host values, or device values of a session.
import type { Effect } from "effect/Effect"
import type { Scope } from "effect/Scope"
import { DeviceUnavailable } from "../backends/errors.ts"
import type { DType, HostArrays } from "../core/dtype.ts"
import { type AnyTensor, raw, type Tensor } from "../core/tensor.ts"
import { itemOn, jitCall, type JitOptions, readOn, readTreeOn, runOn } from "../runtime/call.ts"
import type { Device } from "../runtime/device.ts"
import type { GivenArgs } from "../runtime/jit.ts"
import { closeDevice, type GpuOptions, type NativeOptions, openers, type OpenDevice, type WasmOptions } from "../runtime/open.ts"
import { briefly, Owner } from "../runtime/store.ts"
import type { AnyFunction } from "../transform/call.ts"
import type { Effects } from "./effects.ts"

export type DeviceName = "auto" | "wasm" | "native" | "reference" | "gpujs"
export interface SessionOptions extends GpuOptions, NativeOptions, WasmOptions {
  /** Default "auto": a hardware GPU, else WebAssembly. */
  readonly device?: DeviceName
}
const names: readonly string[] = ["auto", "wasm", "native", "reference", "gpujs"] satisfies DeviceName[]
const open = async ({ device = "auto", ...options }: SessionOptions): Promise<OpenDevice> => {
  if (!names.includes(device))
    throw new DeviceUnavailable({ device, reason: `there is no device of this name; give one of ${names.join(", ")}` })
  return device === "auto" || device === "reference" ? openers[device]() : openers[device](options)
}

/** A device with the values computed on it. They are freed when the session is disposed of. */
export interface Session extends AsyncDisposable {
  /** Which device, and why. */
  readonly device: { readonly name: string; readonly why: string }
  /** The tensors of a tree as values on the device. */
  readonly run: <T>(tree: T) => Promise<T>
  readonly jit: <A extends readonly unknown[], R>(
    f: (...args: A) => R,
    options?: JitOptions,
  ) => (...args: GivenArgs<A>) => Promise<R>
  readonly read: <S extends readonly (number | string)[], D extends DType>(
    t: Tensor<S, D>,
    into?: HostArrays[D],
  ) => Promise<HostArrays[D]>
  /** A tree with host values for its tensors: they outlive the session. */
  readonly readTree: <T>(tree: T) => Promise<T>
  readonly item: (t: AnyTensor) => Promise<number>
  /** Runs an effect of the library on this device, `s.effect(Train.run(...))` for one; its values belong to the session. */
  readonly effect: <A, E>(program: Effect<A, E, Device | Scope>) => Promise<A>
  /** Device arrays that are alive now. */
  readonly live: () => { readonly buffers: number; readonly bytes: number }
}
/**
 * Opens a device for values that stay on it. Rejects with DeviceUnavailable; its methods with the typed errors of the effects of
 * the same names, and with DeviceUnavailable once the session is disposed of.
 *
 * @example
 * await using s = await session({ device: "wasm" })
 * const step = s.jit((w: Tensor<[3]>) => T.mul(w, 0.9), { donate: [0] })
 * const w = await step(await s.run(T.ones([3])))
 */
export const session = async (options: SessionOptions = {}): Promise<Session> => {
  const device = await open(options)
  const owner = new Owner(device)
  // Effect is loaded when an effect is run: without it, import to first result takes a third of the time.
  let effects: Promise<Effects> | undefined
  let closed = false
  const opened = (): OpenDevice => {
    if (closed) throw new DeviceUnavailable({ device: device.name, reason: "its session was disposed of; open another" })
    return device
  }
  return {
    device: { name: device.name, why: device.why },
    run: async <T>(tree: T) => runOn(opened(), owner, tree),
    jit: <A extends readonly unknown[], R>(f: (...args: A) => R, o?: JitOptions) => {
      const call = jitCall(f as AnyFunction, o)
      return async (...args: GivenArgs<A>) => (await call(opened(), owner, args)) as R
    },
    read: async <S extends readonly (number | string)[], D extends DType>(t: Tensor<S, D>, into?: HostArrays[D]) =>
      (await readOn(opened(), raw(t), into)) as HostArrays[D],
    readTree: async <T>(tree: T) => readTreeOn(opened(), tree),
    item: async (t) => itemOn(opened(), raw(t)),
    effect: async <A, E>(program: Effect<A, E, Device | Scope>) => {
      effects ??= import("./effects.ts").then(({ effectsOn }) => effectsOn(opened))
      return (await effects).run(program)
    },
    live: () => device.backend.live(),
    [Symbol.asyncDispose]: async () => {
      if (closed) return
      closed = true
      await (await effects)?.close()
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
/** The expressions of a tree as host values. */
export const run = async <T>(tree: T): Promise<T> => readTreeOn(await device(), tree)
/** A pure function compiled as one program; its results are host values. What ran is freed: a loop in a REPL does not grow. */
export const jit = <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: GivenArgs<A>) => Promise<R>) => {
  const call = jitCall(f as AnyFunction)
  return async (...args) => {
    const d = await device()
    return (await briefly(d, async (owner) => readTreeOn(d, await call(d, owner, args)))) as R
  }
}
/** The elements of a tensor, row-major; `into` takes them where it is given. */
export const read = async <S extends readonly (number | string)[], D extends DType>(
  t: Tensor<S, D>,
  into?: HostArrays[D],
): Promise<HostArrays[D]> => (await readOn(await device(), raw(t), into)) as HostArrays[D]
/** The one element of a tensor. */
export const item = async (t: AnyTensor): Promise<number> => itemOn(await device(), raw(t))
