// Left operands of contractions that are expressions: computed block by block into a strip of scratch space, from where they are packed,
// or read, as others are from memory. What a pass of its own would write and read again stays in the cache, and needs no buffer.
import { addressOf as linear, type Contraction } from "../../compiler/contraction.ts"
import { type Atom, type Axis, axis, type Buf, ix, type Kernel, plus, substitute, visit } from "../../core/ir/index.ts"
import type { Local } from "./asm.ts"
import type { Scope } from "./frame.ts"
import type { Piece } from "./gemm.ts"
import { blocksOf, MAX_N, type Plan } from "./gemmPlan.ts"
import { emitGroup } from "./kernel.ts"
import type { Limit } from "./lanewise.ts"

/** Fewer rows or columns than this, or fewer terms where lanes run through B's columns, and an ordinary reduction is as good or better:
 *  512 x 512 x 2 takes 0.027 ms as loops and 0.055 as a product, 512 x 512 x 4 as long either way. */
export const LEAST = { rows: 4, columns: 2, terms: 5 }
/** Elements between lines. */
const APART = 16

/** How the operand lies in its strip: lines of terms, one for each row; or lines of rows, one for each term. */
export interface Strip {
  readonly along: "k" | "m"
  /** Elements from line to line. */
  readonly pitch: number
}
const size = (axes: readonly Axis[]): number => axes.reduce((p, a) => p * a.n, 1)
/** The strip of the left operand; undefined if the operand is better off in memory. */
export const stripOf = (c: Contraction): Strip | undefined => {
  const N = size(c.n)
  // Blocks of columns would each compute it anew.
  if (c.a.k === "read" || (c.n.length === 1 && N > MAX_N)) return undefined
  // Lines along which most reads run through memory. Parts of lines are computed without guards, and in lanes of float32.
  let [score, plain] = [0, true]
  visit(c.a, (x) => {
    plain &&= x.k !== "guard" && x.dtype !== "f64"
    if (x.k !== "read") return
    const { of } = linear(x)
    score += +(of.get(c.m.at(-1)!) === 1) - +(of.get(c.k.at(-1)!) === 1)
  })
  const along = score > 0 ? "m" : "k"
  const [axis] = c[along]
  if (!plain || c[along].length > 1) return undefined
  const most = blocksOf(N, along)
  // Lines do not begin a page apart: a cache keeps few such.
  return { along, pitch: (along === "k" ? Math.min(axis!.n, most.terms) : most.rows) + APART }
}
/** Can what is an expression of the two operands be computed on the way? */
export const computable = (c: Contraction): boolean =>
  c.reduce.dtype === "f32" &&
  size(c.m) >= LEAST.rows &&
  size(c.n) >= LEAST.columns &&
  size(c.k) >= LEAST.terms &&
  c.b.k === "read" &&
  (c.a.k === "read" || stripOf(c) !== undefined)
/** Elements of an operand that stay in the second cache: from there they come as fast as from the strip. */
const NEAR = 2 ** 18
/** And is it worth it? By 16 columns on two threads: relu(A + c) of [4096, 1024] 1.65 ms, so 1.46; of [16384, 1024] 8.2, so 6.6; relu(A)^T
 *  3.0, so 1.8 (columns of a matrix in memory lie far apart, those of the strip do not). By 64 columns 4 to 8 % less. By 512 columns
 *  nothing, but for the memory of a buffer; of A = [512, 512], and smaller ones, 1 to 3 % more: these stay where they are. */
export const computes = (c: Contraction): boolean => computable(c) && size([...c.batch, ...c.m, ...c.k]) > NEAR

/** Strides in the strip, in elements: axes count through its lines, or along them, in row-major order. */
export const inStrip = (m: readonly Axis[], k: readonly Axis[], { along, pitch }: Strip): ReadonlyMap<Atom, number> => {
  const strides = (axes: readonly Axis[], last: number) => axes.map((x, d) => [x, last * size(axes.slice(d + 1))] as const)
  return new Map([...strides(m, along === "k" ? pitch : 1), ...strides(k, along === "k" ? 1 : pitch)])
}
/** Bytes of the strip. */
export const bytesOfStrip = ({ along, pitch }: Strip, { blockM, blockK }: Plan): number =>
  4 * pitch * (along === "k" ? blockM : blockK) + 64
/** Computes a piece of the left operand into its strip, which is at `at`. */
export const emitStrip = (
  c: Contraction,
  { along, pitch }: Strip,
  { blockM, blockK }: Plan,
  at: Local<"i32">,
  { row, rows, term, terms }: Piece,
  scope: Scope,
): void => {
  const { f } = scope.frame
  const [outer, line, lines, from, count, block] =
    along === "k" ? [c.m, row, rows, term, terms, blockK] : [c.k, term, terms, row, rows, blockM]
  // Of a line, the part that begins at `start`.
  const [all] = c[along]
  const start = axis(all!.n)
  const part = axis(block)
  const strip: Buf = { id: -1, shape: [block], dtype: "f32", role: "temp" }
  const value = substitute((a) => (a === all ? plus(start, part) : undefined)).expr(c.a)
  const kernel: Kernel = { k: "kernel", out: strip, axes: [part], at: [ix(part)], value }
  overLines(strip, at, 4 * pitch, outer, line, lines, scope, (inner) => {
    inner.bind(start, from)
    const emit = (range?: readonly [Limit, Limit]): void => emitGroup([kernel], [part], inner.inner(), range)
    f.if(
      f.op("i32.eq", f.get(count), f.i32(block)),
      () => emit(),
      () => emit([0, count]),
    )
  })
}
/** For lines [first, first + count) of a strip, which are counted by axes, row-major, and lie `pitch` bytes apart from `at` on: there the
 *  strip, of one line, is while `body` is run. */
export const overLines = (
  strip: Buf,
  at: Local<"i32">,
  pitch: number,
  axes: readonly Axis[],
  first: Local<"i32">,
  count: Local<"i32">,
  scope: Scope,
  body: (line: Scope) => void,
): void => {
  const { frame } = scope
  const { f } = frame
  const [base, i] = [f.let("i32", f.get(at)), f.local("i32")]
  frame.setPointer(strip, { base, offset: 0 })
  f.for(
    i,
    () => f.i32(0),
    () => f.get(count),
    1,
    () => {
      const line = scope.inner()
      const index = f.let("i32", f.op("i32.add", f.get(first), f.get(i)))
      axes.toReversed().forEach((x, k) => {
        if (k === axes.length - 1) line.bind(x, index)
        else {
          line.bind(x, f.let("i32", f.op("i32.rem_u", f.get(index), f.i32(x.n))))
          f.set(index, f.op("i32.div_u", f.get(index), f.i32(x.n)))
        }
      })
      body(line)
      f.bump(base, pitch)
    },
  ) // prettier-ignore
}
