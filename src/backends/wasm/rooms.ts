// Code that few programs need, loaded with the first that does: float64, which is here for checking, and functions that few networks
// have. Before that, this is asked.
import { type Expr, type Kernel, kernelsOf, type Scalar, type Stmt, visit } from "../../core/ir/index.ts"
import { spelled } from "./lanes.ts"

export interface Rooms {
  readonly doubles?: typeof import("./f64.ts")
  readonly functions?: typeof import("./functions.ts")
}
/** What functions.ts spells. */
export const FEW: ReadonlySet<string> = new Set(["erf", "sin", "cos", "pow"])

/** Does the kernel touch float64? */
export const hasDoubles = (k: Kernel): boolean => {
  let any = k.out.dtype === "f64"
  visit(k.value, (x) => void (any ||= x.dtype === "f64"))
  return any
}
/** The scalar functions that a kernel is made of, as far as lanes.ts does not spell them; definitions are followed. */
export const unspelled = (k: Kernel): ReadonlySet<Scalar> => {
  const out = new Set<Scalar>()
  const walk = (x: Expr): void =>
    visit(x, (y) => {
      if (y.k !== "fn" || spelled[y.f.name]) return
      if (y.f.define) walk(y.f.define(...y.args))
      else out.add(y.f)
    })
  walk(k.value)
  return out
}
/** What statements need, in place of what there is; the same if that is enough. */
export const roomsFor = (stmts: readonly Stmt[], have: Rooms): Rooms | Promise<Rooms> => {
  const kernels = kernelsOf(stmts)
  const doubles = !have.doubles && kernels.some(hasDoubles)
  const functions = !have.functions && kernels.some((k) => [...unspelled(k)].some((f) => FEW.has(f.name)))
  if (!doubles && !functions) return have
  return Promise.all([doubles ? import("./f64.ts") : have.doubles, functions ? import("./functions.ts") : have.functions]).then(
    ([d, f]) => ({ ...(d && { doubles: d }), ...(f && { functions: f }) }),
  )
}
