// What the compiler hands to a backend.
import type { Buf, Stmt } from "../core/ir/index.ts"
import type { Contraction } from "./contraction.ts"

/** Limits of a target, given to the lowering as data. */
export interface Limits {
  /** Most buffers that one kernel may read. */
  readonly reads: number
  /** Whether it has float64 at all. */
  readonly f64: boolean
  /** Whether statements may fill a buffer part by part, and parts lie anywhere in it. */
  readonly parts: boolean
  /** Does it compute those factors of this contraction that are expressions itself, better than a pass of their own would? Absent: factors
   *  are in memory. */
  readonly computes?: ((c: Contraction) => boolean) | undefined
}
/** Offset of a temporary in the arena, in bytes. */
export interface Placed {
  readonly buf: Buf
  readonly offset: number
}
/** A program as statements over buffers. */
export interface Lowered {
  readonly stmts: readonly Stmt[]
  /** The program's parameters, then the data leaves it captured. Never written, unless an output shares their memory. */
  readonly args: readonly Buf[]
  /** Results. All distinct, and distinct from `args`. */
  readonly outs: readonly Buf[]
  /** outs[k] occupies the memory of the donated args[alias[k]]; the statements are ordered so that nothing is read after it is overwritten.
   *  The kernel that writes outs[k] may itself read the old value, at the very element that it writes (an update): code that builds a value
   *  piece by piece in the output's memory must look. `redundant` finds copies that shared memory makes superfluous. */
  readonly alias: readonly (number | undefined)[]
  readonly temps: readonly Placed[]
  /** Bytes of the arena that holds the temporaries. */
  readonly arena: number
  /** Bytes that are live at the worst statement: no plan can need less. */
  readonly bound: number
}
