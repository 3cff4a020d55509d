// Random programs of public ops, as plain data: a seed gives one, JSON repeats one, and one that fails is made smaller by leaving
// things out. Every op is drawn, with arguments from its own generators; tensors among them are exchanged for results of earlier calls,
// cut or padded to the shape that is wanted.
import {
  hostLeaf,
  inline,
  isTensor,
  type Program,
  type RawTensor,
  ShapeError,
  type ShapeClass,
  size,
  trace,
  upto,
} from "../../src/core/index.ts"
import { evaluate } from "../../src/backends/reference/index.ts"
import * as T from "../../src/tensor.ts"
import { gen, uniform } from "../../src/testing/gen.ts"
import { batchOf, floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { subjects } from "../laws/_harness.ts"
import { callOf } from "../laws/_spelling.ts"

export const variants = ["value", "vmap", "jvp", "vjp", "vmap of vjp", "jvp of vjp", "jvp of vmap"] as const
/** A call: its op, what its arguments are drawn from, and for some of its tensors the earlier result that stands for them. */
export interface Call {
  readonly op: string
  readonly seed: number
  readonly shapes: ShapeClass
  readonly wires: readonly (number | null)[]
}
export interface Recipe {
  readonly calls: readonly Call[]
  readonly variant: (typeof variants)[number]
  /** f32 data in f64. */
  readonly wide: boolean
  /** A buffer for every how-many-th value beyond those that need one (0: none), and are rows fused? */
  readonly roots: number
  readonly fuse: boolean
}
const byName = new Map(subjects.map((s) => [s.name, s]))
const often: readonly ShapeClass[] = ["small", "scalar", "ones", "odd", "broadcast", "cube", "empty", "long", "tall"]

/** The recipe of a seed. Consecutive seeds begin with consecutive ops, so that none is left out. */
export const recipeOf = (seed: number): Recipe => {
  const next = uniform(seed)
  const below = (n: number): number => Math.floor(next() * n)
  const chance = (p: number): boolean => next() < p
  const classOf = (): ShapeClass => (chance(0.03) ? "large" : often[below(often.length)]!)
  const shapes = classOf()
  const calls = upto(1 + below(5)).map(
    (k): Call => ({
      op: (k === 0 ? subjects[seed % subjects.length]! : subjects[below(subjects.length)]!).name,
      seed: 1 + below(1_000_000),
      shapes: chance(0.6) ? shapes : classOf(),
      wires: upto(6).map(() => (k > 0 && chance(0.7) ? below(k) : null)),
    }),
  )
  const last = variants.length
  return { calls, variant: variants[below(last)]!, wide: chance(0.15), roots: chance(0.4) ? 1 + below(3) : 0, fuse: chance(0.9) }
}

/** f at every tensor of an argument. */
const mapTensors = (v: unknown, f: (t: RawTensor) => RawTensor): unknown => {
  if (isTensor(v)) return f(v as RawTensor)
  if (Array.isArray(v)) return v.map((w) => mapTensors(w, f))
  if (v === null || typeof v !== "object") return v
  return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, mapTensors(w, f)]))
}
const tensorsOf = (v: unknown): RawTensor[] => {
  const out: RawTensor[] = []
  mapTensors(v, (t) => {
    out.push(t)
    return t
  })
  return out
}
const LARGEST = 20_000
/** Results beyond this go no further: float32 would overflow where the reference does not. */
const MOST = 100
/** t with the shape and dtype of another tensor: its first elements, and zeros after them. */
const fitted = (t: RawTensor, like: RawTensor): RawTensor => {
  const [have, want] = [size(t.shape), size(like.shape)]
  let x: T.AnyTensor = t.dtype === like.dtype ? t : (T.cast(t, like.dtype) as never)
  if (`${t.shape}` !== `${like.shape}`) {
    x = T.reshape(x as never, [have] as never)
    if (want < have) x = T.slice(x as never, [[0, want]] as never)
    if (want > have) x = T.pad(x as never, [[0, want - have]] as never, 0)
    x = T.reshape(x as never, like.shape as never)
  }
  return x as RawTensor
}

