// How a sum of products is computed, decided from its sizes and strides alone: what is packed, in what blocks, where sums go.
import { panelOf, ROWS } from "./microkernel.ts"
import type { Width } from "./packing.ts"

/** C[m, n] = sum over k of A[m, k] B[k, n]. An axis of m, n or k, outermost first; strides in elements: of A (m, k), of B (n, k). */
export interface Product {
  readonly m: readonly { readonly n: number; readonly a: number }[]
  readonly n: readonly { readonly n: number; readonly b: number }[]
  readonly k: readonly { readonly n: number; readonly a: number; readonly b: number }[]
}
/** Where the sums go: straight to row-major memory with rows `direct` elements apart, or to scratch, for an epilogue to take. */
export type Target = { readonly direct: number } | "scratch"
type Axes = readonly (readonly [n: number, stride: number])[]

/** Offsets that an index contributes: a stride (bytes), or a table of so many entries at this byte of the scratch space. */
export interface Walk {
  readonly size: number
  readonly stride: number
  readonly table: { readonly at: number; readonly axes: Axes } | undefined
}
/** Pieces of k that are even runs in A: their length, bytes from step to step, and their offsets if there are several. */
export interface Pieces {
  readonly length: number
  readonly step: number
  readonly offsets: Walk | undefined
}
/**
 * Where micro-kernels read A.
 * - rows: each row where it is; k runs through memory in one or several pieces (a direct convolution over NHWC: one for each tap row).
 * - columns: where it is too, rows adjacent, k at a stride: a transposed A for few columns.
 * - packed: panels of 4 rows, packed for each block.
 * - shared: rows are taps times channels, and k pixels (the gradient of a filter): a range of pixels is packed once, in panels of 4
 *   channels, and taps are shifts of the pointer.
 */
export type Left =
  | ({ readonly kind: "rows" | "columns" } & Pieces)
  | { readonly kind: "packed" }
  | ({ readonly kind: "shared" } & Shared)
interface Shared extends Pieces {
  readonly channels: number
  readonly taps: Walk
  /** Bytes from pixel to pixel in A, and most pixels of a block. */
  readonly pixel: number
  readonly span: number
  /** Bytes in A from the first tap to the last. */
  readonly reach: number
  readonly block: number
}
export interface Plan {
  readonly width: Width
  readonly M: number
  readonly N: number
  readonly K: number
  /** Bytes to add to the bases of A and B: axes with negative strides are walked backwards. */
  readonly shiftA: number
  readonly shiftB: number
  /** Columns of a panel, rows of a tile. */
  readonly panel: number
  readonly tile: number
  readonly left: Left
  /** Bytes from k to k in a B that is read where it is; undefined where it is packed. */
  readonly right: number | undefined
  readonly rows: Walk
  readonly columns: Walk
  /** k = segment * run + step: segments at table offsets, steps at a stride. */
  readonly segmentsA: Walk
  readonly segmentsB: Walk
  readonly run: number
  readonly stepA: number
  readonly stepB: number
  readonly blockM: number
  readonly blockN: number
  readonly blockK: number
  readonly target: Target
  /** Bytes between rows of C. */
  readonly pitch: number
  readonly scratch: { readonly b: number; readonly a: number; readonly c: number; readonly bytes: number }
}

const MAX_K = 512
const MAX_M = 64
/** Terms and rows of a block, at most. Rows of an A that is computed along them are computed whole where that is possible, which memory
 *  gives faster than parts of rows, and if they meet few columns, as few of them as stay in the first cache: A * mask of [4096, 1024] by
 *  16 columns takes 4.6 ms in blocks of 64 x 512, 3.3 in 64 x 1024, 3.15 in 16 x 1024, and 3.7 with a pass of its own. */
export const blocksOf = (N: number, computed: "k" | "m" | undefined): { readonly terms: number; readonly rows: number } =>
  computed === "k" ? { terms: 2 * MAX_K, rows: N <= 32 ? 16 : MAX_M } : { terms: MAX_K, rows: MAX_M }
