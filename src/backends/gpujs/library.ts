// gpu.js as a compiler: kernel source in, WebAssembly or WGSL out. Memory, devices and scheduling are ours. The classes used here are
// exported by gpu.js but not documented; its version is pinned to 2.24.1 and the tests run everything that is used.
import { DeviceUnavailable } from "../errors.ts"

/** gpu.js's own view of a kernel's memory: byte offsets and lengths, baked into the module. */
export interface WasmLayout {
  readonly arrays: Record<string, { index: number; offset: number; dims: [number, number, number]; flatLength: number }>
  readonly scalars: Record<string, { index: number; offset: number; type: "Float" }>
  readonly constantArrays: Record<string, never>
  readonly outputOffset: number
  readonly totalBytes: number
}
interface Translator {
  threadDim: number[]
  setupConstants(): void
  setupArguments(representatives: readonly unknown[]): void
  validateSettings(representatives: readonly unknown[]): void
}
export interface WasmTranslator extends Translator {
  readonly usedMathImports: ReadonlySet<string>
  translateSource(): boolean
  _assembleModule(
    layout: WasmLayout,
    cells: number,
    shared: boolean,
  ): { readonly bytes: Uint8Array<ArrayBuffer>; readonly initial: number; readonly maximum: number }
}
export interface ParamsLayout {
  readonly arrayArgs: readonly { readonly dimsOffset: number }[]
  readonly scalarArgs: readonly { readonly offset: number }[]
  readonly byteLength: number
}
export interface WgslTranslator extends Translator {
  paramsLayout: ParamsLayout
  readonly workgroupSize: readonly [number, number, number]
  translateSource(): void
  computeParamsLayout(): ParamsLayout
  assembleWGSL(): string
}
type Span = (from: number, to: number, seed: number) => unknown
export interface Library {
  readonly input: (values: Float32Array, size: readonly number[]) => unknown
  readonly GPU: new (settings: {
    mode: string
  }) => { createKernel(source: string, settings: object): (...args: unknown[]) => Float32Array | Float32Array[] }
  readonly WebAssemblyKernel: {
    new (source: string, settings: object): WasmTranslator
    readonly isSupported: boolean
    dispatchSpans(run: Span, simd: Span | null, cells: number, width: number, seed: number): void
  }
  readonly WebGPUKernel: new (source: string, settings: object) => WgslTranslator
}
/** The version whose undocumented classes are known. */
const VERSION = "2.24.1"

export const loadLibrary = async (device: string): Promise<Library> => {
  try {
    const module = (await import("gpu.js")) as unknown as { default?: Library } & Library
    return module.default ?? module
  } catch (e) {
    throw new DeviceUnavailable({
      device,
      reason: `the package gpu.js could not be loaded (npm install gpu.js@${VERSION}): ${String(e)}`,
    })
  }
}
const settings = (arrays: number, scalars: number, output: readonly number[]): object => ({
  output: [...output],
  argumentTypes: [...Array<string>(arrays).fill("Input"), ...Array<string>(scalars).fill("Float")],
  loopMaxIterations: 2 ** 24,
  precision: "single",
})
interface Translatable {
  readonly source: string
  readonly inputs: readonly unknown[]
  readonly scalars: readonly unknown[]
  readonly output: readonly number[]
}
/** Parses and type-checks the source; the code is made later, for a memory layout. */
const prepared = <T extends Translator>(library: Library, k: T, s: Translatable): T => {
  const one = new Float32Array(1)
  const representatives = [...s.inputs.map(() => library.input(one, [1])), ...s.scalars.map(() => 0.5)]
  k.setupConstants()
  k.setupArguments(representatives)
  k.validateSettings(representatives)
  k.threadDim = [s.output[0] ?? 1, s.output[1] ?? 1, s.output[2] ?? 1]
  return k
}
export const wasmTranslator = (library: Library, s: Translatable): WasmTranslator => {
  const k = prepared(library, new library.WebAssemblyKernel(s.source, settings(s.inputs.length, s.scalars.length, s.output)), s)
  if (!k.translateSource()) throw new Error(`gpu.js: a kernel has a result that WebAssembly cannot hold:\n${s.source}`)
  return k
}
/** WGSL text, the layout of its uniform parameters and its workgroup. */
export const wgsl = (
  library: Library,
  s: Translatable,
): { readonly code: string; readonly params: ParamsLayout; readonly workgroup: readonly [number, number, number] } => {
  const k = prepared(library, new library.WebGPUKernel(s.source, settings(s.inputs.length, s.scalars.length, s.output)), s)
  k.translateSource()
  k.paramsLayout = k.computeParamsLayout()
  const code = k.assembleWGSL()
  return { code, params: k.paramsLayout, workgroup: k.workgroupSize }
}
