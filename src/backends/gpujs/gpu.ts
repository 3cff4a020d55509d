// The part of the WebGPU interface that is used here, typed. Its own type package declares globals, which a library should not force
// on who uses it.

export interface GpuBuffer {
  readonly size: number
  mapAsync(mode: number): Promise<void>
  getMappedRange(): ArrayBuffer
  unmap(): void
  destroy(): void
}
export type Opaque<Name extends string> = { readonly __name: Name }
export type Pipeline = Opaque<"pipeline">
export type BindGroup = Opaque<"bind group">
export type BindGroupLayout = Opaque<"bind group layout">
export interface ComputePass {
  setPipeline(p: Pipeline): void
  setBindGroup(index: number, group: BindGroup, offsets: readonly number[]): void
  dispatchWorkgroups(x: number, y: number, z: number): void
  end(): void
}
export interface Encoder {
  beginComputePass(): ComputePass
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, bytes: number): void
  finish(): Opaque<"commands">
}
interface Message {
  readonly type: string
  readonly message: string
  readonly lineNum: number
}
export interface ShaderModule {
  getCompilationInfo(): Promise<{ readonly messages: Iterable<Message> }>
}
export interface GpuLimits {
  readonly maxStorageBuffersPerShaderStage: number
  readonly maxStorageBufferBindingSize: number
  readonly maxBufferSize: number
  readonly maxComputeWorkgroupsPerDimension: number
  readonly minUniformBufferOffsetAlignment: number
}
export interface GpuDevice {
  readonly limits: GpuLimits
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>
  onuncapturederror: ((e: { readonly error: { readonly message: string } }) => void) | null
  readonly queue: {
    submit(commands: readonly Opaque<"commands">[]): void
    writeBuffer(b: GpuBuffer, offset: number, data: ArrayBufferView | ArrayBuffer): void
    onSubmittedWorkDone(): Promise<void>
  }
  createBuffer(o: { readonly size: number; readonly usage: number }): GpuBuffer
  createShaderModule(o: { readonly code: string }): ShaderModule
  createBindGroupLayout(o: { readonly entries: readonly object[] }): BindGroupLayout
  createPipelineLayout(o: { readonly bindGroupLayouts: readonly BindGroupLayout[] }): Opaque<"pipeline layout">
  createComputePipelineAsync(o: object): Promise<Pipeline>
  createBindGroup(o: { readonly layout: BindGroupLayout; readonly entries: readonly object[] }): BindGroup
  createCommandEncoder(): Encoder
  pushErrorScope(filter: "validation" | "out-of-memory" | "internal"): void
  popErrorScope(): Promise<{ readonly message: string } | null>
  destroy(): void
}
export interface GpuAdapter {
  readonly limits: GpuLimits
  readonly info: { readonly vendor: string; readonly architecture: string; readonly device: string; readonly description: string }
  requestDevice(o: { readonly requiredLimits: Readonly<Record<string, number>> }): Promise<GpuDevice>
}
export interface Gpu {
  requestAdapter(o?: { readonly powerPreference?: string; readonly forceFallbackAdapter?: boolean }): Promise<GpuAdapter | null>
}
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const
export const MAP_READ = 1
export const COMPUTE_STAGE = 4
