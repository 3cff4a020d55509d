// `adjoint typegen`: the type of a file of tensors, and its description, as TypeScript.
import type * as Effect from "effect/Effect"
import { show } from "../core/shape.ts"
import { readAs } from "./describe.ts"
import type { CheckpointError } from "./errors.ts"
import type { Entry, Header } from "./header.ts"
import { ofHeader } from "./load.ts"
import { type Entries, treeOf } from "./names.ts"

const keyOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key))
const tree = (group: Entries, leaf: (e: Entry) => string, indent = "  "): string =>
  [...group]
    .map(([key, v]) => {
      const inside = v instanceof Map ? `{\n${tree(v, leaf, `${indent}  `)}${indent}}` : leaf(v as Entry)
      return `${indent}${keyOf(key)}: ${inside}`
    })
    .map((line) => `${line},\n`)
    .join("")
const tensorType = ({ type, shape }: Entry): string => `Tensor<${show(shape)}${type.dtype === "f32" ? "" : `, "${type.dtype}"`}>`

/** The module that describes a file; throws a Flaw where names do not make a tree. The same header gives the same text. */
const moduleOf = (file: string, header: Header): string => {
  const group = treeOf(header)
  const widened = header.entries.filter((e) => e.type.read !== null && e.element !== "BOOL")
  const note = widened.length > 0 ? `// Read as 32 bits: ${[...new Set(widened.map((e) => e.element))].sort().join(", ")}.\n` : ""
  return `// Written by adjoint typegen from the header of ${JSON.stringify(file)}. Do not edit.
${note}import { Checkpoint, type Tensor } from "adjoint"

export type Weights = {
${tree(group, tensorType)}}
/** The same for the program: a file is checked against it before it is read. */
export const description = {
${tree(group, (e) => JSON.stringify(readAs(e)))}} as const
/** The weights as values; fails with a CheckpointError where the file is not as described. */
export const load = (file = ${JSON.stringify(file)}) => Checkpoint.load<Weights>(file, description)
`
}

/**
 * The TypeScript module that describes a safetensors file: the type of its tree of tensors, and a function that loads it.
 * @example const text = yield* Checkpoint.typegen("model.safetensors")
 */
export const typegen = (file: string): Effect.Effect<string, CheckpointError> =>
  ofHeader(file, (header) => moduleOf(file, header))
