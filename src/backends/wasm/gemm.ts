// One driver for every sum of products: C[m, n] = sum over k of A[f(m) + g(k)] * B[h(n) + j(k)], where f, g, h, j are sums of strided
// axes. Matrix products in all four transpositions, attention, and the three convolutions differ in nothing but their strides.
//
//   for columns in blocks:  for k in blocks:  pack B;  for rows in blocks:  [pack A;]  for panels of 8 columns:  for 4 rows: micro-kernel
//
// B is packed into panels; A is read where it is when k runs through memory in one or a few even runs (a direct convolution over NHWC
// is three runs per pixel), and packed otherwise. Offsets that are not one stride come from tables that the program fills itself.
import type { Code, Local, Value } from "./asm.ts"
import { type Kernels, PANEL, ROWS } from "./microkernel.ts"

/** An axis of m, n or k, outermost first; strides in floats: of A (m, k), of B (n, k). */
export interface Product {
  readonly m: readonly { readonly n: number; readonly a: number }[]
  readonly n: readonly { readonly n: number; readonly b: number }[]
  readonly k: readonly { readonly n: number; readonly a: number; readonly b: number }[]
}
/** Where the sums go: straight to row-major memory with rows `direct` floats apart, or to scratch, for an epilogue to take. */
export type Target = { readonly direct: number } | "scratch"

/** Offsets that an index contributes: a stride (bytes), or a table of so many entries at this byte of the scratch space. */
interface Walk {
  readonly size: number
  readonly stride: number
  readonly table: { readonly at: number; readonly axes: readonly (readonly [n: number, stride: number])[] } | undefined
}
export interface Plan {
  readonly M: number
  readonly N: number
  readonly K: number
  /** Bytes to add to the bases of A and B: axes with negative strides are walked backwards. */
  readonly shiftA: number
  readonly shiftB: number
  readonly rows: Walk
  readonly columns: Walk
  /** k = segment * run + step: segments at table offsets, steps at a stride. */
  readonly segmentsA: Walk
  readonly segmentsB: Walk
  readonly run: number
  readonly stepA: number
  readonly stepB: number
  /** A unpacked: k is `runs` pieces of `length` contiguous floats, `apart` bytes from start to start. */
  readonly unpacked: { readonly length: number; readonly apart: number } | undefined
  readonly blockM: number
  readonly blockN: number
  readonly blockK: number
  readonly target: Target
  /** Rows of C in scratch, and the bytes between them. */
  readonly pitch: number
  readonly scratch: { readonly b: number; readonly a: number; readonly c: number; readonly bytes: number }
}

const MAX_K = 512
const MAX_M = 64
const MAX_N = 2048
const size = (axes: readonly { readonly n: number }[]): number => axes.reduce((p, x) => p * x.n, 1)
const ceil = (x: number, unit: number): number => Math.ceil(x / unit) * unit

/** Neighbouring axes that together are one axis, for all the given strides at once. */
export const merged = (axes: readonly (readonly number[])[]): (readonly number[])[] => {
  const out: (readonly number[])[] = []
  for (const x of axes) {
    const last = out.at(-1)
    if (x[0] === 1) continue
    if (last?.slice(1).every((s, i) => s === x[0]! * x[i + 1]!)) out[out.length - 1] = [last[0]! * x[0]!, ...x.slice(1)]
    else out.push(x)
  }
  return out
}