export interface Built {
  readonly program: Program
  readonly values: readonly Float64Array[]
  /** The calls as people read them. */
  readonly lines: readonly string[]
  readonly ops: readonly string[]
}
/** The program of a recipe; undefined where its ops refuse what they are given (f64, say), or nothing is left. */
export const build = (r: Recipe): Built | undefined => {
  const leaves: RawTensor[] = []
  const results: (readonly RawTensor[])[] = []
  const outs: RawTensor[] = []
  const lines: string[] = []
  const ops: string[] = []
  for (const c of r.calls) {
    results.push([])
    const s = byName.get(c.op)
    if (!s?.examples) continue
    let at = 0
    const mine: RawTensor[] = []
    const names = new Map<RawTensor, string>()
    const given = mapTensors(s.examples(gen(c.seed, c.shapes)), (drawn) => {
      let t = drawn
      if (r.wide && t.dtype === "f32") t = hostLeaf(evaluate([t])[0]!, t.shape, "f64")
      const wire = c.wires[at++] ?? null
      const from = wire === null ? undefined : results[wire]?.at(c.seed % Math.max(1, results[wire]!.length))
      // an integer stands for a float, never the other way: rounding would decide about it
      if (from && (from.dtype === t.dtype || (from.dtype !== "f64" && floatsOf([t])[0] && !floatsOf([from])[0]))) {
        const x = fitted(from, t)
        names.set(x, `like(p${wire}, ${t.dtype}[${t.shape}])`)
        return x
      }
      mine.push(t)
      return t
    }) as readonly unknown[]
    let found: RawTensor[]
    try {
      found = tensorsOf(s.f(...given))
    } catch (e) {
      if (e instanceof ShapeError) continue
      throw e
    }
    if (found.length === 0 || found.some((t) => size(t.shape) > LARGEST)) continue
    const call = callOf(s, given, (t) => names.get(t as RawTensor) ?? `${t.dtype}[${t.shape}]`) ?? `${s.name}(...)`
    lines.push(`p${results.length - 1} = ${call}`)
    ops.push(s.name)
    leaves.push(...mine)
    outs.push(...found)
    const small = evaluate(found).map((v) => v.every((x) => Math.abs(x) <= MOST))
    results[results.length - 1] = found.filter((_, k) => small[k])
  }
  if (outs.length === 0) return undefined
  return { ...traced(leaves, outs, r), lines, ops }
}

/** The program over fresh placeholders for its data, in the recipe's variant, with values for its parameters. */
const traced = (leaves: readonly RawTensor[], outs: readonly RawTensor[], r: Recipe): Pick<Built, "program" | "values"> => {
  const plain = trace((...x) => inline({ params: leaves, outs }, x), leaves)
  const next = uniform(r.calls[0]!.seed + 1)
  const values = evaluate(leaves)
  const direction = (p: Program, from: number): Float64Array[] =>
    p.params.slice(from).map((t) => Float64Array.from({ length: size(t.shape) }, () => Math.fround(2 * next() - 1)))
  const twice = (vs: readonly Float64Array[]): Float64Array[] => vs.map((v) => Float64Array.from([...v, ...v]))
  const batched = (p: Program): Program =>
    batchOf(
      p,
      p.params.map(() => true),
      2,
    )
  const [ins, results] = [floatsOf(leaves).includes(true), floatsOf(outs).includes(true)]
  const want = ins && results ? r.variant : r.variant.startsWith("v") && r.variant !== "vjp" ? "vmap" : "value"
  switch (want) {
    case "value":
      return { program: plain, values }
    case "vmap":
      return { program: batched(plain), values: twice(values) }
    case "jvp":
    case "vjp": {
      const program = want === "jvp" ? jvpOf(plain) : vjpOf(plain)
      return { program, values: [...values, ...direction(program, values.length)] }
    }
    case "vmap of vjp": {
      const back = vjpOf(plain)
      return { program: batched(back), values: twice([...values, ...direction(back, values.length)]) }
    }
    case "jvp of vjp": {
      const back = vjpOf(plain)
      const program = jvpOf(back)
      return { program, values: [...values, ...direction(program, values.length)] }
    }
    case "jvp of vmap": {
      const program = jvpOf(batched(plain))
      return { program, values: [...twice(values), ...direction(program, values.length)] }
    }
  }
}
