// The gpu.js backend: loop IR -> gpu.js kernels, on WebGPU, on WebAssembly, or (to debug) on plain JavaScript.
import type { Backend } from "../backend.ts"
import { DeviceUnavailable } from "../errors.ts"
import { handles } from "./handles.ts"
import { loadLibrary } from "./library.ts"
import { guardedBy, planned } from "./program.ts"
import { decode, encode } from "./values.ts"
import { webasmCompiler, webasmTarget } from "./webasm.ts"

export type GpujsMode = "webgpu" | "webasm" | "cpu"
export interface GpujsOptions {
  readonly mode: GpujsMode
  /** webgpu: "software" takes an adapter that is a program on the processor (SwiftShader), for tests. Default: hardware only. */
  readonly adapter?: "hardware" | "software"
}
export interface GpujsBackend extends Backend {
  /** The adapter (vendor, architecture) or the engine behind it: for people. */
  readonly description: string
}
/**
 * Opens a gpu.js device. gpu.js (and for webgpu under Node the package webgpu) are loaded now, not before.
 *
 * i32 values are exact to 2^24; u32 is exact (pairs of 16-bit halves); f64 and arrays above 2^24 numbers are refused.
 * Rejects with DeviceUnavailable and the reason.
 *
 * @example
 * const device = await gpujs({ mode: "webasm" })
 */
export const gpujs = async (options: GpujsOptions): Promise<GpujsBackend> => {
  const device = `gpujs-${options.mode}`
  const known = (what: string, given: string, names: readonly string[]): void => {
    if (!names.includes(given))
      throw new DeviceUnavailable({ device, reason: `${what} ${given} does not exist; give one of ${names.join(", ")}` })
  }
  known("mode", options.mode, ["webgpu", "webasm", "cpu"])
  known("adapter", options.adapter ?? "hardware", ["hardware", "software"])
  const library = await loadLibrary(device)
  if (options.mode === "webgpu") {
    const { webgpuBackend } = await import("./webgpu.ts")
    return webgpuBackend(library, device, options.adapter ?? "hardware")
  }
  if (options.mode === "webasm" && !library.WebAssemblyKernel.isSupported)
    throw new DeviceUnavailable({ device, reason: "this JavaScript engine has no WebAssembly" })
  const own = handles<Float32Array>(device, () => {})
  const { compile } =
    options.mode === "webasm" ? webasmCompiler(library, device) : (await import("./cpu.ts")).cpuCompiler(library)
  const target = {
    ...webasmTarget(device),
    hostScatter: true,
    threads: 1,
    tiles: false,
    ...(options.mode === "cpu" ? { fits: () => false } : {}),
  }
  return {
    name: device,
    description: options.mode === "webasm" ? "WebAssembly SIMD, one thread" : "JavaScript, one thread",
    limits: { reads: 24, f64: false, parts: false },
    compile: (source) => {
      const program = planned(source.lowered(), target, own)
      return guardedBy(program, device, compile(program))
    },
    upload: (values, aval) => own.give(encode(values, aval, device), aval),
    download: (b) => decode(own.memoryOf(b), b.aval),
    free: own.free,
    live: own.live,
    close: own.close,
  }
}
