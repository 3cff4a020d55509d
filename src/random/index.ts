// Random numbers as pure expressions of keys. Threefry-2x32, so the same bits on every backend.
export { bernoulli } from "./bernoulli.ts"
export { fold, hash, key, type Key, split } from "./key.ts"
export { normal, truncatedNormal } from "./normal.ts"
export { bits, uniform } from "./uniform.ts"
