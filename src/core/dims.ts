// Arithmetic on dimensions before anything runs, where a dimension may be a name: the run-time twin of typelevel/symbolic.ts.
import type { Dim } from "../../typelevel/dim.ts"

/** The dimension of a plan that is not known before the program runs. */
export const UNKNOWN = "?"

/** f of two sizes; unknown where one is a name. */
const both =
  (f: (a: number, b: number) => number) =>
  (a: Dim, b: Dim): Dim =>
    typeof a === "number" && typeof b === "number" ? f(a, b) : UNKNOWN

export const plus = both((a, b) => a + b)
export const minus = both((a, b) => a - b)
export const times = both((a, b) => a * b)
/** a / b, exactly; undefined where a is not a multiple of b, or (names) is not known to be one. */
export const over = (a: Dim, b: Dim): Dim | undefined =>
  typeof a === "number" && typeof b === "number" ? (b > 0 && a % b === 0 ? a / b : undefined) : UNKNOWN
