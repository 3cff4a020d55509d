// Data: sets of images, datasets in memory, streams of batches.
export * from "./dataset.ts"
export * from "./digits.ts"
export * from "./errors.ts"
export * from "./idx.ts"
export * from "./images.ts"
