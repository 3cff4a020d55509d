export type { JitOptions } from "./call.ts"
export { Device } from "./device.ts"
export type { GpuMode, GpuOptions, NativeOptions, OpenDevice, WasmOptions } from "./open.ts"
export { item, jit, type Jitted, read, readTree, run, type RunError } from "./jit.ts"
