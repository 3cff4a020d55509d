// Training: the loop, progress, pictures for the terminal.
export * from "./charts.ts"
export * from "./errors.ts"
export { evaluate, predict } from "./evaluate.ts"
export { model, type ModelOptions, type PerRow } from "./model.ts"
export * from "./options.ts"
export * from "./progress.ts"
export { type EpochReport, type History, type RunOptions, runSession as run, type StepReport } from "./run.ts"
export {
  type BatchTensors,
  type Metrics,
  type Model,
  type Position,
  type Session,
  start,
  stepOf,
  toTensors,
  type TrainState,
  type Variables,
} from "./session.ts"
export * from "./terminal.ts"
