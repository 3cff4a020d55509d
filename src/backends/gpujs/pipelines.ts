// Kernels as compute pipelines: gpu.js writes the WGSL, the device compiles it, once per text.
import type { KernelSource } from "./emit.ts"
import { type BindGroupLayout, COMPUTE_STAGE, type GpuDevice, type Pipeline } from "./gpu.ts"
import { type Library, type ParamsLayout, wgsl } from "./library.ts"

export interface GpuKernel {
  readonly pipeline: Pipeline
  readonly layout: BindGroupLayout
  readonly params: ParamsLayout
  readonly workgroup: readonly [number, number, number]
}
const KEPT = 4096
/** WGSL of our own: its parameters are two addresses. */
const OWN = (code: string) =>
  ({ code, params: { arrayArgs: [], scalarArgs: [], byteLength: 16 }, workgroup: [16, 16, 1] }) as const

export const pipelines = (library: Library, gpu: GpuDevice) => {
  const kernels = new Map<string, Promise<GpuKernel>>()
  const layouts = new Map<number, BindGroupLayout>()
  /** Binding 0: parameters, at an offset chosen at each dispatch (a loop's index is one of them); then the inputs; then the output. */
  const layoutOf = (inputs: number): BindGroupLayout => {
    let l = layouts.get(inputs)
    const entry = (binding: number, buffer: object): object => ({ binding, visibility: COMPUTE_STAGE, buffer })
    if (!l) {
      l = gpu.createBindGroupLayout({
        entries: [
          entry(0, { type: "uniform", hasDynamicOffset: true }),
          ...Array.from({ length: inputs }, (_, k) => entry(1 + k, { type: "read-only-storage" })),
          entry(1 + inputs, { type: "storage" }),
        ],
      })
      layouts.set(inputs, l)
    }
    return l
  }
  const build = async (s: KernelSource): Promise<GpuKernel> => {
    const { code, params, workgroup } = s.wgsl ? OWN(s.source) : wgsl(library, s)
    const layout = layoutOf(s.inputs.length)
    const module = gpu.createShaderModule({ code })
    try {
      const pipeline = await gpu.createComputePipelineAsync({
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      })
      return { pipeline, layout, params, workgroup }
    } catch (e) {
      const said = [...(await module.getCompilationInfo()).messages].map((m) => `${m.lineNum}: ${m.message}`).join("\n")
      throw new Error(`gpujs-webgpu: a generated kernel does not compile: ${said || String(e)}\n${s.source}\n${code}`)
    }
  }
  return (s: KernelSource): Promise<GpuKernel> => {
    const key = `${s.output.length}\n${s.source}`
    const hit = kernels.get(key)
    const k = hit ?? build(s)
    kernels.delete(key)
    kernels.set(key, k)
    if (kernels.size > KEPT) kernels.delete(kernels.keys().next().value!)
    return k
  }
}