/** Columns of a block, where they are one axis. */
export const MAX_N = 2048
/** Steps of a block of k whose B is read where it is: its lines stay in the first cache while neighbouring panels use them. */
const RAW_K = 32
/** Bytes of packed pixels: a part of the second cache. */
const MAX_SHARED = 1 << 17
/** Shortest piece of k that is read where it is. */
const SHORTEST = 8
const size = (axes: readonly { readonly n: number }[]): number => axes.reduce((p, x) => p * x.n, 1)
const ceil = (x: number, unit: number): number => Math.ceil(x / unit) * unit

/** Neighbouring axes that together are one axis, for all the given strides at once. */
export const merged = <A extends readonly number[]>(axes: readonly A[]): A[] => {
  const out: A[] = []
  for (const x of axes) {
    const last = out.at(-1)
    if (x[0] === 1) continue
    if (last?.slice(1).every((s, i) => s === x[0]! * x[i + 1]!))
      out[out.length - 1] = [last[0]! * x[0]!, ...x.slice(1)] as readonly number[] as A
    else out.push(x)
  }
  return out
}
const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))

/** Rows that are taps times channels over pixels, if packing them once for all taps is worth it. */
const sharedLeft = (product: Product, ks: Axes, blockK: number, width: Width, walk: (axes: Axes) => Walk): Shared | undefined => {
  const channels = product.m.at(-1)
  const taps = product.m.slice(0, -1).filter((x) => x.n > 1)
  if (!channels || channels.a !== 1 || channels.n < ROWS || taps.length === 0) return undefined
  const pixel = [...taps.map((x) => x.a), ...ks.map(([, a]) => a)].reduce(gcd, 0)
  const rising = ks.every(([, a], i) => a > ks.slice(i + 1).reduce((s, [n, b]) => s + (n - 1) * b, 0))
  if (pixel < channels.n || !rising || taps.some((x) => x.a <= 0)) return undefined
  const offset = (k: number): number => {
    let [sum, rest] = [0, k]
    for (const [n, a] of ks.toReversed()) {
      sum += (rest % n) * a
      rest = Math.floor(rest / n)
    }
    return sum
  }
  const K = ks.reduce((p, [n]) => p * n, 1)
  if (K / blockK > 4096) return undefined
  const reach = taps.reduce((s, x) => s + (x.n - 1) * x.a, 0)
  let span = 0
  for (let k = 0; k < K; k += blockK) span = Math.max(span, (offset(Math.min(K, k + blockK) - 1) - offset(k) + reach) / pixel + 1)
  if (span > 0.7 * size(taps) * blockK) return undefined
  const parts = merged(ks)
  const [length, step] = parts.at(-1)!
  // In panels, a pixel is ROWS elements.
  const packed = (a: number): number => (a / pixel) * ROWS
  const pieces = parts.slice(0, -1).map(([n, a]) => [n, packed(a)] as const)
  const most = Math.floor(MAX_SHARED / (width * span) / ROWS) * ROWS
  return {
    length,
    step: width * packed(step),
    offsets: pieces.length > 0 ? walk(pieces) : undefined,
    channels: channels.n,
    taps: walk(taps.map((x) => [x.n, packed(x.a)])),
    pixel: width * pixel,
    span,
    reach: width * reach,
    block: Math.min(ceil(channels.n, ROWS), Math.max(ROWS, Math.min(MAX_M, most))),
  } // prettier-ignore
}

/** `tile`: rows of a tile whose rows are read where they are. `computed`: A is an expression, computed along its rows
 *  (k) or its columns (m), and its strides are those of its strip. */
