// adjoint: the whole library, with effects.
export { DeviceLost, DeviceUnavailable, Donated, OutOfMemory, UnsupportedOnDevice } from "./backends/errors.ts"
export * as Checkpoint from "./io/index.ts"
export * as Data from "./data/index.ts"
export * from "./pure.ts"
export * from "./runtime/index.ts"
export * as Train from "./train/index.ts"
