// Statements of the loop IR. A program is a list of them over buffers.
import type { Axis, Ix } from "./ix.ts"
import type { Buf, Expr, Kind } from "./expr.ts"

/** out[at] = value for all values of `axes`; with `accumulate`: out[at] = out[at] (kind) value, in row-major order of the axes. */
export interface Kernel {
  readonly k: "kernel"
  readonly out: Buf
  readonly axes: readonly Axis[]
  readonly at: readonly Ix[]
  readonly value: Expr
  readonly accumulate?: Kind
}
/** Independent rows: the statements inside run in order for each value of the axes; rows may run in parallel. */
export interface Nest {
  readonly k: "nest"
  readonly axes: readonly Axis[]
  readonly body: readonly Kernel[]
}
/** Sequential: t runs outside everything in the body, downwards if `reverse`. */
export interface Loop {
  readonly k: "loop"
  readonly t: Axis
  readonly reverse: boolean
  readonly body: readonly Stmt[]
}
export type Stmt = Kernel | Nest | Loop
