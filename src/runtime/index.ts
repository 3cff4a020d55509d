export { Device, type GpuMode, type GpuOptions, type OpenDevice } from "./device.ts"
export { item, jit, type Jitted, type JitOptions, read, readTree, run, type RunError } from "./jit.ts"
