// Derivatives of every op, in float64.
import { evaluator } from "../../src/backends/reference/index.ts"
import { type Aval, isFloat, makeAll, type Node, type RawTensor, raw, same, topo, trace } from "../../src/core/index.ts"
import { difference } from "../../src/testing/checkGradients.ts"
import { floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { type Case, close, direction, law, subset, text } from "./_harness.ts"

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

/** A scalar product, and the sum of its terms' magnitudes. */
const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): readonly [value: number, scale: number] => {
  let [value, scale] = [0, 0]
  a.forEach((v, k) =>
    v.forEach((w, i) => {
      const term = w * b[k]![i]!
      value += term
      scale += Math.abs(term)
    }),
  )
  return [value, scale]
}
type Product = ReturnType<typeof dot>
const equal = ([p, r]: Product, [q, s]: Product, names: readonly [string, string], tolerance: number): void => {
  if (!(Math.abs(p - q) <= tolerance * (1 + r + s))) throw new Error(`${names[0]} is ${p}, ${names[1]} is ${q}`)
}
/** Equal values in another shape are another tensor. */
const sameKind = (what: string, got: Aval, wanted: Aval): void => {
  if (got.dtype !== wanted.dtype || !same(got.shape, wanted.shape))
    throw new Error(`${what} is ${text(got)}, not ${text(wanted)}`)
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
    const forward = jvpOf(c.program, active)
    forward.outs.slice(outs.length).forEach((g, k) => sameKind(`tangent ${k}`, g, c.program.outs.filter((_, j) => outs[j])[k]!))
    const got = evaluator(forward)([...c.values, ...t])
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
  const gradient = vjpOf(c.program, active, seeded)
  const moving = c.leaves.filter((_, k) => active[k])
  gradient.outs.forEach((g, k) => sameKind(`cotangent ${k}`, g, moving[k]!))
  const back = evaluator(gradient)([...c.values, ...cts])
  equal(dot(kept, cts), dot(t, back), ["<jvp t, c>", "<t, vjp c>"], 1e-12)
  return true
})

// A jvp builds few nodes of most ops, so the law above does not ask every rule of transposition (`sub` is transposed where another op's
// derivative contains it). An op that is linear in an argument, or affine, has the exact derivative f(x + t) - f(x).
law(
  "<f(x + t) - f(x), c> = <t, transpose c>, for each argument that is transposed",
  (c, s) => {
    const rule = s.op.transpose
    if (!rule) return false
    let spoke = false
    for (const n of topo(c.program.outs)) {
      if (n.op !== (s.op as Node["op"]) || !floatsOf(n.outs).includes(true)) continue
      const x = evaluator({ params: c.program.params, outs: n.ins })(c.values)
      const f = evaluator(trace((...ins) => makeAll(n.op, ins, n.attrs), n.ins))
      const y = f(x)
      const cts = direction(y, c.next)
      n.ins.forEach((like, k) => {
        if (!isFloat(like.dtype)) return
        const lin = n.ins.map((_, j) => j === k)
        let found: RawTensor | undefined
        const adjoint = trace(
          (...v) => {
            const [ins, given] = [v.slice(0, n.ins.length), v.slice(n.ins.length)]
            const r = rule({ ct: given[0]!, cts: given, ins, lin, attrs: n.attrs })[k]
            found = r ? raw(r) : undefined
            return found ? [found] : []
          },
          [...n.ins, ...n.outs],
        )
        if (!found) return // a constant here, as the divisor of a quotient is
        sameKind(`the cotangent of argument ${k}`, found, like)
        const [t] = direction([x[k]!], c.next) as [Float64Array]
        const there = f(
          x.with(
            k,
            x[k]!.map((v, i) => v + t[i]!),
          ),
        )
        const moved = there.map((v, j) => v.map((w, i) => w - y[j]![i]!))
        equal(
          dot(moved, cts),
          dot([t], evaluator(adjoint)([...x, ...cts])),
          [`<f(x + t) - f(x), c>`, `<t, transpose c>, argument ${k},`],
          1e-10,
        )
        spoke = true
      })
    }
    return spoke
  },
  {
    share: 0.5,
    about: (s) => s.op.transpose !== undefined,
    except: { scan: "linear only in the bodies that a jvp builds; the law above transposes those" },
  },
)

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
