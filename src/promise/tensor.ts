// `T` of the promise face: all ops, and run, read and item as promises.
export * from "../tensor.ts"
export { item, read, run } from "./values.ts"
