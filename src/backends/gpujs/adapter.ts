// Finding a GPU: the browser's, or under Node the package `webgpu` (Dawn). Software adapters are taken when asked for, never otherwise.
import { DeviceUnavailable } from "../errors.ts"
import type { Gpu, GpuAdapter, GpuDevice } from "./gpu.ts"

export interface Opened {
  readonly device: GpuDevice
  /** Vendor, architecture, description: for people. */
  readonly what: string
  /** To be kept alive as long as the device (Dawn's instance owns it). */
  readonly root: Gpu
}
const message = (e: unknown): string => (e instanceof Error ? e.message : String(e))

const rootOf = async (unavailable: (reason: string) => never): Promise<Gpu> => {
  const host = (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator?.gpu
  if (host) return host
  const name = "webgpu" // not a literal in import(): bundlers for browsers must not follow it
  try {
    const { create } = (await import(name)) as { create(options: readonly string[]): Gpu }
    return create([])
  } catch (e) {
    return unavailable(`no navigator.gpu here, and the package webgpu could not be loaded (npm install webgpu): ${message(e)}`)
  }
}
/** Where Linux shows a GPU. Without one, Dawn would only write warnings about missing drivers. */
const GPU_FILES = ["/dev/dri", "/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kgsl-3d0", "/dev/mali0"]
interface Host {
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
}
/** Under Node on Linux: is there any GPU to ask for? A Vulkan driver named by the environment counts. */
const mayHaveGpu = async (): Promise<boolean> => {
  const host = (globalThis as { readonly process?: Host }).process
  if (host?.platform !== "linux" || host.env["VK_DRIVER_FILES"] || host.env["VK_ICD_FILENAMES"]) return true
  const { existsSync } = await import("node:fs")
  return GPU_FILES.some((f) => existsSync(f))
}
/** Adapters that are programs on the processor, by the names they give themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp\b|software|\bcpu\b/i

const describe = (a: GpuAdapter): string =>
  [a.info.vendor, a.info.architecture, a.info.device, a.info.description].filter((s) => s).join(" ") || "unnamed adapter"

export const openAdapter = async (device: string, want: "hardware" | "software"): Promise<Opened> => {
  const unavailable = (reason: string): never => {
    throw new DeviceUnavailable({ device, reason })
  }
  if (want === "hardware" && !(await mayHaveGpu()))
    return unavailable(`this machine shows no GPU (${GPU_FILES.slice(0, 4).join(", ")})`)
  const root = await rootOf(unavailable)
  const ask = async (o: Parameters<Gpu["requestAdapter"]>[0]): Promise<GpuAdapter | null> => {
    try {
      return await root.requestAdapter(o)
    } catch (e) {
      return unavailable(`asking for an adapter failed: ${message(e)}`)
    }
  }
  const first = want === "software" ? await ask({ forceFallbackAdapter: true }) : undefined
  const adapter = first ?? (await ask({ powerPreference: "high-performance" }))
  if (!adapter) return unavailable("no WebGPU adapter was found (no GPU, or no Vulkan, Metal or D3D12 driver for it)")
  const what = describe(adapter)
  const software = SOFTWARE.test(what)
  if (want === "hardware" && software)
    return unavailable(`the only adapter is software (${what}), which is used when asked for by name`)
  if (want === "software" && !software) return unavailable(`no software adapter was found, only ${what}`)
  const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits
  try {
    const opened = await adapter.requestDevice({
      requiredLimits: { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize },
    })
    return { device: opened, what, root }
  } catch (e) {
    return unavailable(`${what}: opening the device failed: ${message(e)}`)
  }
}
