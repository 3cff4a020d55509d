import type { Scalar } from "../core/ir/index.ts"

/** erf(x) in float64, relative error below 8e-16: the Maclaurin series near 0, where its alternating terms hardly cancel, the continued
 *  fraction of erfc (Abramowitz & Stegun 7.1.14) beyond; it converges the slower the smaller x is. */
const erf64 = (x: number): number => {
  const a = Math.abs(x)
  if (Number.isNaN(x) || x === 0) return x
  if (a > 6) return Math.sign(x)
  if (a < 1) {
    let term = x
    let sum = x
    for (let n = 1; n < 120 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let f = 0
  for (let n = a < 2 ? 200 : 80; n > 0; n--) f = n / 2 / (a + f)
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f)))
}
/** Error function 2/sqrt(pi) * integral of e^(-t^2) from 0 to x. Primitive. */
export const erf: Scalar = { name: "erf", arity: 1, cost: 40, eval: (_, a) => erf64(a!) }