export const planGemm = (product: Product, target: Target): Plan => {
  let tables = 0
  const walk = (axes: readonly (readonly [n: number, stride: number])[]): Walk => {
    const parts = merged(axes) as (readonly [number, number])[]
    const n = axes.reduce((p, [n]) => p * n, 1)
    if (parts.length <= 1) return { size: n, stride: 4 * (parts[0]?.[1] ?? 0), table: undefined }
    const table = { at: tables, axes: parts.map(([n, stride]) => [n, 4 * stride] as const) }
    tables += ceil(4 * n, 16)
    return { size: n, stride: 0, table }
  }
  const [M, N, K] = [size(product.m), size(product.n), size(product.k)]
  // The order of k is free: A's memory order, forwards.
  let [shiftA, shiftB] = [0, 0]
  const ks = product.k.map(({ n, a, b }) => {
    if (a > 0 || (a === 0 && b >= 0)) return [n, a, b] as const
    shiftA += 4 * (n - 1) * a
    shiftB += 4 * (n - 1) * b
    return [n, -a, -b] as const
  })
  ks.sort((x, y) => y[1] - x[1] || y[2] - x[2])
  const fine = merged(ks) as (readonly [number, number, number])[]
  const [run, stepA, stepB] = fine.at(-1) ?? [1, 1, 1]
  const outer = fine.slice(0, -1)
  const forA = merged(ks.map(([n, a]) => [n, a])) as (readonly [number, number])[]
  const inner = forA.at(-1) ?? [1, 1]
  const unpacked =
    inner[1] === 1 && forA.length <= 2 && (forA.length < 2 || inner[0] >= 8)
      ? { length: inner[0], apart: 4 * (forA.length < 2 ? 0 : forA[0]![1]) }
      : undefined

  // Blocks of k hold whole segments, and whole runs of an unpacked A.
  const unit = outer.length === 0 ? 4 : unpacked && forA.length > 1 ? unpacked.length : run
  const units = Math.ceil(K / unit)
  const blocks = Math.ceil(units / Math.max(1, Math.floor(MAX_K / unit)))
  const blockK = Math.min(K, Math.ceil(units / blocks) * unit)
  // Several axes of columns stay together: an epilogue walks them as loops.
  const blockN = N <= MAX_N || product.n.length > 1 ? N : MAX_N
  const blockM = Math.min(MAX_M, ceil(M, ROWS))
  const rows = walk(product.m.map(({ n, a }) => [n, a]))
  const columns = walk(product.n.map(({ n, b }) => [n, b]))
  const segmentsA = walk(outer.map(([n, a]) => [n, a]))
  const segmentsB = walk(outer.map(([n, , b]) => [n, b]))
  const pitch = target === "scratch" ? 4 * ceil(blockN, 4) : 4 * target.direct
  // Several blocks of k add to C, so all its rows are kept; one block needs no more than the rows at hand.
  const c = target === "scratch" ? (blockK < K ? ceil(M, ROWS) : blockM) * pitch : 0
  const b = ceil(tables, 64)
  const a = b + ceil(4 * ceil(blockN, 4) * blockK, 64) + 128
  const at = a + (unpacked ? 0 : ceil(4 * blockM * blockK, 64) + 128)
  return {
    M,
    N,
    K,
    shiftA,
    shiftB,
    rows,
    columns,
    segmentsA,
    segmentsB,
    run,
    stepA: 4 * stepA,
    stepB: 4 * stepB,
    unpacked,
    blockM,
    blockN,
    blockK,
    target,
    pitch,
    scratch: { b, a, c: at, bytes: at + ceil(c, 64) },
  } // prettier-ignore
}

/** A tile row block that is complete: what an epilogue needs to know. Locals hold values, `pitch` is in bytes. */
export interface Block {
  readonly row: Local<"i32">
  readonly rows: Local<"i32">
  readonly column: Local<"i32">
  readonly columns: Local<"i32">
  /** Address of C[row, column]. */
  readonly at: Local<"i32">
  readonly pitch: number
  /** Most columns of a block: with no more columns in all, there is one block of columns. */
  readonly most: number
}
export interface Operands {
  /** Addresses, for all axes of m, n, k at 0. */
  readonly a: Local<"i32">
  readonly b: Local<"i32">
  /** Of C, for a direct target. */
  readonly c?: Local<"i32">
  readonly scratch: Local<"i32">
  /** Rows or columns [from, to) only; from is a multiple of a tile's, to is too or is the end. */
  readonly rows?: readonly [Local<"i32">, Local<"i32">]
  readonly columns?: readonly [Local<"i32">, Local<"i32">]
}

/** Fills the tables in scratch; once per program run is enough. */
export const emitTables = (f: Code, kernels: Kernels, plan: Plan, scratch: Local<"i32">): void => {
  for (const { table } of [plan.rows, plan.columns, plan.segmentsA, plan.segmentsB]) {
    if (!table) continue
    const at = (): Value<"i32"> => f.op("i32.add", f.get(scratch), f.i32(table.at))
    f.store("i32.store", at(), f.i32(0))
    let count = 1
    for (const [n, stride] of table.axes.toReversed()) {
      f.call(kernels.extend(), at(), f.i32(count), f.i32(n), f.i32(stride))
      count *= n
    }
  }
}

