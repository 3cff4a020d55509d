// Devices as services. A device is opened by a layer and closed with its scope; it says what was chosen and why.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DeviceUnavailable } from "../backends/errors.ts"
import { closeDevice, type GpuOptions, type NativeOptions, type OpenDevice, openers, type WasmOptions } from "./open.ts"

const layerOf = (self: typeof Device, name: string, open: () => Promise<OpenDevice>): Layer.Layer<Device, DeviceUnavailable> =>
  Layer.effect(
    self,
    Effect.acquireRelease(
      Effect.tryPromise({
        try: open,
        catch: (e) =>
          e instanceof DeviceUnavailable
            ? e
            : new DeviceUnavailable({ device: name, reason: e instanceof Error ? e.message : String(e) }),
      }),
      (d) => Effect.promise(() => closeDevice(d)),
    ),
  )

/**
 * The device that programs run on.
 *
 * @example
 * import { Device, read } from "adjoint"
 * import * as T from "adjoint/tensor"
 * import * as Effect from "effect/Effect"
 *
 * const sum = await Effect.runPromise(read(T.sum(T.ones([3]))).pipe(Effect.scoped, Effect.provide(Device.wasm)))
 */
export class Device extends Context.Service<Device, OpenDevice>()("adjoint/Device") {
  /** Hardware GPU, else WebAssembly; `why` says which and why. */
  static readonly auto = layerOf(this, "auto", openers.auto)
  /** This process's CPU, by WebAssembly SIMD, on as many threads as the machine runs at once (at most 8); results have the same bits on
   *  any number of them. Workers are started by the first programs that are worth it. */
  static readonly wasm = layerOf(this, "wasm", () => openers.wasm())
  /** `wasm` with options: `Device.wasmWith({ threads: 1 })` stays on the caller's thread. */
  static readonly wasmWith = (options: WasmOptions): Layer.Layer<Device, DeviceUnavailable> =>
    layerOf(Device, "wasm", () => openers.wasm(options))
  /** Float64, slow, no cleverness: the oracle of the laws. */
  static readonly reference = layerOf(this, "reference", openers.reference)
  /** As `wasm`, its large matrix products handed to the system's BLAS (OpenBLAS, MKL, Accelerate) on the same memory. Needs the package
   *  koffi; fails with DeviceUnavailable where there is no BLAS. */
  static readonly native = layerOf(this, "native", () => openers.native())
  /** `native` with options. */
  static readonly nativeWith = (options: NativeOptions): Layer.Layer<Device, DeviceUnavailable> =>
    layerOf(Device, "native", () => openers.native(options))
  /** GPU kernels through gpu.js. */
  static readonly gpujs = (options: GpuOptions = {}): Layer.Layer<Device, DeviceUnavailable> =>
    layerOf(Device, "gpujs", () => openers.gpujs(options))
}
