import type { Scalar } from "../core/ir/index.ts"
import { abs } from "./abs.ts"
import { lift } from "./_lift.ts"
import { add } from "./add.ts"
import { exp } from "./exp.ts"
import { log1p } from "./log1p.ts"
import { max } from "./max.ts"
import { neg } from "./neg.ts"

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|), which neither overflows nor loses small values. */
export const softplus: Scalar = {
  name: "softplus",
  arity: 1,
  cost: 50,
  eval: (_, a) => Math.max(a!, 0) + Math.log1p(Math.exp(-Math.abs(a!))),
  define: (x) => lift(add)(lift(max)(x!, 0), lift(log1p)(lift(exp)(lift(neg)(lift(abs)(x!))))),
}
