// What loops need not compute again.
import type { Atom, Expr, Ix } from "../../core/ir/index.ts"
import { addressOf } from "./address.ts"
import type { Pointer, Scope } from "./frame.ts"
import { keyOfBuf, openConditions, valueOf } from "./values.ts"

/** Where a kernel writes. */
export interface Target {
  readonly pointer: Pointer
  readonly e: Ix
}
/** Computes in this scope what the expressions, evaluated inside loops over `inner`, would compute again each time: values that do
 *  not depend on those loops, and the fixed parts of addresses. Bodies of undecided guards are left alone: they may not be readable. */
export const hoist = (roots: readonly Expr[], stores: readonly Target[], inner: ReadonlySet<Atom>, scope: Scope): void => {
  const { frame } = scope
  const seen = new Set<Expr>()
  const meets = (free: ReadonlySet<Atom>, axes: ReadonlySet<Atom>): boolean => {
    for (const a of axes) if (free.has(a)) return true
    return false
  }
  const index = (e: Ix, axes: ReadonlySet<Atom>): void => {
    for (const [, a] of e.t) {
      if (a.e) index(a.e, axes)
      if (a.x) walk(a.x, axes)
    }
  }
  /** Parts of addresses that vary along the lanes are added where they are used. */
  const scalars = (axes: ReadonlySet<Atom>): ReadonlySet<Atom> => (scope.vector ? new Set([...axes, scope.vector.axis]) : axes)
  const walk = (x: Expr, axes: ReadonlySet<Atom>): void => {
    if (x.k === "num" || seen.has(x)) return
    seen.add(x)
    if (x.k === "read" && scope.find(keyOfBuf(x.buf))) return
    if (!meets(frame.free(x), axes)) return void valueOf(x, scope)
    switch (x.k) {
      case "idx":
        return index(x.e, axes)
      case "read": {
        const e = frame.readAddress(x)
        index(e, axes)
        addressOf(frame.pointer(x.buf), e, 4, scope, scalars(axes))
        return
      }
      case "fn":
        for (const a of x.args) walk(a, axes)
        return
      case "guard":
        if (openConditions(x, scope)?.length === 0) walk(x.body, axes)
        return
      case "reduce":
        walk(x.body, new Set([...axes, ...frame.reduceAxes(x)]))
    }
  }
  for (const x of roots) walk(x, inner)
  for (const { pointer, e } of stores) addressOf(pointer, e, 4, scope, scalars(inner))
}