/** The loops, inlined into f. `epilogue` is emitted where a block of rows is complete. */
export const emitGemm = (f: Code, kernels: Kernels, plan: Plan, operands: Operands, epilogue?: (block: Block) => void): void => {
  const { M, N, K, blockM, blockN, blockK, unpacked, run, pitch, target, scratch } = plan
  const i32 = (): Local<"i32"> => f.local("i32")
  const add = (x: Value<"i32">, y: Value<"i32">): Value<"i32"> => f.op("i32.add", x, y)
  const times = (x: Value<"i32">, k: number): Value<"i32"> => (k === 1 ? x : f.op("i32.mul", x, f.i32(k)))
  /** Local of a count that is static unless the last block is smaller. */
  const extent = (x: Local<"i32">, start: Local<"i32">, block: number, total: number, end?: Local<"i32">): void => {
    if (!end && total % block === 0) return f.set(x, f.i32(block))
    f.set(x, f.op("i32.sub", end ? f.get(end) : f.i32(total), f.get(start)))
    f.set(x, f.select(f.get(x), f.i32(block), f.op("i32.lt_s", f.get(x), f.i32(block))))
  }
  const offset = (w: Walk, index: Local<"i32">): Value<"i32"> =>
    w.table
      ? f.load("i32.load", add(f.get(operands.scratch), f.op("i32.shl", f.get(index), f.i32(2))), w.table.at)
      : times(f.get(index), w.stride)

  const [jc, nc, kc, k0, ic, mc, jr, ir] = [i32(), i32(), i32(), i32(), i32(), i32(), i32(), i32()]
  const [baseA, baseB, cBase, panel, tile, adding, segment, left] = [i32(), i32(), i32(), i32(), i32(), i32(), i32(), i32()]
  const a0 = f.let("i32", add(f.get(operands.a), f.i32(plan.shiftA)))
  const b0 = f.let("i32", add(f.get(operands.b), f.i32(plan.shiftB)))
  const segments = K / run

  /** Packs lines [first, first + count) of one operand over the current block of k. */
  const pack = (
    lines: Walk,
    seg: Walk,
    step: number,
    base: Local<"i32">,
    first: Local<"i32">,
    count: () => Value<"i32">,
    to: () => Value<"i32">,
    width: number,
  ): void => {
    // A table of lines or segments is entered at the block's first; a stride moves the base instead.
    const start = i32()
    f.set(start, f.get(base))
    if (!lines.table) f.set(start, add(f.get(start), times(f.get(first), lines.stride)))
    if (segments === 1) f.set(start, add(f.get(start), times(f.get(k0), step)))
    else if (!seg.table) f.set(start, add(f.get(start), times(f.get(segment), seg.stride)))
    const table = (w: Walk, index: Local<"i32">): Value<"i32"> =>
      w.table ? add(add(f.get(operands.scratch), f.i32(w.table.at)), f.op("i32.shl", f.get(index), f.i32(2))) : f.i32(0)
    f.call(
      kernels.pack(),
      f.get(start),
      count(),
      f.i32(lines.stride),
      table(lines, first),
      segments === 1 ? f.i32(0) : table(seg, segment),
      f.i32(seg.stride),
      segments === 1 ? f.i32(1) : f.op("i32.div_u", f.get(kc), f.i32(run)),
      f.i32(step),
      segments === 1 ? f.get(kc) : f.i32(run),
      to(),
      f.i32(width),
    ) // prettier-ignore
  }
  const at = (byte: number) => (): Value<"i32"> => add(f.get(operands.scratch), f.i32(byte))

  /** All row tiles of the block against one panel of `columns` columns. */
  const tiles = (columns: number): void => {
    // In scratch there is room for the columns of a whole vector.
    const width = target === "scratch" ? ceil(columns, 4) : columns
    const packedA = i32()
    if (!unpacked) f.set(packedA, at(scratch.a)())
    f.set(tile, add(f.get(cBase), f.op("i32.shl", f.get(jr), f.i32(2))))
    const one = (rows: number): void => {
      if (unpacked) {
        const pointers = Array.from({ length: ROWS }, i32)
        const index = i32()
        pointers.slice(0, rows).forEach((p, r) => {
          if (plan.rows.table || r === 0) {
            f.set(index, add(add(f.get(ic), f.get(ir)), f.i32(r)))
            f.set(p, add(f.get(baseA), offset(plan.rows, index)))
          } else f.set(p, add(f.get(pointers[r - 1]!), f.i32(plan.rows.stride)))
        })
        const [p0, p1, p2, p3] = pointers as [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">]
        const one = unpacked.apart === 0
        f.call(
          kernels.rows(rows, width),
          f.get(p0),
          f.get(p1),
          f.get(p2),
          f.get(p3),
          f.get(panel),
          f.get(tile),
          f.i32(pitch),
          f.get(adding),
          one ? f.i32(1) : f.op("i32.div_u", f.get(kc), f.i32(unpacked.length)),
          one ? f.get(kc) : f.i32(unpacked.length),
          f.i32(one ? 0 : unpacked.apart - 4 * unpacked.length),
        ) // prettier-ignore
      } else
        f.call(kernels.packed(rows, width), f.get(packedA), f.get(panel), f.get(tile), f.i32(pitch), f.get(adding), f.get(kc))
    }
    f.for(
      ir,
      () => f.i32(0),
      () => f.op("i32.sub", f.get(mc), f.i32(ROWS - 1)),
      ROWS,
      () => {
        one(ROWS)
        f.bump(tile, ROWS * pitch)
        if (!unpacked) f.set(packedA, add(f.get(packedA), times(f.get(kc), 4 * ROWS)))
      },
    )
    if (M % ROWS) f.if(f.op("i32.lt_s", f.get(ir), f.get(mc)), () => one(M % ROWS))
  }

  f.for(
    jc,
    () => (operands.columns ? f.get(operands.columns[0]) : f.i32(0)),
    () => (operands.columns ? f.get(operands.columns[1]) : f.i32(N)),
    blockN,
    () => {
      extent(nc, jc, blockN, N, operands.columns?.[1])
      f.for(
        k0,
        () => f.i32(0),
        () => f.i32(K),
        blockK,
        () => {
          extent(kc, k0, blockK, K)
          if (segments > 1) f.set(segment, f.op("i32.div_u", f.get(k0), f.i32(run)))
          f.set(adding, f.op("i32.ne", f.get(k0), f.i32(0)))
          // Full panels, then a last one of 4 or 8 columns.
          f.set(left, f.op("i32.and", f.get(nc), f.i32(-PANEL)))
          f.if(f.get(left), () => pack(plan.columns, plan.segmentsB, plan.stepB, b0, jc, () => f.get(left), at(scratch.b), PANEL))
          if (N % PANEL)
            f.if(f.op("i32.lt_s", f.get(left), f.get(nc)), () => {
              f.set(jr, add(f.get(jc), f.get(left)))
              const to = () => add(at(scratch.b)(), f.op("i32.shl", f.op("i32.mul", f.get(left), f.get(kc)), f.i32(2)))
              pack(plan.columns, plan.segmentsB, plan.stepB, b0, jr, () => f.i32(N % PANEL), to, N % PANEL > 4 ? 8 : 4)
            })
          if (unpacked) {
            f.set(baseA, f.get(a0))
            if (unpacked.apart === 0) f.set(baseA, add(f.get(baseA), times(f.get(k0), 4)))
            else f.set(baseA, add(f.get(baseA), times(f.op("i32.div_u", f.get(k0), f.i32(unpacked.length)), unpacked.apart)))
          } else f.set(baseA, f.get(a0))
          f.set(baseB, f.get(b0))
          f.for(
            ic,
            () => (operands.rows ? f.get(operands.rows[0]) : f.i32(0)),
            () => (operands.rows ? f.get(operands.rows[1]) : f.i32(M)),
            blockM,
            () => {
              extent(mc, ic, blockM, M, operands.rows?.[1])
              if (!unpacked) pack(plan.rows, plan.segmentsA, plan.stepA, baseA, ic, () => f.get(mc), at(scratch.a), ROWS)
              if (target === "scratch") f.set(cBase, blockK < K ? add(at(scratch.c)(), times(f.get(ic), pitch)) : at(scratch.c)())
              else f.set(cBase, add(add(f.get(operands.c!), times(f.get(ic), pitch)), times(f.get(jc), 4)))
              f.set(panel, at(scratch.b)())
              f.for(
                jr,
                () => f.i32(0),
                () => f.op("i32.sub", f.get(nc), f.i32(PANEL - 1)),
                PANEL,
                () => {
                  tiles(PANEL)
                  f.set(panel, add(f.get(panel), times(f.get(kc), 4 * PANEL)))
                },
              )
              if (N % PANEL) f.if(f.op("i32.lt_s", f.get(jr), f.get(nc)), () => tiles(N % PANEL))
              if (epilogue)
                f.if(f.op("i32.ge_s", add(f.get(k0), f.get(kc)), f.i32(K)), () =>
                  epilogue({ row: ic, rows: mc, column: jc, columns: nc, at: cBase, pitch, most: operands.columns ? 0 : blockN }),
                )
            },
          )
        },
      )
    },
  )
}
