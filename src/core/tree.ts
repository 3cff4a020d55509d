// Trees of tensors: records and arrays, nested. Parameters, state, gradients and arguments of programs are trees.
import { refuse } from "./errors.ts"
import { idOf } from "./key.ts"
import { isTensor, type RawTensor } from "./tensor.ts"

/** The shape of a tree: leaves are numbered; anything that is neither tensor nor container is kept as it is. */
export type TreeSpec =
  | { readonly k: "leaf"; readonly at: number }
  | { readonly k: "static"; readonly value: unknown }
  | { readonly k: "array"; readonly items: readonly TreeSpec[] }
  | { readonly k: "record"; readonly items: readonly (readonly [string, TreeSpec])[] }

const isRecord = (v: unknown): v is Record<string, unknown> => {
  if (typeof v !== "object" || v === null) return false
  const proto = Object.getPrototypeOf(v)
  return proto === Object.prototype || proto === null
}
/** Leaves in order (records by key, sorted, so that the order of writing does not matter) and what is around them. */
export const flatten = (tree: unknown): { readonly leaves: RawTensor[]; readonly spec: TreeSpec } => {
  const leaves: RawTensor[] = []
  const go = (v: unknown): TreeSpec => {
    if (isTensor(v)) return { k: "leaf", at: leaves.push(v) - 1 }
    if (Array.isArray(v)) return { k: "array", items: v.map(go) }
    if (isRecord(v))
      return {
        k: "record",
        items: Object.keys(v)
          .sort()
          .map((key) => [key, go(v[key])] as const),
      }
    return { k: "static", value: v }
  }
  const spec = go(tree)
  return { leaves, spec }
}
/** The leaves of a tree that has the structure of a spec with so many leaves and its static parts, in its order; undefined for any other tree. Costs a
 *  tenth of `flatten` and `specKey`: what a compiled function asks at each call. `leaf` says what may stand for a leaf. */
export const leavesLike = (
  spec: TreeSpec,
  tree: unknown,
  count: number,
  leaf: (v: unknown, at: number) => RawTensor | undefined,
): RawTensor[] | undefined => {
  const out = Array<RawTensor>(count)
  const go = (s: TreeSpec, v: unknown): boolean => {
    if (s.k === "leaf") {
      const t = leaf(v, s.at)
      if (t) out[s.at] = t
      return t !== undefined
    }
    if (s.k === "static") return Object.is(v, s.value)
    if (s.k === "array") {
      if (!Array.isArray(v) || v.length !== s.items.length) return false
      for (let k = 0; k < v.length; k++) if (!go(s.items[k]!, v[k])) return false
      return true
    }
    if (!isRecord(v)) return false
    let count = 0
    for (const _ in v) count++
    if (count !== s.items.length) return false
    for (const [key, item] of s.items) if (!Object.hasOwn(v, key) || !go(item, v[key])) return false
    return true
  }
  return go(spec, tree) ? out : undefined
}
export const unflatten = (spec: TreeSpec, leaves: readonly unknown[]): unknown => {
  switch (spec.k) {
    case "leaf":
      return leaves[spec.at]
    case "static":
      return spec.value
    case "array":
      return spec.items.map((s) => unflatten(s, leaves))
    case "record":
      return recordOf(spec.items, leaves)
  }
}
const recordOf = (items: readonly (readonly [string, TreeSpec])[], leaves: readonly unknown[]): Record<string, unknown> => {
  const out: Record<string, unknown> = {}
  for (const [key, s] of items) {
    const value = unflatten(s, leaves)
    if (key === "__proto__") Object.defineProperty(out, key, { value, writable: true, enumerable: true, configurable: true })
    else out[key] = value
  }
  return out
}
/** Text of a static part. Functions and other objects count by identity: two closures may read alike and do different things. */
const staticKey = (v: unknown): string => {
  if (typeof v === "string") return JSON.stringify(v)
  if (typeof v === "function" || (typeof v === "object" && v !== null)) return `#${idOf(v)}`
  return typeof v === "bigint" ? `${v}n` : Object.is(v, -0) ? "-0" : String(v)
}
/** Text of a spec: equal exactly for trees of the same structure and static parts. */
export const specKey = (spec: TreeSpec): string => {
  switch (spec.k) {
    case "leaf":
      return `*${spec.at}`
    case "static":
      return staticKey(spec.value)
    case "array":
      return `[${spec.items.map(specKey).join()}]`
    case "record":
      return `{${spec.items.map(([key, s]) => `${JSON.stringify(key)}:${specKey(s)}`).join()}}`
  }
}
/** Path of every leaf, "stem/kernel", in the order of `flatten`. */
export const paths = (tree: unknown): string[] => {
  const out: string[] = []
  const go = (v: unknown, path: string): void => {
    const below = (key: string | number): string => (path === "" ? String(key) : `${path}/${key}`)
    if (isTensor(v)) out.push(path)
    else if (Array.isArray(v))
      v.forEach((w, k) => {
        go(w, below(k))
      })
    else if (isRecord(v)) for (const key of Object.keys(v).sort()) go(v[key], below(key))
  }
  go(tree, "")
  return out
}
/** A tree of the same structure with f at each leaf; further trees must have that structure too. */
export const mapTree = <T>(
  tree: T,
  f: (leaf: RawTensor, path: string, ...others: RawTensor[]) => unknown,
  ...more: readonly unknown[]
): T => {
  const { leaves, spec } = flatten(tree)
  const names = paths(tree)
  const key = specKey(spec)
  const others = more.map((m) => {
    const other = flatten(m)
    if (specKey(other.spec) !== key)
      refuse(`tree: structures differ: ${key} and ${specKey(other.spec)}; map trees of one structure`)
    return other.leaves
  })
  return unflatten(
    spec,
    leaves.map((t, k) => f(t, names[k]!, ...others.map((o) => o[k]!))),
  ) as T
}
