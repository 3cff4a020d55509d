// adjoint/promise: the same names as promises, and all that needs no effect. What is an effect (Train, Data, Checkpoint) comes from
// adjoint; a session runs it: `await s.effect(Train.run(...))`. So this entry does not load Effect.
export * from "./pure.ts"
export * as T from "./promise/tensor.ts"
export { type DeviceName, item, jit, read, run, type Session, session, type SessionOptions } from "./promise/values.ts"
