// adjoint/promise: the same names as promises.
export * from "./pure.ts"
export * as T from "./promise/tensor.ts"
export { type DeviceName, item, jit, read, run, type Session, session, type SessionOptions } from "./promise/values.ts"
