// Training: the loop, progress, pictures for the terminal.
export * from "./charts.ts"
export * from "./errors.ts"
export { model, type ModelOptions, type PerRow } from "./model.ts"
export * from "./options.ts"
export * from "./progress.ts"
export * from "./terminal.ts"
export {
  type BatchTensors, type EpochReport, evaluate, type History, type Metrics, type Model, predict, type RunOptions, runSession as run, type Session, start,
  stepOf, type StepReport, toTensors, type TrainState, type Variables,
} from "./train.ts"
