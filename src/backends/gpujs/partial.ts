// Long reductions on a machine of many threads: a reduction whose results are too few to occupy it is cut into chunks, each summed by a
// thread of its own into an array of partial results; the kernel then reduces those.
import {
  type Axis,
  axis,
  type Buf,
  type Expr,
  guard,
  inside,
  type Ix,
  ix,
  mapExpr,
  plus,
  read,
  type Reduce,
  reduceOver,
  substitute,
  times,
  unit,
  visit,
} from "../../core/ir/index.ts"
import { isProductSum } from "../../compiler/contraction.ts"
import type { DType } from "../../core/dtype.ts"
import type { Dense } from "./emit.ts"
import { elementsOf } from "./sizes.ts"

/** Steps of one result below which a second kernel does not pay. */
const LONG = 256
/** Steps that a chunk has at least. */
const CHUNK = 32

/** The outermost reductions of a value that stand under no guard (elsewhere their reads may be outside their arrays). */
const outermost = (x: Expr): Reduce[] => {
  const seen = new Set<Expr>()
  const go = (x: Expr): Reduce[] => {
    if (seen.has(x)) return []
    seen.add(x)
    return x.k === "reduce" ? [x] : x.k === "fn" ? x.args.flatMap(go) : []
  }
  return go(x)
}
/** Contractions are tiled: a thread makes up to 16 results, and a chunk must be worth a tile. */
const PRODUCT = { threads: 4, chunk: 128 }
/** The chunk axes, what each reduced axis becomes, and the axes that stay. */
const cut = (axes: readonly Axis[], chunks: number, product: boolean) => {
  const outer: Axis[] = []
  const inner: Axis[] = []
  const to = new Map<Axis, Ix>()
  const limits: { readonly e: Ix; readonly n: number }[] = []
  let left = chunks
  for (const a of axes) {
    if (left < 2) inner.push(a)
    else if (a.n <= left) {
      // A whole axis becomes chunks.
      outer.push(a)
      left = Math.floor(left / a.n)
    } else {
      let c = left
      while (c > (product ? 1 : left / 2) && a.n % c !== 0) c--
      if (a.n % c !== 0) c = left
      if (c < 2) {
        inner.push(a)
        continue
      }
      const [j, q] = [axis(Math.ceil(a.n / c)), axis(c)]
      // Neighbouring threads take neighbouring elements; in a product the slices of a tile are neighbours.
      const e = product ? plus(times(q, j.n), j) : plus(times(j, c), q)
      to.set(a, e)
      if (a.n % c !== 0) limits.push({ e, n: a.n })
      outer.push(q)
      inner.push(j)
      left = 1
    }
  }
  return { outer, inner, to, limits }
}
const dependsOn = (x: Expr, axes: readonly Axis[]): Axis[] => {
  const seen = new Set<Axis>()
  visit(
    x,
    () => {},
    (e) => {
      for (const [, a] of e.t) seen.add(a)
    },
  )
  return axes.filter((a) => a.n > 1 && seen.has(a))
}
/** Kernels for partial results, to be run first, and the kernel that is left. `threads`: how many keep the machine busy. */
export const split = (
  k: Dense,
  threads: number,
  tiles: boolean,
  temporary: (shape: readonly number[], dtype: DType) => Buf,
): { readonly first: readonly { readonly kernel: Dense; readonly out: Buf }[]; readonly kernel: Dense } => {
  const first: { readonly kernel: Dense; readonly out: Buf }[] = []
  const instead = new Map<Expr, Expr>()
  for (const r of outermost(k.value)) {
    const trips = elementsOf(r.axes.map((a) => a.n))
    const own = dependsOn(r, k.axes)
    const results = elementsOf(own.map((a) => a.n))
    const product = tiles && isProductSum(r)
    const chunks = product
      ? Math.min(Math.floor((PRODUCT.threads * threads) / results), Math.floor(trips / PRODUCT.chunk))
      : Math.min(Math.floor(threads / results), Math.floor(trips / CHUNK))
    if (r.upto || trips < LONG || chunks < 4) continue
    const { outer, inner, to, limits } = cut(r.axes, chunks, product)
    if (outer.length === 0) continue
    const body = substitute((a) => to.get(a)).expr(r.body)
    const neutral = unit(r.kind, r.dtype)
    const kept = guard(
      limits.map((l) => inside(l.e, l.n)),
      body,
      neutral,
    )
    const out = temporary(
      [...outer, ...own].map((a) => a.n),
      r.dtype,
    )
    first.push({ kernel: { axes: [...outer, ...own], value: reduceOver(r.kind, inner, kept) }, out })
    const again = outer.map((a) => axis(a.n))
    instead.set(r, reduceOver(r.kind, again, read(out, [...again, ...own].map(ix))))
  }
  return first.length === 0
    ? { first, kernel: k }
    : { first, kernel: { axes: k.axes, value: mapExpr(k.value, (x) => instead.get(x)) } }
}
