// Contractions whose operands are matrices where they lie: a call of BLAS for each block of rows.
import type { Code, Local, Value } from "./asm.ts"
import type { Call } from "./blas.ts"
import type { Block, Operands } from "./gemm.ts"
import { merged, type Product, type Target } from "./gemmPlan.ts"

export interface Matrix {
  /** Stored with its second index outermost. */
  readonly transposed: boolean
  /** Floats from row to row as stored. */
  readonly pitch: number
}
export interface BlasPlan {
  readonly M: number
  readonly N: number
  readonly K: number
  readonly a: Matrix
  readonly b: Matrix
  readonly blockM: number
  readonly target: Target
  /** Bytes between rows of C. */
  readonly pitch: number
  readonly scratch: { readonly c: number; readonly bytes: number }
}
/** With fewer rows, BLAS's copy of B is most of the work: 4 x 512 x 512 takes it 53 microseconds, and 46 here; 8 rows 70, and 88 here. */
const ROWS = 6
/** Is the product left here, because it is small? */
export const tooSmall = (M: number, N: number, K: number, least: number): boolean =>
  M * N * K < Math.max(1, least) || (least > 0 && M < ROWS)
/** Rows of a block whose sums wait in scratch for the rest of the kernel: half of a second-level cache. */
const BLOCK_FLOATS = 2 ** 16

/** The stride of axes that are one; undefined if they are several. */
const strideOf = (axes: readonly (readonly number[])[]): readonly number[] | undefined => {
  const parts = merged(axes)
  return parts.length > 1 ? undefined : (parts[0]?.slice(1) ?? axes.at(-1)?.slice(1))
}
export const matrix = (rows: number, columns: number, row: number, column: number): Matrix | undefined =>
  column === 1 && row >= columns
    ? { transposed: false, pitch: row }
    : row === 1 && column >= rows
      ? { transposed: true, pitch: column }
      : undefined
const size = (axes: readonly { readonly n: number }[]): number => axes.reduce((p, x) => p * x.n, 1)

/** Undefined where an operand is no matrix, or the product is small. */
export const planBlas = (product: Product, target: Target, least: number): BlasPlan | undefined => {
  const [M, N, K] = [size(product.m), size(product.n), size(product.k)]
  if (tooSmall(M, N, K, least)) return undefined
  const [m] = strideOf(product.m.map(({ n, a }) => [n, a])) ?? []
  const [n] = strideOf(product.n.map(({ n, b }) => [n, b])) ?? []
  const [ka, kb] = strideOf(product.k.map(({ n, a, b }) => [n, a, b])) ?? []
  if (m === undefined || n === undefined || ka === undefined || kb === undefined) return undefined
  const a = matrix(M, K, m, ka)
  const b = matrix(K, N, kb, n)
  if (!a || !b) return undefined
  const direct = target !== "scratch"
  const pitch = 4 * (direct ? target.direct : 4 * Math.ceil(N / 4))
  const blockM = direct ? M : Math.min(M, Math.max(64, Math.floor((4 * BLOCK_FLOATS) / pitch)))
  return { M, N, K, a, b, blockM, target, pitch, scratch: { c: 0, bytes: direct ? 0 : blockM * pitch } }
}

/** The calls, inlined into f; `epilogue` is emitted where a block of rows is complete. As `emitGemm`. */
export const emitBlas = (f: Code, call: Call, plan: BlasPlan, operands: Operands, epilogue?: (block: Block) => void): void => {
  const { M, N, K, a, b, blockM, pitch, target } = plan
  const add = (x: Value<"i32">, y: Value<"i32">): Value<"i32"> => f.op("i32.add", x, y)
  const times = (x: Local<"i32">, k: number): Value<"i32"> => f.op("i32.mul", f.get(x), f.i32(k))
  const [from, to] = operands.rows ?? [f.let("i32", f.i32(0)), f.let("i32", f.i32(M))]
  const column = operands.columns ? operands.columns[0] : f.let("i32", f.i32(0))
  const columns = f.let("i32", operands.columns ? f.op("i32.sub", f.get(operands.columns[1]), f.get(column)) : f.i32(N))
  const bAt = f.let("i32", add(f.get(operands.b), times(column, b.transposed ? 4 * b.pitch : 4)))
  const [row, rows, at] = [f.local("i32"), f.local("i32"), f.local("i32")]
  f.for(
    row,
    () => f.get(from),
    () => f.get(to),
    blockM,
    () => {
      f.set(rows, f.op("i32.sub", f.get(to), f.get(row)))
      f.set(rows, f.select(f.get(rows), f.i32(blockM), f.op("i32.lt_s", f.get(rows), f.i32(blockM))))
      if (target === "scratch") f.set(at, f.get(operands.scratch))
      else f.set(at, add(add(f.get(operands.c!), times(row, pitch)), times(column, 4)))
      f.call(
        call,
        f.i32(a.transposed ? 1 : 0),
        f.i32(b.transposed ? 1 : 0),
        f.get(rows),
        f.get(columns),
        f.i32(K),
        add(f.get(operands.a), times(row, a.transposed ? 4 : 4 * a.pitch)),
        f.i32(a.pitch),
        f.get(bAt),
        f.i32(b.pitch),
        f.i32(0),
        f.get(at),
        f.i32(pitch / 4),
      )
      epilogue?.({ row, rows, column, columns, at, pitch, most: operands.columns ? 0 : N })
    },
  )
}
