import "../../src/transform/linear.ts"
import { expect } from "vitest"
import { evaluate } from "../../src/backends/reference/index.ts"
import { type AnyTensor, type DType, hostArray, hostLeaf, type RawTensor, raw } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"

/** What a tensor is worth, computed by the reference backend. */
export const valuesOf = (t: AnyTensor): number[] => [...evaluate([raw(t)])[0]!]
export const tensorOf = (
  values: readonly number[],
  shape: readonly number[] = [values.length],
  dtype: DType = "f32",
): RawTensor => {
  const host = hostArray(dtype, values.length)
  host.set(values)
  return hostLeaf(host, shape, dtype)
}
/** Largest error, relative to 1 + |wanted|. */
export const errorOf = (got: readonly number[], wanted: readonly number[]): number => {
  expect(got.length).toBe(wanted.length)
  return got.reduce(
    (m, v, k) => Math.max(m, Object.is(v, wanted[k]) ? 0 : Math.abs(v - wanted[k]!) / (1 + Math.abs(wanted[k]!))),
    0,
  )
}
export const expectClose = (got: AnyTensor, wanted: AnyTensor | readonly number[], tolerance = 1e-12): void => {
  const w = Array.isArray(wanted) ? (wanted as readonly number[]) : valuesOf(wanted as AnyTensor)
  expect(errorOf(valuesOf(got), w)).toBeLessThanOrEqual(tolerance)
}
/** Generators with printed seeds: `each([1, 2, 3], (g) => ...)`. */
export const each = (seeds: number, f: (g: ReturnType<typeof gen>, seed: number) => void): void => {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      f(gen(seed), seed)
    } catch (e) {
      throw new Error(`seed ${seed}: ${(e as Error).message}`, { cause: e })
    }
  }
}
