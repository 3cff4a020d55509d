// Every backend computes what the reference computes: value, forward and backward derivatives and batches of every op, over all
// classes of shapes, many cases in one compiled program. ADJOINT_BACKEND=wasm for one of them.
//
// How far may they differ? By what float32 arithmetic does to the program, and that is measured, not guessed: the reference runs it
// again with every rounding replaced by a random error of up to `ulp` units in the last place (Monte Carlo arithmetic, Parker 1997).
// An ill-conditioned element then scatters, a well-conditioned one does not.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { UnsupportedOnDevice } from "../../src/backends/errors.ts"
import { gpujs } from "../../src/backends/gpujs/index.ts"
import { evaluator } from "../../src/backends/reference/index.ts"
import { wasm } from "../../src/backends/wasm/index.ts"
import { lower } from "../../src/compiler/index.ts"
import {
  captured,
  type HostArray,
  hostArray,
  inline,
  type Program,
  type ShapeClass,
  shapeClasses,
  size,
  storageOf,
  trace,
} from "../../src/core/index.ts"
import { uniform } from "../../src/testing/gen.ts"
import { batchOf, floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { direction, draw, everything, type Subject, subjects, text } from "./_harness.ts"

const devices: Readonly<Record<string, () => Promise<Backend>>> = {
  wasm: async () => wasm(),
  "gpujs-webasm": () => gpujs({ mode: "webasm" }),
}
const SAMPLES = 8
/** A float32 unit in the last place, relative. */
const ULP = 2 ** -23

interface Part {
  readonly title: string
  readonly program: Program
  readonly x: readonly Float64Array[]
}
const rounded = (vs: readonly Float64Array[]): Float64Array[] => vs.map((v) => v.map(Math.fround))
const partsOf = (s: Subject, shapes: ShapeClass, seed: number): Part[] => {
  const c = draw(s, seed, shapes)
  const n = c.leaves.length
  const fill = (p: Program, from: number): Float64Array[] =>
    rounded(
      direction(
        p.params.slice(from).map((t) => ({ length: size(t.shape) })),
        c.next,
      ),
    )
  const twice = (vs: readonly Float64Array[]): Float64Array[] => vs.map((v) => Float64Array.from([...v, ...v]))
  const on = c.leaves.map(() => true)
  const part = (what: string, program: Program, x: readonly Float64Array[]): Part => ({
    title: `${what} of ${s.name}(${c.leaves.map(text).join(", ")}), ${shapes} ${seed}`,
    program,
    x,
  })
  const parts = [part("value", c.program, c.values), part("vmap", batchOf(c.program, on, 2), twice(c.values))]
  if (!c.floats.includes(true) || !floatsOf(c.program.outs).includes(true)) return parts
  const f = jvpOf(c.program)
  const b = vjpOf(c.program)
  const fx = fill(f, n)
  const bx = fill(b, n)
  return [
    ...parts,
    part("jvp", f, [...c.values, ...fx]),
    part("vjp", b, [...c.values, ...bx]),
    part("vmap of vjp", batchOf(b, [...on, ...bx.map(() => true)], 2), [...twice(c.values), ...twice(bx)]),
  ]
}
/** Many programs as one. */
const joined = (parts: readonly Part[]): Part => {
  const program = trace(
    (...x) => {
      let at = 0
      return parts.flatMap((p) => inline(p.program, x.slice(at, (at += p.program.params.length))))
    },
    parts.flatMap((p) => p.program.params),
  )
  return { title: `${parts.length} programs`, program, x: parts.flatMap((p) => p.x) }
}
const host = (v: Float64Array, dtype: Parameters<typeof hostArray>[0]): HostArray => {
  const out = hostArray(dtype, v.length)
  out.set(v)
  return out
}
const runOn = async (dev: Backend, { program, x }: Part): Promise<Float64Array[]> => {
  const exe = await dev.compile({ program, lowered: () => lower(program, { limits: dev.limits }) })
  const data = captured(program)
  const given = [...x, ...data.map((t) => Float64Array.from(storageOf(t)!.host!))]
  const args = await Promise.all([...program.params, ...data].map((t, k) => dev.upload(host(given[k]!, t.dtype), t)))
  const outs = await exe.run(
    args,
    args.map(() => false),
  )
  const values = await Promise.all(outs.map(async (b) => Float64Array.from(await dev.download(b))))
  for (const b of [...args, ...outs]) dev.free(b)
  exe.dispose()
  return values
}

interface Judged extends Part {
  readonly value: readonly Float64Array[]
  /** Allowed error of each element. */
  readonly allowed: readonly Float64Array[]
}
const judged = (p: Part, ulp: number): Judged => {
  const value = evaluator(p.program)(p.x)
  const next = uniform(20_261_120)
  const noisy = evaluator(p.program, { rounding: (u) => (v) => v * (1 + u * ULP * (2 * next() - 1)) })
  const allowed = value.map((v) => v.map((w) => ulp * ULP * Math.abs(w) + 2 ** -126))
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
const compare = (parts: readonly Judged[], got: readonly Float64Array[]): string[] => {
  const wanted = parts.flatMap((p) => p.value.map((w, k) => ({ title: `${p.title}, output ${k}`, w, allowed: p.allowed[k]! })))
  return got.flatMap((y, k) => {
    const { title, w, allowed } = wanted[k]!
    if (y.length !== w.length) return [`${title}: ${y.length} elements, wanted ${w.length}`]
    const bad = y.findIndex((v, i) => !same(v, w[i]!, allowed[i]!))
    return bad < 0 ? [] : [`${title}: element ${bad} is ${y[bad]}, wanted ${w[bad]} within ${allowed[bad]}`]
  })
}

const only = process.env["ADJOINT_BACKEND"]
// Two cases of each class of shapes, of the costly classes one.
const costly: readonly ShapeClass[] = ["large", "long", "tall"]
const cases = new Map<Subject, readonly Judged[]>()
const casesOf = (s: Subject): readonly Judged[] => {
  let parts = cases.get(s)
  if (!parts) {
    const classes = subjects.includes(s) ? shapeClasses : (["small", "odd"] as const)
    const draws = classes.flatMap((shapes, k) =>
      (costly.includes(shapes) ? [100 + k] : [100 + k, 200 + k]).map((seed) => ({ shapes, seed })),
    )
    parts = draws.flatMap(({ shapes, seed }) => partsOf(s, shapes, seed)).map((p) => judged(p, s.op.ulp ?? 2))
    cases.set(s, parts)
  }
  return parts
}
const uses64 = (p: Part): boolean => [...p.program.params, ...p.program.outs].some((t) => t.dtype === "f64")
for (const [name, open] of Object.entries(devices)) {
  if (only && only !== name) continue
  describe(`${name} = reference`, () => {
    let dev: Backend
    beforeAll(async () => {
      dev = await open()
    })
    afterAll(() => dev.close())
    for (const s of everything.filter((x) => x.op.examples))
      it(s.name, async () => {
        const parts = casesOf(s).filter((p) => dev.limits.f64 || !uses64(p))
        let wrong: string[]
        try {
          wrong = compare(parts, await runOn(dev, joined(parts)))
        } catch (e) {
          // Which of them is it?
          wrong = [`all together: ${(e as Error).message}`]
          for (const p of parts)
            try {
              wrong.push(...compare([p], await runOn(dev, p)))
            } catch (e1) {
              wrong.push(`${p.title}: ${e1 instanceof UnsupportedOnDevice ? "unsupported: " : ""}${(e1 as Error).message}`)
            }
        }
        if (wrong.length > 0)
          throw new Error(`${wrong.length} results differ, of ${parts.length} programs:\n${wrong.slice(0, 6).join("\n")}`)
        expect(dev.live().buffers).toBe(0)
      })
  })
}
