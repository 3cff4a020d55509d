// adjoint/promise: the same names as promises.
/** Its programs are effects: a session runs them, `await s.effect(Checkpoint.load(...))`. */
export * as Checkpoint from "./io/index.ts"
export * as Data from "./data/index.ts"
export * from "./pure.ts"
export * as T from "./promise/tensor.ts"
export { type DeviceName, item, jit, read, run, type Session, session, type SessionOptions } from "./promise/values.ts"
/** Its programs are effects: a session runs them, `await s.effect(Train.run(...))`. */
export * as Train from "./train/index.ts"
