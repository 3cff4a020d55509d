// Files of tensors: `Checkpoint`.
export type { Described } from "./describe.ts"
export { CheckpointError } from "./errors.ts"
export type { Entry, Header } from "./header.ts"
export { header, load, restore } from "./load.ts"
export { save } from "./save.ts"
export { typegen } from "./typegen.ts"
