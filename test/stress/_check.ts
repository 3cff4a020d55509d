// A random program on wasm against the reference: how far it may be off is measured as for the laws (laws/_judge.ts), by what random
// errors in every rounding do to it. With two threads it must have the bits of one.
import type { Backend, Compiled, DeviceBuffer } from "../../src/backends/backend.ts"
import { evaluator } from "../../src/backends/reference/index.ts"
import { lower } from "../../src/compiler/index.ts"
import { captured, hostArray, isFloat, type Program, type RawTensor, storageOf, topo } from "../../src/core/index.ts"
import { uniform } from "../../src/testing/gen.ts"
import { build, type Recipe } from "./_random.ts"

/** Where float32 may overflow inside and the reference does not, nothing is said. */
const LARGEST = 1e15

const runOn = (device: Backend, program: Program, x: readonly Float64Array[], r: Recipe): Float64Array[] => {
  // Which values get buffers depends on their place in the program alone.
  const place = new Map<unknown, number>()
  if (r.roots > 0) topo(program.outs).forEach((n, k) => place.set(n, k))
  const roots = (t: RawTensor): boolean => ((place.get(t.node) ?? t.shape.length) + t.k) % r.roots === 0
  const options = { limits: device.limits, fuse: r.fuse, ...(r.roots > 0 && { roots }) }
  const exe = device.compile({ program, lowered: () => lower(program, options) }) as Compiled
  const data = captured(program)
  const given = [...x, ...data.map((t) => storageOf(t)!.host!)]
  const args: DeviceBuffer[] = []
  let outs: readonly DeviceBuffer[] = []
  try {
    for (const [k, t] of [...program.params, ...data].entries()) {
      const h = hostArray(t.dtype, given[k]!.length)
      h.set(given[k]!)
      args.push(device.upload(h, t) as DeviceBuffer)
    }
    outs = exe.run(
      args,
      args.map(() => false),
    ) as readonly DeviceBuffer[]
    return outs.map((b) => Float64Array.from(device.download(b) as ArrayLike<number>))
  } finally {
    for (const b of [...args, ...outs]) device.free(b)
    exe.dispose()
  }
}
/** Allowed errors: twice what the samples scatter, and a few units in the last place; infinite where a sample says nothing. */
const allowances = (
  program: Program,
  x: readonly Float64Array[],
  value: readonly Float64Array[],
  ulp: number,
  samples: number,
) => {
  const narrow = topo(program.outs).some((n) => n.outs.some((t) => t.dtype === "f32"))
  const unit = narrow ? 2 ** -23 : 2 ** -52
  const next = uniform(20_261_121)
  const noisy = evaluator(program, { rounding: (u) => (v) => v * (1 + ulp * u * unit * (2 * next() - 1)) })
  const allowed = value.map((v, k) =>
    v.map((w) => {
      if (!isFloat(program.outs[k]!.dtype)) return 0
      return Math.abs(w) < LARGEST ? 8 * ulp * unit * Math.abs(w) + 2 ** -120 : Number.POSITIVE_INFINITY
    }),
  )
  for (let s = 0; s < samples; s++)
    noisy(x).forEach((y, k) => {
      const a = allowed[k]!
      y.forEach((v, i) => {
        const w = value[k]![i]!
        const d = v === w || (Number.isNaN(v) && Number.isNaN(w)) ? 0 : 2 * Math.abs(v - w)
        if (Number.isNaN(d) || d > a[i]!) a[i] = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d
      })
    })
  return allowed
}
/** The first element that is further off than allowed. */
const wrong = (got: readonly Float64Array[], value: readonly Float64Array[], allowed: readonly Float64Array[]): string => {
  for (const [k, y] of got.entries()) {
    if (y.length !== value[k]!.length) return `output ${k}: ${y.length} elements, wanted ${value[k]!.length}`
    const bad = y.findIndex((v, i) => {
      const w = value[k]![i]!
      const same = v === w || (Number.isNaN(v) && Number.isNaN(w))
      return !same && allowed[k]![i] !== Number.POSITIVE_INFINITY && !(Math.abs(v - w) <= allowed[k]![i]!)
    })
    if (bad >= 0) return `output ${k}: element ${bad} is ${y[bad]}, wanted ${value[k]![bad]} within ${allowed[k]![bad]}`
  }
  return ""
}
const differ = (a: readonly Float64Array[], b: readonly Float64Array[]): string => {
  for (const [k, y] of a.entries()) {
    const bad = y.findIndex((v, i) => !Object.is(v, b[k]![i]))
    if (bad >= 0) return `output ${k}: element ${bad} is ${y[bad]} on one thread, ${b[k]![bad]} on two`
  }
  return ""
}

export interface Checked {
  readonly ops: readonly string[]
  /** What is wrong; empty: nothing. */
  readonly said: string
  /** Is it only that rounding decides? More and larger random errors explain it. */
  readonly touchy: boolean
}
/** Undefined where the recipe gives no program. */
export const check = (r: Recipe, one: Backend, two: Backend): Checked | undefined => {
  const built = build(r)
  if (!built) return undefined
  const { program, values, ops } = built
  try {
    const value = evaluator(program)(values)
    const got = runOn(one, program, values, r)
    const again = differ(got, runOn(two, program, values, r))
    if (again) return { ops, said: again, touchy: false }
    const said = wrong(got, value, allowances(program, values, value, 1, 4))
    const touchy = said !== "" && wrong(got, value, allowances(program, values, value, 4, 64)) === ""
    return { ops, said: touchy ? "" : said, touchy }
  } catch (e) {
    return { ops, said: `throws: ${(e as Error).stack ?? e}`, touchy: false }
  }
}

/** Recipes with one thing less. */
function* smaller(r: Recipe): Generator<Recipe> {
  for (const k of r.calls.keys()) {
    const moved = (w: number | null): number | null => (w === null || w === k ? null : w > k ? w - 1 : w)
    if (r.calls.length > 1) yield { ...r, calls: r.calls.toSpliced(k, 1).map((c) => ({ ...c, wires: c.wires.map(moved) })) }
  }
  for (const [k, c] of r.calls.entries())
    for (const [j, w] of c.wires.entries())
      if (w !== null) yield { ...r, calls: r.calls.with(k, { ...c, wires: c.wires.with(j, null) }) }
  if (r.variant !== "value") yield { ...r, variant: "value" }
  if (r.variant.includes(" of ")) for (const variant of ["vmap", "jvp", "vjp"] as const) yield { ...r, variant }
  if (r.wide) yield { ...r, wide: false }
  if (r.roots > 0) yield { ...r, roots: 0 }
  if (!r.fuse) yield { ...r, fuse: true }
  for (const [k, c] of r.calls.entries())
    if (c.shapes !== "small") yield { ...r, calls: r.calls.with(k, { ...c, shapes: "small" }) }
}
/** The smallest recipe found that fails. */
export const shrunk = (r: Recipe, fails: (r: Recipe) => boolean): Recipe => {
  for (const s of smaller(r)) if (fails(s)) return shrunk(s, fails)
  return r
}
