// Derivatives of every op, in float64.
import { evaluator } from "../../src/backends/reference/index.ts"
import { isFloat } from "../../src/core/index.ts"
import { difference } from "../../src/testing/checkGradients.ts"
import { floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { type Case, close, direction, law, subset } from "./_harness.ts"

const STEP = 1e-4
const moved = (x: readonly Float64Array[], along: readonly (Float64Array | null)[], t: number): Float64Array[] =>
  x.map((v, k) => {
    const d = along[k]
    return d ? v.map((w, i) => w + t * d[i]!) : v
  })
const joined = (ys: readonly Float64Array[]): Float64Array => Float64Array.from(ys.flatMap((y) => [...y]))
/** Which arguments move: all of them in even cases, some in odd ones (the others have no tangent at all). */
const activeOf = (c: Case): boolean[] => (c.seed % 2 === 0 ? [...c.floats] : subset(c.floats, c.next))
const spread = (active: readonly boolean[], ds: readonly Float64Array[]): (Float64Array | null)[] => {
  let at = 0
  return active.map((a) => (a ? ds[at++]! : null))
}

law(
  "jvp = central finite difference",
  (c) => {
    const active = activeOf(c)
    const outs = floatsOf(c.program.outs)
    if (!active.includes(true) || !outs.includes(true)) return false
    const t = direction(
      c.values.filter((_, k) => active[k]),
      c.next,
    )
    const value = evaluator(c.program)
    const along = spread(active, t)
    const want = difference((h) => joined(value(moved(c.values, along, h)).filter((_, k) => outs[k])), STEP)
    const got = evaluator(jvpOf(c.program, active))([...c.values, ...t])
    close("jvp", joined(got.slice(outs.length)), want, 1e-6)
    const primal = value(c.values)
    got.slice(0, outs.length).forEach((y, k) => close(`value beside jvp, output ${k}`, y, primal[k]!, 1e-13))
    return true
  },
  { except: { stopGradient: "its derivative is zero by definition" } },
)

law("<jvp t, c> = <t, vjp c>", (c) => {
  const active = activeOf(c)
  const outs = floatsOf(c.program.outs)
  if (!active.includes(true) || !outs.includes(true)) return false
  const seeded = c.seed % 3 === 0 ? subset(outs, c.next) : outs
  const t = direction(
    c.values.filter((_, k) => active[k]),
    c.next,
  )
  const tangents = evaluator(jvpOf(c.program, active))([...c.values, ...t]).slice(outs.length)
  const kept = tangents.filter((_, j) => seeded[outs.flatMap((o, k) => (o ? [k] : []))[j]!])
  const cts = direction(kept, c.next)
  const back = evaluator(vjpOf(c.program, active, seeded))([...c.values, ...cts])
  let scale = 0
  const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
    a.reduce(
      (s, v, k) =>
        v.reduce((q, w, i) => {
          const term = w * b[k]![i]!
          scale += Math.abs(term)
          return q + term
        }, s),
      0,
    )
  const left = dot(kept, cts)
  const right = dot(t, back)
  if (!(Math.abs(left - right) <= 1e-12 * (1 + scale))) throw new Error(`<jvp t, c> is ${left}, <t, vjp c> is ${right}`)
  return true
})

law(
  "second derivative = finite difference of the gradient",
  (c) => {
    const active = activeOf(c)
    const seeded = floatsOf(c.program.outs)
    if (!active.includes(true) || !seeded.includes(true)) return false
    // The gradient as a function of the arguments and of the cotangent: its derivative has the second derivative and the linear part.
    const gradient = vjpOf(c.program, active, seeded)
    const cts = direction(
      c.program.outs.flatMap((y) => (isFloat(y.dtype) ? [{ length: y.shape.reduce((a, b) => a * b, 1) }] : [])),
      c.next,
    )
    const at = [...c.values, ...cts]
    const moves = [...active, ...cts.map(() => true)]
    const t = direction(
      at.filter((_, k) => moves[k]),
      c.next,
    )
    const value = evaluator(gradient)
    const along = spread(moves, t)
    const want = difference((h) => joined(value(moved(at, along, h))), STEP)
    const got = evaluator(jvpOf(gradient, moves))([...at, ...t]).slice(gradient.outs.length)
    close("jvp of vjp", joined(got), want, 1e-6)
    return true
  },
  { share: 0.5 },
)
