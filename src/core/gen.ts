// The small interface of generators that ops draw their examples from. The laws implement it over fast-check's seeds.
import type { DType } from "./dtype.ts"
import type { RawTensor } from "./tensor.ts"

/** What kind of shapes a draw should favour; backends are checked over all of them. */
export type ShapeClass = "small" | "scalar" | "empty" | "ones" | "odd" | "long" | "tall" | "broadcast" | "cube" | "large"
export const shapeClasses: readonly ShapeClass[] = [
  "small",
  "scalar",
  "empty",
  "ones",
  "odd",
  "long",
  "tall",
  "broadcast",
  "cube",
  "large",
]

export interface Values {
  /** Range of values; default -1 to 1 (integers: 0 to 4). */
  readonly lo?: number
  readonly hi?: number
  /** Keep this far from integers (kinks of floor, round). */
  readonly offInteger?: number
}
export interface Gen {
  readonly shapes: ShapeClass
  int(lo: number, hi: number): number
  bool(): boolean
  pick<const T>(from: readonly T[]): T
  /** A shape of a rank in [lo, hi] in the manner of `shapes`; `least`: smallest dim allowed. */
  shape(lo: number, hi: number, least?: number): number[]
  /** Two or more shapes that broadcast together. */
  broadcasting(count: number): number[][]
  /** A leaf of distinct values (no ties, no kinks at 0): finite differences stay honest. */
  tensor(shape: readonly number[], dtype?: DType, values?: Values): RawTensor
}
