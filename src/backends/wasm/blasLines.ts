// Convolutions for BLAS. The rows of a convolution overlap, which BLAS does not allow, so lines of A are copied into a block that stays in
// the second cache: for each pixel of a line what one row of the filter sees (taps along the line, channels), in runs. Rows of the filter
// are shifts by whole lines, so a pixel is copied once for each tap along the line, not once for each tap:
//
//   forward, input gradient (lines are m):  for each block of lines:  copy it;  for each row of the filter:  C = block B + C;  epilogue
//   filter gradient (lines are k):          for each block of lines:  copy it;  for each row of the filter:  C[row] += block^T B
//
// Where rows of the filter are no shifts by whole lines (strides), its pixels are copied for all taps.
import type { Code, Local, Value } from "./asm.ts"
import type { Call } from "./blas.ts"
import { type Matrix, matrix, tooSmall } from "./blasMatrices.ts"
import type { Block, Operands } from "./gemm.ts"
import { merged, type Product, type Target } from "./gemmPlan.ts"
import type { Kernels } from "./microkernel.ts"

/** An index outside of lines: axes with their steps in A and B, in bytes. */
type Around = readonly { readonly n: number; readonly a: number; readonly b: number }[]
export interface LinesPlan {
  readonly lines: "m" | "k"
  readonly M: number
  readonly N: number
  /** Bytes to add to the bases of A and B: axes with negative strides are walked backwards. */
  readonly shiftA: number
  readonly shiftB: number
  /** Images of `height` lines of `width` pixels; bytes of A from line to line and from pixel to pixel, of B from line to line. */
  readonly images: Around
  readonly height: number
  readonly width: number
  readonly line: number
  readonly pixel: number
  readonly lineB: number
  /** Copied floats of a pixel: runs of `run`, at these bytes of A. */
  readonly depth: number
  readonly run: number
  readonly runs: readonly number[]
  /** Rows of the filter, and by how many lines each is shifted. */
  readonly shifts: number
  readonly shift: number
  /** Where lines are m: calls for one row of the filter take `length` floats of each pixel, with the part of B at these bytes. */
  readonly length: number
  readonly parts: readonly number[]
  /** Bytes of B from row to row of the filter. */
  readonly shiftOfB: number
  readonly b: Matrix
  /** Lines of a block, without those that only later rows of the filter see. */
  readonly block: number
  readonly target: Target
  /** Bytes between rows of C. */
  readonly pitch: number
  readonly scratch: { readonly c: number; readonly bytes: number }
}
type Axis3 = readonly [n: number, a: number, b: number]

/** Bytes of a block: a part of the second cache. */
const BLOCK = 3 << 17
/** Most runs and calls, which are written one by one. */
const MOST_RUNS = 32
const MOST_CALLS = 64
const total = (axes: readonly (readonly number[])[]): number => axes.reduce((p, [n]) => p * n!, 1)
const size = (axes: readonly { readonly n: number }[]): number => axes.reduce((p, x) => p * x.n, 1)
const round = (x: number, unit: number): number => Math.ceil(x / unit) * unit
/** Offsets of all values of an index, in order. */
const offsets = (axes: readonly (readonly [n: number, stride: number])[]): number[] =>
  axes.reduce<number[]>((out, [n, s]) => out.flatMap((o) => Array.from({ length: n }, (_, i) => o + i * s)), [0])

/** Nanoseconds on one thread, roughly, as measured with 32 and 64 channels: of a product by our own kernels; of one by BLAS, in so many
 *  calls, of floats copied in runs. */
const ours = (macs: number): number => macs / 25
const theirs = (macs: number, columns: number, length: number, calls: number, floats: number, runs: number): number =>
  (macs / 56) * (1 + 4 / columns + 4 / length) + 300 * calls + 0.09 * floats + 2 * runs

