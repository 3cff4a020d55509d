// Programs made of one case, and how far a backend's results may be from the reference's: by what rounding does to the program, and
// that is measured, not guessed. The reference runs it again with every rounding replaced by a random error of up to `ulp` units in the
// last place, and the terms of sums in a random order (Monte Carlo arithmetic, Parker 1997): an ill-conditioned element scatters, a
// well-conditioned one does not.
import { evaluate, evaluator } from "../../src/backends/reference/index.ts"
import {
  flatten,
  hostLeaf,
  isFloat,
  type Program,
  type ShapeClass,
  ShapeError,
  shapeClasses,
  size,
  unflatten,
} from "../../src/core/index.ts"
import { uniform } from "../../src/testing/gen.ts"
import { batchOf, floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { type Case, direction, draw, drawArgs, programOf, type Subject, subjects, text } from "./_harness.ts"

const SAMPLES = 8

export interface Part {
  readonly title: string
  readonly program: Program
  readonly x: readonly Float64Array[]
}
export interface Judged extends Part {
  readonly value: readonly Float64Array[]
  /** Allowed error of each element. */
  readonly allowed: readonly Float64Array[]
}
type Source = Pick<Case, "program" | "leaves" | "values" | "next">

const partsOf = (c: Source, title: string): Part[] => {
  const n = c.leaves.length
  const fill = (p: Program): Float64Array[] =>
    direction(
      p.params.slice(n).map((t) => ({ length: size(t.shape) })),
      c.next,
    ).map((v) => v.map(Math.fround))
  const twice = (vs: readonly Float64Array[]): Float64Array[] => vs.map((v) => Float64Array.from([...v, ...v]))
  const on = c.leaves.map(() => true)
  const part = (what: string, program: Program, x: readonly Float64Array[]): Part => ({
    title: `${what} of ${title}`,
    program,
    x,
  })
  const parts = [part("value", c.program, c.values), part("vmap", batchOf(c.program, on, 2), twice(c.values))]
  if (!floatsOf(c.leaves).includes(true) || !floatsOf(c.program.outs).includes(true)) return parts
  const f = jvpOf(c.program)
  const b = vjpOf(c.program)
  const bx = fill(b)
  return [
    ...parts,
    part("jvp", f, [...c.values, ...fill(f)]),
    part("vjp", b, [...c.values, ...bx]),
    part("vmap of vjp", batchOf(b, [...on, ...bx.map(() => true)], 2), [...twice(c.values), ...twice(bx)]),
  ]
}
/** The case with its f32 tensors in f64; undefined where the op has no f64, or nothing changes. */
const inF64 = (s: Subject, seed: number, shapes: ShapeClass): Source | undefined => {
  const { leaves: given, spec } = flatten(drawArgs(s, seed, shapes))
  if (!given.some((t) => t.dtype === "f32")) return undefined
  const values = evaluate(given)
  const args = unflatten(
    spec,
    given.map((t, k) => (t.dtype === "f32" ? hostLeaf(values[k]!, t.shape, "f64") : t)),
  )
  try {
    const { program, leaves } = programOf(s, args as readonly unknown[])
    return { program, leaves, values, next: uniform(seed) }
  } catch (e) {
    if (e instanceof ShapeError) return undefined
    throw e
  }
}
const judged = (p: Part, ulp: number): Judged => {
  const value = evaluator(p.program)(p.x)
  const wide = p.program.params.some((t) => t.dtype === "f64")
  const unit = wide ? 2 ** -52 : 2 ** -23
  const next = uniform(20_261_120)
  const noisy = evaluator(p.program, {
    rounding: (u) => (v) => v * (1 + u * unit * (2 * next() - 1)),
    below: (n) => Math.floor(next() * n),
  })
  // Integers and bools are exact, unless rounding decides about them (which the samples show).
  const allowed = value.map((v, k) =>
    v.map((w) => (isFloat(p.program.outs[k]!.dtype) ? ulp * unit * Math.abs(w) + 2 ** -126 : 0)),
  )
  for (let s = 0; s < SAMPLES; s++)
    noisy(p.x).forEach((y, k) => {
      const a = allowed[k]!
      y.forEach((v, i) => {
        const d = 2 * Math.abs(v - value[k]![i]!)
        if (d > a[i]!) a[i] = d
      })
    })
  return { ...p, value, allowed }
}
const same = (a: number, b: number, allowed: number): boolean =>
  a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= allowed
/** Sentences about results that are further from the reference's than allowed. */
export const compare = (parts: readonly Judged[], got: readonly Float64Array[]): string[] => {
  const wanted = parts.flatMap((p) => p.value.map((w, k) => ({ title: `${p.title}, output ${k}`, w, allowed: p.allowed[k]! })))
  return got.flatMap((y, k) => {
    const { title, w, allowed } = wanted[k]!
    if (y.length !== w.length) return [`${title}: ${y.length} elements, wanted ${w.length}`]
    const bad = y.findIndex((v, i) => !same(v, w[i]!, allowed[i]!))
    return bad < 0 ? [] : [`${title}: element ${bad} is ${y[bad]}, wanted ${w[bad]} within ${allowed[bad]}`]
  })
}

// Two cases of each class of shapes, of the costly classes one; in f64 three classes.
const costly: readonly ShapeClass[] = ["large", "long", "tall"]
const wideClasses: readonly ShapeClass[] = ["small", "odd", "long"]
const cases = new Map<Subject, readonly Judged[]>()
/** All that backends are asked about an op: value, vmap, jvp, vjp, vmap of vjp, over all classes of shapes. */
export const casesOf = (s: Subject): readonly Judged[] => {
  const known = cases.get(s)
  if (known) return known
  const classes = subjects.includes(s) ? shapeClasses : (["small", "odd"] as const)
  const named = (c: Source, shapes: ShapeClass, seed: number): Part[] =>
    partsOf(c, `${s.name}(${c.leaves.map(text).join(", ")}), ${shapes} ${seed}`)
  const narrow = classes.flatMap((shapes, k) =>
    (costly.includes(shapes) ? [100 + k] : [100 + k, 200 + k]).flatMap((seed) => named(draw(s, seed, shapes), shapes, seed)),
  )
  const wide = wideClasses.flatMap((shapes, k) => {
    const c = inF64(s, 300 + k, shapes)
    return c ? named(c, shapes, 300 + k) : []
  })
  const parts = [...narrow, ...wide].map((p) => judged(p, s.op.ulp ?? 2))
  cases.set(s, parts)
  return parts
}
