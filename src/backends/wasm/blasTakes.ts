// Which contractions BLAS takes: matrices where they lie, and convolutions, whose lines are copied first. The rest stay with the packed
// product (gemm.ts).
import type { Takes } from "./blas.ts"
import { emitLines, lineUnits, planLines } from "./blasLines.ts"
import { emitBlas, planBlas } from "./blasMatrices.ts"

/** `least`: multiplications below which a product stays here; 0: all that can be handed over are, even if it does not pay. Below 2^15
 *  the call (0.3 microseconds) and the packing inside BLAS cost more than they gain. */
export const takesFrom =
  (least = 2 ** 15): Takes =>
  (product, target) => {
    const matrices = planBlas(product, target, least)
    if (matrices)
      return {
        bytes: matrices.scratch.bytes,
        emit: (f, _, call, operands, epilogue) => emitBlas(f, call, matrices, operands, epilogue),
      }
    const lines = planLines(product, target, least)
    return (
      lines && {
        bytes: lines.scratch.bytes,
        units: lineUnits(lines),
        emit: (f, kernels, call, operands, epilogue) => emitLines(f, kernels, call, lines, operands, epilogue),
      }
    )
  }