/** Undefined where A cannot be copied in runs, B is no matrix, or it does not pay (`least` 0: whether it pays or not). */
export const planLines = (product: Product, target: Target, least: number): LinesPlan | undefined => {
  const [M, N, K] = [size(product.m), size(product.n), size(product.k)]
  if (tooSmall(M, N, K, 8 * least)) return undefined
  const columns = merged(product.n.map(({ n, b }) => [n, b] as const))
  if (columns.length > 1) return undefined
  const column = columns[0]?.[1] ?? 1
  // The order of k is free: A's memory order, forwards.
  let [shiftA, shiftB] = [0, 0]
  const ks = product.k
    .filter(({ n }) => n > 1)
    .map(({ n, a, b }): Axis3 => {
      if (a >= 0) return [n, a, b]
      shiftA += 4 * (n - 1) * a
      shiftB += 4 * (n - 1) * b
      return [n, -a, -b]
    })
    .sort((x, y) => y[1] - x[1] || y[2] - x[2])
  const ms = product.m.filter(({ n }) => n > 1).map(({ n, a }): Axis3 => [n, a, 0])
  const lines = ks.at(-1)?.[1] === 1 ? "m" : "k"
  const [around, within] = lines === "m" ? [ms, ks] : [ks, ms]
  const inner = within.at(-1)
  if (inner?.[1] !== 1 || around.length === 0) return undefined

  const pixels = merged(around)
  // The row of the filter that is a shift by whole lines is known when lines are; so is how many pixels fit.
  const split = (most: number): void => {
    const [n, a, b] = pixels.at(-1)!
    if (n <= most && pixels.length > 1) return
    let width = Math.min(n, most)
    while (n % width) width--
    pixels.splice(-1, 1, [n / width, a * width, b * width], [width, a, b])
  }
  split(Math.max(1, Math.min(1024, Math.floor(BLOCK / 4 / total(within)))))
  const [width, pixel, pixelB] = pixels.at(-1)!
  const [height, line, lineB] = pixels.at(-2)!
  if (lines === "k" && height > 1 && lineB !== width * pixelB) return undefined
  const first = within[0]!
  const shift = first[1] / line
  const shifted = within.length > 1 && Number.isInteger(shift) && shift > 0 && shift <= height
  const shifts = shifted ? first[0] : 1
  const rest = shifted ? within.slice(1) : within
  const depth = total(rest)
  const ahead = shifted ? (shifts - 1) * shift : 0

  const copied = merged(rest.map(([n, a]) => [n, a] as const))
  const run = copied.at(-1)![0]
  const runs = offsets(copied.slice(0, -1))
  const joined = merged(rest.map(([n, , b]) => [n, b] as const))
  const [length, step] = lines === "m" ? joined.at(-1)! : [depth, 1]
  const parts = lines === "m" ? offsets(joined.slice(0, -1)) : [0]
  if (runs.length > MOST_RUNS || shifts * parts.length > MOST_CALLS) return undefined
  const most = Math.max(1, Math.floor(BLOCK / (4 * depth * width)) - ahead)
  const block = Math.ceil(height / Math.ceil(height / most))
  const b = lines === "m" ? matrix(length, N, step, column) : matrix(block * width, N, pixelB, column)
  if (!b) return undefined

  const all = size(lines === "m" ? product.m : product.k)
  const blocks = all / (block * width)
  const copies = all * (1 + ahead / block)
  const ns = theirs(M * N * K, N, length, blocks * shifts * parts.length, copies * depth, copies * runs.length)
  if (least > 0 && ns > 0.9 * ours(M * N * K)) return undefined
  const bytes = round(4 * (block + ahead) * width * depth, 64) + 128
  const pitch = 4 * (target === "scratch" ? 4 * Math.ceil(N / 4) : target.direct)
  const rows = target !== "scratch" ? 0 : lines === "m" ? block * width : M
  const bytesOf = (x: number): number => 4 * x
  return {
    lines,
    M,
    N,
    shiftA,
    shiftB,
    images: pixels.slice(0, -2).map(([n, a, b]) => ({ n, a: 4 * a, b: 4 * b })),
    height,
    width,
    line: 4 * line,
    pixel: 4 * pixel,
    lineB: 4 * lineB,
    depth,
    run,
    runs: runs.map(bytesOf),
    shifts,
    shift: shifted ? shift : 0,
    length,
    parts: parts.map(bytesOf),
    shiftOfB: shifted && lines === "m" ? 4 * first[2] : 0,
    b,
    block,
    target,
    pitch,
    scratch: { c: bytes, bytes: bytes + rows * pitch },
  } // prettier-ignore
}
/** Rows that threads may divide, and in what units: whole lines; of a filter's gradient what each of its rows has of them. */
export const lineUnits = ({ lines, M, width, depth }: LinesPlan): readonly [count: number, unit: number] =>
  lines === "m" ? [M, width] : [depth, 32]

