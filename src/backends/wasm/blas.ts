// Contractions handed to a BLAS on the same memory: what a program knows of it. How is decided elsewhere (blasTakes.ts), which is loaded with
// the library.
import type { Code, Func } from "./asm.ts"
import type { Block, Operands } from "./gemm.ts"
import type { Product, Target } from "./gemmPlan.ts"
import type { Kernels } from "./microkernel.ts"

/** The imported function: (transposeA, transposeB, m, n, k, a, lda, b, ldb, beta, c, ldc): C = A B + beta C over row-major matrices at
 *  byte addresses, row distances in floats; beta is 0 or 1. */
export type Call = Func<readonly "i32"[], "none">
export const SGEMM = { name: "sgemm", params: Array.from({ length: 12 }, () => "i32" as const) }

/** A product that BLAS takes. */
export interface Taken {
  /** Of scratch. */
  readonly bytes: number
  /** Where its rows must be divided in other units than single rows: how many things, and the unit. Then columns are not divided. */
  readonly units?: readonly [count: number, unit: number]
  /** The calls, inlined into f, as `emitGemm`: `epilogue` is emitted where a block of rows is complete. */
  readonly emit: (f: Code, kernels: Kernels, call: Call, operands: Operands, epilogue?: (block: Block) => void) => void
}
/** Undefined where the product stays here. */
export type Takes = (product: Product, target: Target) => Taken | undefined
export interface Blas {
  readonly call: Call
  readonly takes: Takes
  /** Products of the program that became calls, so far. */
  products: number
}
