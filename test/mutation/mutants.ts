// All mutants: plausible mistakes of a programmer, one at a time, each with the suite that must fail.
import { attentionDerivatives, attentionTypes } from "./attention.ts"
import { backends } from "./backends.ts"
import { derivatives } from "./derivatives.ts"
import { division } from "./division.ts"
import { kernels } from "./kernels.ts"
import { loopMutants } from "./loops.ts"
import { patterns } from "./patterns.ts"
import { prologues } from "./prologues.ts"
import { runtime } from "./runtime.ts"
import type { Kind, Mutant } from "./suites.ts"
import { symbolicTwins, symbolicTypes } from "./symbolic.ts"
import { types } from "./types.ts"
import { windows } from "./windows.ts"

export const mutants: Readonly<Record<Kind, readonly Mutant[]>> = {
  type: [...types, ...windows, ...patterns, ...attentionTypes, ...symbolicTypes],
  derivative: [...derivatives, ...attentionDerivatives],
  kernel: [...kernels, ...loopMutants, ...backends, ...division, ...prologues, ...runtime, ...symbolicTwins],
}
