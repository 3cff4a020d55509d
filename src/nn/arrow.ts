// What a layer is at run time: an arrow from what goes in to what comes out, with trees of parameters and state beside it. Arrows
// compose; `at` makes one look at an entry of the trees. A list of layers is the composition of its layers, each at its key.
import type { DType } from "../core/dtype.ts"
import { refuse, ShapeError } from "../core/errors.ts"
import { same as sameShape, size } from "../core/shape.ts"
import type { RawTensor } from "../core/tensor.ts"
import type { Key } from "../random/index.ts"
import type { Initialiser } from "./initialisers.ts"
import { leafLive, type Live, liveThrough, sizeOf } from "./live.ts"
import type { AnySpec } from "./spec.ts"

/** A tensor that has yet to be made. */
export interface Slot {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly init: Initialiser
}
export type Slots = { readonly [key: string]: Slot | Slots }
export const isSlot = (v: Slot | Slots): v is Slot => typeof v["init"] === "function"

export type keyMissing = "network: training needs Random (a layer draws numbers); pass { train: true, key }"
export const keyMissing: keyMissing = "network: training needs Random (a layer draws numbers); pass { train: true, key }"

/** One line of a summary. */
export interface Row {
  readonly path: string
  readonly kind: string
  readonly out: AnySpec
  readonly parameters: number
}
/** All that follows from the shape of the input. */
export interface Plan {
  readonly out: AnySpec
  readonly params: Slots
  readonly state: Slots
  readonly rows: readonly Row[]
  /** Paths of layers that share their parameters with others of that name. */
  readonly shared: readonly string[]
  /** How many elements are alive while it runs; not said by a layer that is not made of others. */
  readonly live?: Live
}
export const liveOf = (input: AnySpec, p: Plan): Live => p.live ?? leafLive(input, p.out)
export type Tree = { readonly [key: string]: RawTensor | Tree }
/** Where a layer is applied: its part of the trees, and what training brings. */
export interface Env {
  readonly params: Tree
  readonly state: Tree
  readonly train: boolean
  /** The key of this call; a layer folds its path into it. */
  readonly key: Key | undefined
  readonly path: string
}
export interface Result {
  readonly y: RawTensor
  readonly state: Tree
}
export interface Arrow {
  /** Throws the sentence if the input does not fit. */
  readonly plan: (input: AnySpec) => Plan
  /** x and y are lists of tensors where the plan has lists; who reads them so says so. */
  readonly apply: (env: Env, x: RawTensor) => Result
}

/** The plan of a layer that is not made of others. */
export const leafPlan = (out: AnySpec, params: Slots = {}, state: Slots = {}): Plan => ({
  out,
  params,
  state,
  rows: [],
  shared: [],
})
/** An arrow without parameters and state. */
export const pureArrow = (out: (s: AnySpec) => AnySpec, f: (x: RawTensor, env: Env) => RawTensor): Arrow => ({
  plan: (s) => leafPlan(out(s)),
  apply: (env, x) => ({ y: f(x, env), state: {} }),
})
/** What comes in comes out. */
export const identity: Arrow = {
  plan: (s) => ({ ...leafPlan(s), live: { peak: sizeOf(s), held: sizeOf(s) } }),
  apply: (_, x) => ({ y: x, state: {} }),
}
const same = (a: Slot | Slots, b: Slot | Slots): boolean =>
  isSlot(a)
    ? isSlot(b) && a.dtype === b.dtype && sameShape(a.shape, b.shape)
    : !isSlot(b) && Object.keys({ ...a, ...b }).every((k) => a[k] && b[k] && same(a[k], b[k]))
/** Both trees in one; what is in both is shared, and must agree. */
const merged = (a: Slots, b: Slots): Slots => {
  for (const key of Object.keys(b))
    if (a[key] && !same(a[key], b[key]!))
      refuse(`shared: ${key} has other parameters in an earlier place; share a layer between inputs of one shape`)
  return { ...a, ...b }
}
/** Trees, rows and shared paths of two plans in one; what both share is counted once. */
export const united = (p: Plan, q: Plan): Pick<Plan, "params" | "state" | "rows" | "shared"> => ({
  params: merged(p.params, q.params),
  state: { ...p.state, ...q.state },
  rows: [...p.rows, ...q.rows.map((r) => (p.rows.some((o) => o.path === r.path) ? { ...r, parameters: 0 } : r))],
  shared: [...p.shared, ...q.shared],
})
/** g after f. Both see the same trees; what they add to them is united. */
export const compose = (g: Arrow, f: Arrow): Arrow =>
  f === identity
    ? g
    : g === identity
      ? f
      : {
          plan: (s) => {
            const p = f.plan(s)
            const q = g.plan(p.out)
            return { out: q.out, ...united(p, q), live: liveThrough(s, liveOf(s, p), liveOf(p.out, q)) }
          },
          apply: (env, x) => {
            const a = f.apply(env, x)
            const b = g.apply(env, a.y)
            return { y: b.y, state: { ...a.state, ...b.state } }
          },
        }
const entry = <T extends object>(key: string, tree: T): Record<string, T> =>
  Object.keys(tree).length === 0 ? {} : { [key]: tree }
export const below = (path: string, key: string): string => (path === "" ? key : `${path}/${key}`)
/** The arrow at the entry `key` of the trees; an empty entry is left out. `where` is put in front of its sentences. */
export const at = (key: string, f: Arrow & { readonly kind: string; readonly shared: boolean }, where = ""): Arrow => ({
  plan: (s) => {
    const p = within(where, () => f.plan(s))
    const rows =
      p.rows.length === 0
        ? [{ path: key, kind: f.kind, out: p.out, parameters: elements(p.params) }]
        : p.rows.map((r) => ({ ...r, path: r.path === "" ? key : below(key, r.path) }))
    const shared = [...(f.shared ? [key] : []), ...p.shared.map((path) => below(key, path))]
    return { ...p, params: entry(key, p.params), state: entry(key, p.state), rows, shared }
  },
  apply: (env, x) => {
    const inner = {
      ...env,
      params: (env.params[key] ?? {}) as Tree,
      state: (env.state[key] ?? {}) as Tree,
      path: below(env.path, key),
    }
    const r = f.apply(inner, x)
    return { y: r.y, state: entry(key, r.state) as Tree }
  },
})
/** f, whose sentences say where they come from. */
export const within = <T>(where: string, f: () => T): T => {
  if (where === "") return f()
  try {
    return f()
  } catch (e) {
    throw e instanceof ShapeError ? new ShapeError(`${where}${e.message}`) : e
  }
}
/** How many numbers the slots hold. */
export const elements = (slots: Slots): number =>
  Object.values(slots).reduce((n, v) => n + (isSlot(v) ? size(v.shape) : elements(v)), 0)
