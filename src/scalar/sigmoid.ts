import type { Scalar } from "../core/ir/index.ts"
import { lift } from "./_lift.ts"
import { add } from "./add.ts"
import { div } from "./div.ts"
import { exp } from "./exp.ts"
import { neg } from "./neg.ts"

/** 1 / (1 + e^-x): 0 and 1 at the infinities. */
export const sigmoid: Scalar = {
  name: "sigmoid",
  arity: 1,
  cost: 26,
  eval: (_, a) => 1 / (1 + Math.exp(-a!)),
  define: (x) => lift(div)(1, lift(add)(1, lift(exp)(lift(neg)(x!)))),
}
