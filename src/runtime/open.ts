// Opening devices, without an effect.
import type { Backend, Compiled } from "../backends/backend.ts"
import { DeviceUnavailable } from "../backends/errors.ts"
import { Lru } from "./lru.ts"

/** An open device with its compiled programs. */
export interface OpenDevice {
  readonly name: string
  /** Why this device: for people. */
  readonly why: string
  readonly backend: Backend
  readonly programs: Lru<Compiled>
  readonly stats: { compilations: number; calls: number }
}
const PROGRAMS = 128 // compiled programs kept per device

export const openDevice = (backend: Backend, why: string): OpenDevice => ({
  name: backend.name,
  why,
  backend,
  programs: new Lru(PROGRAMS, (c) => c.dispose()),
  stats: { compilations: 0, calls: 0 },
})
export const closeDevice = async (d: OpenDevice): Promise<void> => {
  d.programs.clear()
  await d.backend.close()
}

export type GpuMode = "webgpu" | "webasm" | "cpu"
export interface GpuOptions {
  readonly mode?: GpuMode
  /** "software" (SwiftShader) is only taken when asked for by name. */
  readonly adapter?: "hardware" | "software"
}
export interface WasmOptions {
  /** Threads that share a program, with the caller's; default: as many as the machine runs at once, at most 8. 1: no workers. */
  readonly threads?: number
  /** Fused multiply-adds in matrix products and convolutions (WebAssembly's relaxed SIMD): faster on many machines; last bits differ
   *  from those without, and may from host to host. Fails with DeviceUnavailable where the host has none. */
  readonly relaxed?: boolean
}
export interface NativeOptions {
  /** Path or name of the BLAS, if it is not one of the usual ones. */
  readonly library?: string
  /** Threads that call it; default: as many as the machine runs at once, at most 8. */
  readonly threads?: number
}
/** How to open each device. Backends are loaded when they are wanted. */
export const openers = {
  reference: async (): Promise<OpenDevice> => {
    const { reference } = await import("../backends/reference/index.ts")
    return openDevice(reference(), "the float64 oracle, chosen by name")
  },
  wasm: async ({ threads, ...options }: WasmOptions = {}, why = "chosen by name"): Promise<OpenDevice> => {
    const { wasmThreads } = await import("../backends/wasm/index.ts")
    const device = wasmThreads(threads, options)
    return openDevice(device, `${why}; ${device.why}`)
  },
  native: async (options: NativeOptions = {}, why = "chosen by name"): Promise<OpenDevice> => {
    const { wasmNative } = await import("../backends/wasm/index.ts")
    const device = await wasmNative(options)
    return openDevice(device, `${why}; ${device.why}`)
  },
  gpujs: async (options: GpuOptions = {}, why = "chosen by name"): Promise<OpenDevice> => {
    const { gpujs } = await import("../backends/gpujs/index.ts")
    const { mode = "webgpu", adapter = "hardware" } = options
    return openDevice(await gpujs({ mode, adapter }), why)
  },
  /** A hardware GPU where there is one, else WebAssembly. Never a software adapter. */
  auto: async (): Promise<OpenDevice> => {
    try {
      return await openers.gpujs({}, "a hardware GPU is present")
    } catch (e) {
      if (!(e instanceof DeviceUnavailable)) throw e
      return openers.wasm({}, `no hardware GPU (${e.reason})`)
    }
  },
}
