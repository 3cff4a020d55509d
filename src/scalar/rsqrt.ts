import type { Scalar } from "../core/ir/index.ts"
import { lift } from "./_lift.ts"
import { div } from "./div.ts"
import { sqrt } from "./sqrt.ts"

/** 1 / sqrt(x). */
export const rsqrt: Scalar = {
  name: "rsqrt",
  arity: 1,
  cost: 8,
  eval: (_, a) => 1 / Math.sqrt(a!),
  define: (x) => lift(div)(1, lift(sqrt)(x!)),
}
