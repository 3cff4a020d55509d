// Writing trees of tensors as safetensors files.
import * as Effect from "effect/Effect"
import type { DType, HostArray } from "../core/dtype.ts"
import { storageOf } from "../core/leaf.ts"
import { isTensor, type RawTensor } from "../core/tensor.ts"
import { flatten, paths } from "../core/tree.ts"
import type { Device } from "../runtime/device.ts"
import { readTree, type RunError } from "../runtime/jit.ts"
import { nameOf } from "./elements.ts"
import { type CheckpointError, checkpointError, quote } from "./errors.ts"
import { writeWhole } from "./files.ts"
import { SEPARATOR } from "./names.ts"

interface Named {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly values: HostArray
}
/** Header and bytes of a file, piece by piece. Pure. The longest elements come first, so that every tensor lies at a multiple of its own. */
export const encode = (tensors: readonly Named[]): Uint8Array[] => {
  const sorted = [...tensors].sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT)
  let at = 0
  const described = sorted.map(({ name, dtype, shape, values }) => [
    name,
    { dtype: nameOf(dtype), shape, data_offsets: [at, (at += values.byteLength)] },
  ])
  const text = JSON.stringify(Object.fromEntries([["__metadata__", { [SEPARATOR]: "/" }], ...described]))
  const unpadded = new TextEncoder().encode(text)
  const head = new Uint8Array(8 + 8 * Math.ceil(unpadded.length / 8)).fill(32) // spaces: the tensors begin at a multiple of 8
  head.set(unpadded, 8)
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true)
  return [head, ...sorted.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]
}
/** Names that a file cannot tell apart from others. */
const badName = (tree: unknown): string | undefined => {
  if (typeof tree !== "object" || tree === null || isTensor(tree)) return undefined
  for (const [key, v] of Object.entries(tree)) {
    if (key.includes("/") || key === "__proto__" || key === "__metadata__") return key
    const below = badName(v)
    if (below !== undefined) return below
  }
  return undefined
}

/**
 * Writes the tensors of a tree into a safetensors file, under their paths ("dense_1/kernel"); expressions are run first. The file appears
 * when it is complete: until then, and if anything fails, what had the name before stays.
 * @example yield* Checkpoint.save("model.safetensors", variables.params)
 */
export const save = (file: string, tree: object): Effect.Effect<void, CheckpointError | RunError, Device> =>
  Effect.gen(function* () {
    const bad = badName(tree)
    if (bad !== undefined)
      return yield* checkpointError(file, `${quote(bad)} cannot be a key in it`, "rename it: names are joined with /")
    const names = paths(tree)
    const { leaves } = flatten(yield* readTree(tree))
    yield* writeWhole(
      file,
      encode(leaves.map((t: RawTensor, k) => ({ name: names[k]!, dtype: t.dtype, shape: t.shape, values: storageOf(t)!.host! }))),
    )
  })
