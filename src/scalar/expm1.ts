import type { Scalar } from "../core/ir/index.ts"
import { lift } from "./_lift.ts"
import { add } from "./add.ts"
import { exp } from "./exp.ts"
import { mul } from "./mul.ts"
import { tanh } from "./tanh.ts"

/** e^x - 1 = tanh(x / 2) (e^x + 1), which loses nothing where x is small. */
export const expm1: Scalar = {
  name: "expm1",
  arity: 1,
  cost: 50,
  eval: (_, a) => Math.expm1(a!),
  define: (x) => lift(mul)(lift(tanh)(lift(mul)(x!, 0.5)), lift(add)(lift(exp)(x!), 1)),
}
