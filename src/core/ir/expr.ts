// Scalar expressions of the loop IR: what one element of a kernel's output is. Six kinds, built by smart constructors that fold
// constants, drop conditions that always hold, and merge nested reductions. Expressions are DAGs: shared objects are shared values.
import type { DType } from "../dtype.ts"
import { type Axis, axis, type Ix, type IxLike, ix, range } from "./ix.ts"

/** A scalar function: meaning in float64 (integers exact), cost in "adds", and, if it is not a primitive, its definition. */
export interface Scalar {
  readonly name: string
  readonly arity: number
  readonly cost: number
  /** Value for operands of this dtype. Integer results are wrapped by the caller. */
  readonly eval: (dtype: DType, ...args: readonly number[]) => number
  /** Result dtype; default: that of the last operand. */
  readonly result?: DType
  /** Definition over primitives, for backends that have no code of their own for it. Absent on primitives. */
  readonly define?: (...args: readonly Expr[]) => Expr
}

/** A dense row-major block of memory. bool is held as 0 or 1. */
export interface Buf {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly role: "arg" | "temp" | "out"
}
/** 0 <= e < n, or `by` divides e. */
export type Cond = { readonly e: Ix; readonly n: number } | { readonly e: Ix; readonly by: number }
export type Kind = "add" | "mul" | "max" | "min"

export type Expr = Num | Idx | Read | Fn | Guard | Reduce
export interface Num {
  readonly k: "num"
  readonly dtype: DType
  readonly v: number
}
/** An index as a value: iota. */
export interface Idx {
  readonly k: "idx"
  readonly dtype: DType
  readonly e: Ix
}
export interface Read {
  readonly k: "read"
  readonly dtype: DType
  readonly buf: Buf
  readonly at: readonly Ix[]
}
export interface Fn {
  readonly k: "fn"
  readonly dtype: DType
  readonly f: Scalar
  readonly args: readonly Expr[]
}
/** `body` where all conditions hold; elsewhere the constant `other`, and body is not evaluated. */
export interface Guard {
  readonly k: "guard"
  readonly dtype: DType
  readonly when: readonly Cond[]
  readonly body: Expr
  readonly other: number
}
/** Fold over axes. `upto`: only iterations whose (single) axis is <= upto: a prefix. `tag`: whose body this is. */
export interface Reduce {
  readonly k: "reduce"
  readonly dtype: DType
  readonly kind: Kind
  readonly axes: readonly Axis[]
  readonly body: Expr
  readonly upto?: Ix
  readonly tag?: unknown
}
/** How a body reads an input: an expression at any index. Memory read or inlined producer, the body cannot tell. */
export type Access = (i: readonly Ix[]) => Expr

/** The value a buffer of this dtype would hold. */
export const wrap = (v: number, dtype: DType): number =>
  dtype === "i32" ? v | 0 : dtype === "u32" ? v >>> 0 : dtype === "bool" ? (v ? 1 : 0) : v

export const num = (v: number, dtype: DType): Expr => ({ k: "num", dtype, v: wrap(v, dtype) })
export const idx = (e: IxLike, dtype: DType): Expr => {
  const x = ix(e)
  return x.t.length ? { k: "idx", dtype, e: x } : num(x.c, dtype)
}
export const read = (buf: Buf, at: readonly Ix[]): Expr => ({ k: "read", dtype: buf.dtype, buf, at })
const isNum = (e: Expr): e is Num => e.k === "num"
/** f(args); constants fold. `dtype` is the result's; only a cast needs to give it. */
export const call = (f: Scalar, args: readonly Expr[], dtype: DType = f.result ?? args.at(-1)!.dtype): Expr =>
  args.every(isNum) ? num(f.eval(args.at(-1)!.dtype, ...args.map((a) => a.v)), dtype) : { k: "fn", dtype, f, args }

export const inside = (e: IxLike, n: number): Cond => ({ e: ix(e), n: Math.max(0, n) })
export const divides = (by: number, e: IxLike): Cond => ({ e: ix(e), by })
/** true, false, or undefined when it depends on the axes. */
export const decide = (c: Cond): boolean | undefined => {
  const [lo, hi] = range(c.e)
  if ("n" in c) return hi < 0 || lo >= c.n ? false : lo >= 0 && hi < c.n ? true : undefined
  if (c.by === 1) return true
  return c.e.t.every(([k]) => k % c.by === 0) ? c.e.c % c.by === 0 : undefined
}
export const guard = (when: readonly Cond[], body: Expr, other: number): Expr => {
  const open: Cond[] = []
  for (const c of when) {
    const known = decide(c)
    if (known === false) return num(other, body.dtype)
    if (known === undefined) open.push(c)
  }
  if (open.length === 0 || (body.k === "num" && body.v === other)) return body
  return body.k === "guard" && body.other === other
    ? { k: "guard", dtype: body.dtype, when: [...open, ...body.when], body: body.body, other }
    : { k: "guard", dtype: body.dtype, when: open, body, other }
}

/** The neutral element of a reduction. */
export const unit = (kind: Kind, dtype: DType): number => {
  if (kind === "add") return 0
  if (kind === "mul") return 1
  const low = kind === "max"
  if (dtype === "f32" || dtype === "f64") return low ? -Infinity : Infinity
  if (dtype === "i32") return low ? -2147483648 : 2147483647
  return dtype === "u32" ? (low ? 0 : 4294967295) : low ? 0 : 1
}
/** Where a body is being built: the axes in scope ("does this read touch each element once?") and whose body it is. Dynamic scope:
 *  set by the lowering around one `body` call, extended by `reduce` around its own. */
export const scope: { axes: readonly Axis[]; tag: unknown } = { axes: [], tag: undefined }

export const reduce = (kind: Kind, sizes: readonly number[], f: (r: readonly Ix[]) => Expr, upto?: Ix): Expr => {
  const axes = sizes.map(axis)
  const { axes: outer, tag } = scope
  scope.axes = [...outer, ...axes]
  try {
    return reduceOver(kind, axes, f(axes.map(ix)), upto, tag)
  } finally {
    scope.axes = outer
  }
}
/** The sum of a guarded sum is one guarded sum. This line turns "fold of a contraction" into the transposed convolution. */
export const reduceOver = (kind: Kind, all: readonly Axis[], body: Expr, upto?: Ix, tag?: unknown): Expr => {
  const neutral = unit(kind, body.dtype)
  if (all.some((a) => a.n === 0) || (body.k === "num" && body.v === neutral)) return num(neutral, body.dtype)
  const axes = all.filter((a) => a.n !== 1 || upto)
  const inner = body.k === "guard" && body.other === neutral ? body.body : body
  if (!upto && inner.k === "reduce" && inner.kind === kind && !inner.upto) {
    const merged = body.k === "guard" ? guard(body.when, inner.body, body.other) : inner.body
    return reduceOver(kind, [...axes, ...inner.axes], merged, undefined, tag ?? inner.tag)
  }
  if (axes.length === 0) return body
  return { k: "reduce", dtype: body.dtype, kind, axes, body, ...(upto ? { upto } : {}), tag }
}
