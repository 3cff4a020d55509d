// Contraction kernels through the packed matrix product; what surrounds the sum runs over each block of rows while it is in cache.
import { addressOf as linear, classify, type Contraction } from "../../compiler/contraction.ts"
import { bytesOf, isFloat } from "../../core/dtype.ts"
import { type Atom, type Axis, type Buf, flat, ix, type Ix, type Kernel, mapExpr, read, type Read } from "../../core/ir/index.ts"
import type { Local } from "./asm.ts"
import { hasDoubles } from "./rooms.ts"
import type { Scope } from "./frame.ts"
import { type Block, emitGemm, emitTables, type Piece } from "./gemm.ts"
import { MAX_N, planGemm, type Product, rowUnits, type Target } from "./gemmPlan.ts"
import { emitGroup } from "./kernel.ts"
import { loops, sharedLoop, workOf } from "./reduce.ts"
import { addressOf } from "./address.ts"
import { bytesOfStrip, computable, emitStrip, inStrip, LEAST, overLines, type Strip, stripOf } from "./prologue.ts"

const size = (axes: readonly Axis[]): number => axes.reduce((p, a) => p * a.n, 1)

/** Emits the kernel as a matrix product, if it is one that is worth it. */
export const emitContraction = (k: Kernel, scope: Scope): boolean => {
  const c = classify(k)
  if (!c || !isFloat(c.reduce.dtype) || c.a.dtype !== c.reduce.dtype || c.b.dtype !== c.reduce.dtype) return false
  const [M, N, K] = [size(c.m), size(c.n), size(c.k)]
  if (M < LEAST.rows || N < LEAST.columns || K < 2) return false
  const { a, b } = c
  if ((a.k !== "read" || b.k !== "read") && !computable(c)) return false
  const { frame } = scope
  const { f } = frame
  const even = linear(b as Read).of.get(c.n.at(-1)!) === 1 && linear({ buf: k.out, at: k.at }).of.get(c.n.at(-1)!) === 1
  if (K < LEAST.terms && even) return false
  const target = targetOf(k, c)
  const width = c.reduce.dtype === "f32" ? 4 : 8
  // What surrounds float64 sums is computed over whole rows.
  const whole = target === "scratch" && hasDoubles(k)
  if (whole && N > MAX_N) return false
  const blas = width === 4 && a.k === "read" ? frame.blas : undefined
  const taken = blas?.takes(productOf(c), target)
  const strip = taken ? undefined : stripOf(c)
  const product = productOf(c, strip)
  const plan = planGemm(product, target, frame.kernels.rows, width, strip?.along)
  const scratch = frame.scratch(taken?.bytes ?? plan.scratch.bytes)
  if (blas && taken) blas.products++
  else emitTables(f, frame.kernels, plan, scratch)
  const stripAt = strip && frame.scratch(bytesOfStrip(strip, plan))
  const inner = new Set<Atom>([...c.m, ...c.n, ...c.k])
  // Threads take rows or columns, whichever makes them repeat less: every part of the rows packs B, every part of the columns
  // reads A, and packs it, or computes it, if need be.
  const batch = size(c.batch)
  const prologue = strip ? workOf(a) : 0
  const work = (batch * M * K * (N + prologue)) / 4
  const again = { rows: batch * N * K, columns: batch * M * K * ((plan.left.kind === "rows" ? 0.25 : 1) + prologue / 4) }
  const fewAgain = again.columns < again.rows && (!strip || again.columns <= work / 32)
  const byColumns = !taken?.units && !whole && c.n.length === 1 && N >= 64 && fewAgain
  const batches = c.batch[0] && c.batch[0].n >= 8 ? frame.share(c.batch[0].n, 1, work) : undefined
  const rows = batches || byColumns ? undefined : frame.share(...(taken?.units ?? rowUnits(plan)), work, again.rows)
  const columns = batches || !byColumns ? undefined : frame.share(N, plan.panel, work, again.columns)
  const part = { ...(rows ? { rows } : {}), ...(columns ? { columns } : {}) }
  const each = (row: Scope): void => {
    const base = (x: { readonly buf: Buf; readonly at: readonly Ix[] }): Local<"i32"> => {
      const e = frame.address(x)
      const p = addressOf(frame.pointer(x.buf), { c: e.c, t: e.t.filter(([, y]) => !inner.has(y)) }, width, row)
      return f.let("i32", f.op("i32.add", f.get(p.base), f.i32(p.offset)))
    }
    const operands = {
      a: strip ? stripAt! : base(a as Read),
      b: base(b as Read),
      scratch,
      ...part,
      ...(strip ? { computeA: (piece: Piece) => emitStrip(c, strip, plan, stripAt!, piece, row) } : {}),
    }
    const [all, finish] =
      target === "scratch"
        ? [operands, (block: Block) => epilogue(k, c, block, row)]
        : [{ ...operands, c: base({ buf: k.out, at: k.at }) }, undefined]
    if (blas && taken) taken.emit(f, frame.kernels, blas.call, all, finish)
    else emitGemm(f, frame.kernels, plan, all, finish)
  }
  if (batches) sharedLoop(c.batch[0]!, batches, scope, (at) => loops(c.batch.slice(1), [], [], new Set(), at, each))
  else loops(c.batch, [], [], new Set(), scope, each)
  return true
}
/** Sizes and strides; of an A that is computed, in its strip. */
const productOf = ({ a, b, m, n, k }: Contraction, strip?: Strip): Product => {
  const inB = linear(b as Read).of
  const inA = strip ? inStrip(m, k, strip) : linear(a as Read).of
  return {
    m: m.map((x) => ({ n: x.n, a: inA.get(x) ?? 0 })),
    n: n.map((x) => ({ n: x.n, b: inB.get(x) ?? 0 })),
    k: k.map((x) => ({ n: x.n, a: inA.get(x) ?? 0, b: inB.get(x) ?? 0 })),
  }
}
/** Sums alone, to rows at even distances, go straight to where they belong. */
const targetOf = (k: Kernel, c: Contraction): Target => {
  if (k.value !== c.reduce) return "scratch"
  const { of } = linear({ buf: k.out, at: k.at })
  let step = 1
  for (const x of c.n.toReversed()) {
    if (of.get(x) !== step) return "scratch"
    step *= x.n
  }
  const pitch = of.get(c.m.at(-1)!) ?? 0
  let apart = pitch
  for (const x of c.m.toReversed()) {
    if (of.get(x) !== apart) return "scratch"
    apart *= x.n
  }
  return pitch >= size(c.n) ? { direct: pitch } : "scratch"
}
/** The kernel's value over a block of finished sums. */
const epilogue = (k: Kernel, c: Contraction, block: Block, scope: Scope): void => {
  const { frame } = scope
  const { f } = frame
  const strip: Buf = { id: -1 - k.out.id, shape: [size(c.n)], dtype: c.reduce.dtype, role: "temp" }
  const sums = read(strip, [
    flat(
      c.n.map((x) => ix(x)),
      c.n.map((x) => x.n),
    ),
  ])
  const value = mapExpr(k.value, (e) => (e === c.reduce ? sums : undefined))
  // address of column 0, so that the column numbers of the whole product are indices
  const at = f.let("i32", f.op("i32.sub", f.get(block.at), f.op("i32.mul", f.get(block.column), f.i32(bytesOf(strip.dtype)))))
  overLines(strip, at, block.pitch, c.m, block.row, block.rows, scope, (row) => {
    if (hasDoubles(k)) frame.rooms.doubles!.emitScalarKernel({ ...k, value, axes: c.n }, row)
    else if (c.n.length === 1) {
      const end = f.let("i32", f.op("i32.add", f.get(block.column), f.get(block.columns)))
      const whole = c.n[0]!.n <= block.most
      emitGroup([{ ...k, value, axes: c.n }], c.n, row, whole ? undefined : [block.column, end])
    } else emitGroup([{ ...k, value, axes: c.n }], c.n, row)
  })
}
