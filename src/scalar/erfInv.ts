import { call, type Expr, type Scalar } from "../core/ir/index.ts"
import { lift } from "./_lift.ts"
import { abs } from "./abs.ts"
import { add } from "./add.ts"
import { eq } from "./eq.ts"
import { erf } from "./erf.ts"
import { exp } from "./exp.ts"
import { log } from "./log.ts"
import { lt } from "./lt.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"
import { sqrt } from "./sqrt.ts"
import { sub } from "./sub.ts"
import { where } from "./where.ts"

// Giles 2010, table 5: coefficients in w - 2.5 where w < 5, in sqrt(w) - 3 elsewhere; w = -log((1 - x)(1 + x)).
const middle = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727,
  1.50140941,
]
const tails = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406,
  2.83297682,
]

const approximate = (x: number): number => {
  const w = -Math.log((1 - x) * (1 + x))
  const v = w < 5 ? w - 2.5 : Math.sqrt(w) - 3
  return x * (w < 5 ? middle : tails).reduce((p, c) => p * v + c, 0)
}
/** Newton's steps make float64 of the seven digits that the polynomial gives. */
const erfInv64 = (x: number): number => {
  if (Math.abs(x) >= 1 || x === 0 || Number.isNaN(x)) return Math.abs(x) === 1 ? x * Infinity : x === 0 ? x : NaN
  let y = approximate(x)
  for (let k = 0; k < 3; k++) y -= (erf.eval("f64", y) - x) * (Math.sqrt(Math.PI) / 2) * Math.exp(y * y)
  return y
}
const define = (x: Expr): Expr => {
  const w = lift(neg)(lift(log)(lift(mul)(lift(sub)(1, x), lift(add)(1, x))))
  const inner = lift(lt)(w, 5)
  const choose = (a: Expr, b: Expr): Expr => call(where, [inner, a, b])
  const v = choose(lift(sub)(w, 2.5), lift(sub)(lift(sqrt)(w), 3))
  const coefficient = (k: number): Expr => choose(constant(middle[k]!, x), constant(tails[k]!, x))
  let p = coefficient(0)
  for (let k = 1; k < middle.length; k++) p = lift(add)(lift(mul)(p, v), coefficient(k))
  let y = lift(mul)(p, x)
  if (x.dtype === "f64")
    for (let k = 0; k < 2; k++) {
      const step = lift(mul)(lift(mul)(lift(sub)(lift(erf)(y), x), Math.sqrt(Math.PI) / 2), lift(exp)(lift(mul)(y, y)))
      y = lift(sub)(y, step)
    }
  return call(where, [lift(eq)(lift(abs)(x), 1), lift(mul)(x, Infinity), y])
}
const constant = (v: number, like: Expr): Expr => ({ k: "num", dtype: like.dtype, v })

/** The inverse of erf; infinite at -1 and 1, NaN outside. */
export const erfInv: Scalar = { name: "erfInv", arity: 1, cost: 70, eval: (_, a) => erfInv64(a!), define: (x) => define(x!) }