/** As `emitBlas`. `operands.rows` counts what `lineUnits` says. */
export const emitLines = (
  f: Code,
  kernels: Kernels,
  call: Call,
  plan: LinesPlan,
  operands: Operands,
  epilogue?: (block: Block) => void,
): void => {
  const { lines, M, N, height, width, depth, run, shifts, shift, length, b, pitch, target } = plan
  type I32 = Local<"i32">
  const i32 = (): I32 => f.local("i32")
  const add = (x: Value<"i32">, y: Value<"i32">): Value<"i32"> => f.op("i32.add", x, y)
  const times = (x: I32, k: number): Value<"i32"> => f.op("i32.mul", f.get(x), f.i32(k))
  const least = (x: I32, y: () => Value<"i32">): void => {
    const other = f.let("i32", y())
    f.set(x, f.select(f.get(x), f.get(other), f.op("i32.lt_s", f.get(x), f.get(other))))
  }
  const [from, to] = operands.rows ?? [f.let("i32", f.i32(0)), f.let("i32", f.i32(lines === "m" ? M : depth))]
  const one = 4 * depth // bytes of a pixel in the block
  const [line, end, image, y, count, bAt, adding] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()]
  const [at, source, copy, rows, row] = [i32(), i32(), i32(), i32(), i32()]
  const zero = f.let("i32", f.i32(0))
  const all = f.let("i32", f.i32(N))
  const blockOf = (row: I32, rows: I32): Block => ({ row, rows, column: zero, columns: all, at, pitch, most: N })
  const base = (): Value<"i32"> =>
    target === "scratch" ? add(f.get(operands.scratch), f.i32(plan.scratch.c)) : f.get(operands.c!)
  /** The image's offset, by the axes that count images. */
  const offset = (by: "a" | "b"): Value<"i32"> => {
    const sum = f.let("i32", f.i32(0))
    let inside = 1
    for (const x of plan.images.toReversed()) {
      const index = f.op("i32.rem_u", f.op("i32.div_u", f.get(image), f.i32(inside)), f.i32(x.n))
      const moved = f.op("i32.mul", index, f.i32(x[by]))
      f.set(sum, add(moved, f.get(sum)))
      inside *= x.n
    }
    return f.get(sum)
  }
  /** Of each pixel in the lines at `source` the floats [from, to), if they are not all. */
  const copyLine = (): void =>
    plan.runs.forEach((offset, k) => {
      const start = f.let("i32", f.i32(k * run))
      const stop = f.let("i32", f.i32((k + 1) * run))
      if (lines === "k") {
        f.set(start, f.select(f.get(from), f.get(start), f.op("i32.gt_s", f.get(from), f.get(start))))
        least(stop, () => f.get(to))
      }
      f.call(
        kernels.copy(),
        add(add(f.get(source), f.i32(offset - 4 * k * run)), times(start, 4)),
        f.i32(plan.pixel),
        f.i32(width),
        f.op("i32.sub", f.get(stop), f.get(start)),
        add(f.get(copy), times(start, 4)),
        f.i32(one),
      )
    })
  const copyBlock = (): void => {
    const k = i32()
    f.set(source, add(add(f.get(operands.a), f.i32(plan.shiftA)), add(offset("a"), times(y, plan.line))))
    f.set(copy, f.get(operands.scratch))
    f.for(
      k,
      () => f.i32(0),
      () => add(f.get(count), f.i32((shifts - 1) * shift)),
      1,
      () => {
        copyLine()
        f.bump(source, plan.line)
        f.bump(copy, width * one)
      },
    )
  }
  const shiftOf = (s: number): number => s * shift * width * one
  const forward = (): void => {
    f.set(row, times(line, width))
    f.set(at, base())
    if (target !== "scratch") f.set(at, add(f.get(at), times(row, pitch)))
    for (let s = 0; s < shifts; s++)
      plan.parts.forEach((part, p) =>
        f.call(
          call,
          f.i32(0),
          f.i32(b.transposed ? 1 : 0),
          f.get(rows),
          f.i32(N),
          f.i32(length),
          add(f.get(operands.scratch), f.i32(shiftOf(s) + 4 * p * length)),
          f.i32(depth),
          add(f.get(operands.b), f.i32(plan.shiftB + s * plan.shiftOfB + part)),
          f.i32(b.pitch),
          f.i32(s + p > 0 ? 1 : 0),
          f.get(at),
          f.i32(pitch / 4),
        ),
      )
    epilogue?.(blockOf(row, rows))
  }
  const backward = (): void => {
    f.set(bAt, add(add(f.get(operands.b), f.i32(plan.shiftB)), add(offset("b"), times(y, plan.lineB))))
    for (let s = 0; s < shifts; s++)
      f.call(
        call,
        f.i32(1),
        f.i32(b.transposed ? 1 : 0),
        f.op("i32.sub", f.get(to), f.get(from)),
        f.i32(N),
        f.get(rows),
        add(add(f.get(operands.scratch), f.i32(shiftOf(s))), times(from, 4)),
        f.i32(depth),
        f.get(bAt),
        f.i32(b.pitch),
        f.get(adding),
        add(add(base(), f.i32(s * depth * pitch)), times(from, pitch)),
        f.i32(pitch / 4),
      )
    f.set(adding, f.i32(1))
  }
  if (lines === "m") {
    f.set(line, f.op("i32.div_u", f.get(from), f.i32(width)))
    f.set(end, f.op("i32.div_u", f.get(to), f.i32(width)))
  } else {
    f.set(line, f.i32(0))
    f.set(end, f.i32(height * size(plan.images)))
    f.set(adding, f.i32(0))
  }
  f.block((exit) => {
    f.brIf(exit, f.op("i32.ge_s", f.get(line), f.get(end)))
    f.loop((again) => {
      f.set(image, f.op("i32.div_u", f.get(line), f.i32(height)))
      f.set(y, f.op("i32.rem_u", f.get(line), f.i32(height)))
      f.set(count, f.op("i32.sub", f.i32(height), f.get(y)))
      least(count, () => f.i32(plan.block))
      least(count, () => f.op("i32.sub", f.get(end), f.get(line)))
      f.set(rows, times(count, width))
      copyBlock()
      if (lines === "m") forward()
      else backward()
      f.set(line, add(f.get(line), f.get(count)))
      f.brIf(again, f.op("i32.lt_s", f.get(line), f.get(end)))
    })
  })
  if (lines === "k" && epilogue)
    for (let s = 0; s < shifts; s++) {
      f.set(row, add(f.get(from), f.i32(s * depth)))
      f.set(rows, f.op("i32.sub", f.get(to), f.get(from)))
      f.set(at, add(base(), times(row, pitch)))
      epilogue(blockOf(row, rows))
    }
}
