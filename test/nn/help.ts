// Values for tests: float64 on the reference backend.
import { evaluate } from "../../src/backends/reference/index.ts"
import { hostLeaf } from "../../src/core/leaf.ts"
import { type AnyTensor, raw, type RawTensor } from "../../src/core/tensor.ts"
import { flatten, mapTree } from "../../src/core/tree.ts"
import "../../src/transform/linear.ts"

export const values = (t: AnyTensor): number[] => [...evaluate([raw(t)])[0]!]
export const f64 = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor =>
  hostLeaf(Float64Array.from(v), shape)
/** An f32 leaf; the reference backend computes with it in float64. */
export const f32 = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor =>
  hostLeaf(Float32Array.from(v), shape)
export const i32 = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor => hostLeaf(Int32Array.from(v), shape)
/** All leaves of a tree as f32 values, evaluated together. */
export const run = <T>(tree: T): T => {
  const { leaves } = flatten(tree)
  const out = evaluate(leaves)
  let at = 0
  return mapTree(tree, (t) => {
    const v = out[at++]!
    return t.dtype === "i32" ? i32([...v], t.shape) : t.dtype === "f64" ? f64([...v], t.shape) : f32([...v], t.shape)
  })
}
export const close = (a: readonly number[], b: readonly number[], tolerance = 1e-9): boolean =>
  a.length === b.length && a.every((x, k) => Math.abs(x - b[k]!) <= tolerance * Math.max(1, Math.abs(b[k]!)))
/** The sentence that a call throws. */
export const sentence = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    return (e as Error).message
  }
  return "nothing was refused"
}
export const shapes = (tree: unknown): unknown =>
  tree !== null && typeof tree === "object" && "node" in tree
    ? (tree as RawTensor).shape
    : Object.fromEntries(Object.entries(tree as object).map(([k, v]) => [k, shapes(v)]))