export const planGemm = (product: Product, target: Target, tile: number = ROWS, width: Width = 4, computed?: "k" | "m"): Plan => {
  let tables = 0
  /** Tables of several axes; of pieces also where it is one axis, for kernels look pieces up. */
  const walk = (axes: Axes, always = false): Walk => {
    const parts = merged(axes)
    const n = axes.reduce((p, [n]) => p * n, 1)
    if (parts.length <= 1 && !always) return { size: n, stride: width * (parts[0]?.[1] ?? 0), table: undefined }
    const table = { at: tables, axes: parts.map(([n, stride]) => [n, width * stride] as const) }
    tables += ceil(4 * n + 4, 16)
    return { size: n, stride: 0, table }
  }
  const [M, N, K] = [size(product.m), size(product.n), size(product.k)]
  const panel = panelOf(width)
  const most = blocksOf(N, computed)
  // The order of k is free: A's memory order, forwards.
  let [shiftA, shiftB] = [0, 0]
  const ks = product.k.map(({ n, a, b }) => {
    if (a > 0 || (a === 0 && b >= 0)) return [n, a, b] as const
    shiftA += width * (n - 1) * a
    shiftB += width * (n - 1) * b
    return [n, -a, -b] as const
  })
  ks.sort((x, y) => y[1] - x[1] || y[2] - x[2])
  const fine = merged(ks)
  const [run, stepA, stepB] = fine.at(-1) ?? [1, 1, 1]
  const outer = fine.slice(0, -1)
  const forA = merged(ks.map(([n, a]) => [n, a] as const))
  const [length, step] = forA.at(-1) ?? [1, 1]
  const rows = walk(product.m.map(({ n, a }) => [n, a]))
  const columns = walk(product.n.map(({ n, b }) => [n, b]))

  // Blocks of k hold whole segments, and whole pieces of an A that is read where it is.
  const inPlace =
    step === 1 && (forA.length < 2 || length >= SHORTEST)
      ? "rows"
      : N <= 2 * panel && !rows.table && rows.stride === width && (forA.length < 2 || length >= SHORTEST)
        ? "columns"
        : undefined
  const plain = outer.length === 0 && stepB > 0 && !columns.table && columns.stride === width
  const right = plain && M <= 2 * tile ? width * stepB : undefined
  const whole = forA.length > 1 && (inPlace || product.m.at(-1)?.a === 1)
  const unit = outer.length === 0 ? 4 : whole ? length : run
  const units = Math.ceil(K / unit)
  const blocks = Math.ceil(units / Math.max(1, Math.floor((right === undefined ? most.terms : RAW_K) / unit)))
  const blockK = Math.min(K, Math.ceil(units / blocks) * unit)
  const pieces = (): Pieces => ({
    length,
    step: width * step,
    offsets: forA.length > 1 ? walk(forA.slice(0, -1), true) : undefined,
  })
  const always = (axes: Axes): Walk => walk(axes, true)
  const shared = inPlace
    ? undefined
    : sharedLeft(
        product,
        ks.map(([n, a]) => [n, a] as const).filter(([n]) => n > 1),
        blockK,
        width,
        always,
      )
  const left: Left = inPlace ? { kind: inPlace, ...pieces() } : shared ? { kind: "shared", ...shared } : { kind: "packed" }
  const height = left.kind === "rows" ? tile : ROWS

  // Several axes of columns stay together: an epilogue walks them as loops.
  const blockN = N <= MAX_N || product.n.length > 1 ? N : MAX_N
  const blockM = Math.min(Math.floor(most.rows / height) * height, ceil(M, height))
  const segmentsA = walk(outer.map(([n, a]) => [n, a]))
  const segmentsB = walk(outer.map(([n, , b]) => [n, b]))
  const vector = 16 / width
  const pitch = width * (target === "scratch" ? ceil(blockN, vector) : target.direct)
  // Several blocks of k add to C, so all its rows are kept; one block needs no more than the rows at hand.
  const kept = blockK < K || shared ? ceil(M, height) : blockM
  const b = ceil(tables, 64)
  const a = b + (right === undefined ? ceil(width * ceil(blockN, 4) * blockK, 64) : 0) + 128
  const packedA = shared ? width * shared.block * shared.span : left.kind === "packed" ? width * blockM * blockK : 0
  const c = a + ceil(packedA, 64) + 128
  return {
    width,
    M,
    N,
    K,
    shiftA,
    shiftB,
    panel,
    tile: height,
    left,
    right,
    rows,
    columns,
    segmentsA,
    segmentsB,
    run,
    stepA: width * stepA,
    stepB: width * stepB,
    blockM,
    blockN,
    blockK,
    target,
    pitch,
    scratch: { b, a, c, bytes: c + (target === "scratch" ? ceil(kept * pitch, 64) : 0) },
  } // prettier-ignore
}
/** Rows that threads may divide, and in what units: where taps share pixels, channels. */
export const rowUnits = ({ left, M, tile }: Plan): readonly [count: number, unit: number] =>
  left.kind === "shared" ? [left.channels, ROWS] : [M, tile]
