// Hand-built statements on a backend, beside the float64 interpreter of the same statements.
import { expect } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { interpretLowered } from "../../../src/backends/reference/index.ts"
import { newBuf } from "../../../src/compiler/buffers.ts"
import type { Lowered } from "../../../src/compiler/lowered.ts"
import { type DType, hostArray } from "../../../src/core/dtype.ts"
import {
  type Axis,
  type Buf,
  bufsOf,
  type Expr,
  axis,
  type Ix,
  ix,
  type Kernel,
  type Kind,
  type Stmt,
} from "../../../src/core/ir/index.ts"

export const arg = (shape: readonly number[], dtype: DType = "f32"): Buf => newBuf(shape, dtype, "arg")
export const out = (shape: readonly number[], dtype: DType = "f32"): Buf => newBuf(shape, dtype, "out")
export const temp = (shape: readonly number[], dtype: DType = "f32"): Buf => newBuf(shape, dtype, "temp")
export const size = (b: Buf): number => b.shape.reduce((n, m) => n * m, 1)

export const lowered = (stmts: readonly Stmt[], args: readonly Buf[], outs: readonly Buf[]): Lowered => {
  let arena = 0
  const temps = [...bufsOf(stmts)]
    .filter((b) => b.role === "temp")
    .map((buf) => {
      const offset = arena
      arena += 8 * Math.max(size(buf), 1)
      return { buf, offset }
    })
  return { stmts, args, outs, alias: outs.map(() => undefined), temps, arena, bound: arena }
}
/** Outputs on the device and by the interpreter, for inputs already rounded to the arguments' dtypes. */
export const both = async (b: Backend, p: Lowered, inputs: readonly (readonly number[])[]) => {
  const compiled = await b.compile({ program: { params: [], outs: [] }, lowered: () => p })
  const values = inputs.map((v, k) => {
    const h = hostArray(p.args[k]!.dtype, v.length)
    h.set(v)
    return h
  })
  const before = b.live().buffers
  const handles = await Promise.all(values.map((v, k) => b.upload(v, p.args[k]!)))
  const results = await compiled.run(
    handles,
    handles.map(() => false),
  )
  const got: number[][] = []
  for (const r of results) got.push(Array.from(await b.download(r)))
  for (const h of [...handles, ...results]) b.free(h)
  if (b.live().buffers !== before) throw new Error(`${b.live().buffers - before} arrays leaked`)
  compiled.dispose()
  const want = interpretLowered(
    p,
    values.map((v) => Float64Array.from(v)),
  ).map((v) => Array.from(v))
  return { got, want, listing: await compiled.listing() }
}
/** Largest |got - want| / (1 + |want|); NaN and infinities must agree. */
export const worst = (got: readonly number[], want: readonly number[]): number => {
  if (got.length !== want.length) return Infinity
  return got.reduce((w, g, k) => {
    const x = want[k]!
    if (Number.isNaN(g) || Number.isNaN(x)) return Number.isNaN(g) && Number.isNaN(x) ? w : Infinity
    return Math.max(w, g === x ? 0 : Math.abs(g - x) / (1 + Math.abs(x)))
  }, 0)
}
/** A kernel that maps one expression over fresh axes of the output. */
export const mapped = (to: Buf, f: (i: ReturnType<typeof ix>[]) => Expr): Stmt => {
  const axes = to.shape.map(axis)
  return { k: "kernel", out: to, axes, at: axes.map(ix), value: f(axes.map(ix)) }
}
/** Deterministic numbers in [0, 1): mulberry32. */
export const prng = (seed: number) => {
  let s = seed >>> 0
  return (): number => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
/** n numbers in [-1, 1), exact in f32. */
export const numbers = (n: number, seed = 1): number[] => {
  const r = prng(seed)
  return Array.from({ length: n }, () => Math.fround(2 * r() - 1))
}
export const kernel = (to: Buf, axes: readonly Axis[], at: readonly Ix[], value: Expr, accumulate?: Kind): Kernel => ({
  k: "kernel",
  out: to,
  axes,
  at,
  value,
  ...(accumulate ? { accumulate } : {}),
})
/** Expects the device to say what the interpreter says, within f32 rounding of sums of the sizes used here. */
export const comparing =
  (device: () => Backend) =>
  async (
    stmts: readonly Stmt[],
    args: readonly Buf[],
    outs: readonly Buf[],
    inputs: readonly (readonly number[])[] = args.map((a, k) => numbers(size(a), k + 1)),
    bound = 2e-6,
  ) => {
    const { got, want, listing } = await both(device(), lowered(stmts, args, outs), inputs)
    got.forEach((g, k) => {
      const said = `output ${k}: ${g.slice(0, 8)} not ${want[k]!.slice(0, 8)}\n${listing}`
      expect(worst(g, want[k]!), said).toBeLessThanOrEqual(bound)
    })
    return { got, listing }
  }
