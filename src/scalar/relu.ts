import type { Scalar } from "../core/ir/index.ts"
import { lift } from "./_lift.ts"
import { max } from "./max.ts"

/** max(x, 0). */
export const relu: Scalar = { name: "relu", arity: 1, cost: 1, eval: (_, a) => Math.max(a!, 0), define: (x) => lift(max)(x!, 0) }
