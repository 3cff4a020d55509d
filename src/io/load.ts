// Reading files of tensors: into trees whose types are known, each tensor checked before it is read.
import * as Effect from "effect/Effect"
import { hostLeaf } from "../core/leaf.ts"
import { isTensor, type RawTensor } from "../core/tensor.ts"
import { decode } from "./elements.ts"
import { type CheckpointError, Flaw, quote } from "./errors.ts"
import { type Described, readAs, textOf } from "./describe.ts"
import { type OpenFile, reading } from "./files.ts"
import { decodeHeader, type Entry, type Header, headerLength } from "./header.ts"
import { type Entries, treeOf } from "./names.ts"

const headerOf = async (open: OpenFile): Promise<Header> => {
  const length = headerLength(await open.read(0, Math.min(8, open.bytes)), open.bytes)
  return decodeHeader(await open.read(8, length), open.bytes)
}
/** The header of a safetensors file: names, shapes and element types. Reads nothing else of it. */
export const header = (file: string): Effect.Effect<Header, CheckpointError> => reading(file, headerOf)
/** What `f` makes of the header; a Flaw that it throws becomes the file's CheckpointError. */
export const ofHeader = <A>(file: string, f: (h: Header) => A): Effect.Effect<A, CheckpointError> =>
  reading(file, async (open) => f(await headerOf(open)))

/** Reads what was found to be there. */
type Read = (tensor: (e: Entry) => Promise<RawTensor>) => Promise<unknown>
const ADVICE = "give the file that the types were made of, or make them again (adjoint typegen)"
/** How to read what `like` wants of a group of tensors. Throws a Flaw at the first tensor that the file has otherwise, and reads nothing. */
const matched = (like: unknown, found: Entry | Entries | undefined, path: string): Read => {
  const is = found instanceof Map ? "a group of tensors" : found && readAs(found as Entry)
  if (typeof like === "string" || isTensor(like)) {
    const wanted = typeof like === "string" ? like : textOf(like)
    if (is !== wanted)
      throw new Flaw(is ? `${path} is ${is}, ${wanted} is wanted` : `${path} is missing, ${wanted} is wanted`, ADVICE)
    return (tensor) => tensor(found as Entry)
  }
  if (typeof like !== "object" || like === null) {
    if (is) throw new Flaw(`${path} is ${is}, ${String(like)} is wanted`, ADVICE)
    return () => Promise.resolve(like)
  }
  if (found && !(found instanceof Map)) throw new Flaw(`${path} is ${is}, a group of tensors is wanted`, ADVICE)
  const group: Entries = found ?? new Map()
  const below = (key: string): string => (path === "" ? key : `${path}/${key}`)
  const wanted = Object.entries(like)
  const names = new Set(wanted.map(([key]) => key))
  for (const key of group.keys())
    if (!names.has(key)) throw new Flaw(`${below(key)} is in it, and nothing of that name is wanted`, ADVICE)
  const members = wanted.map(([key, v]) => [key, matched(v, group.get(key), below(key))] as const)
  return async (tensor) => {
    const out: [string, unknown][] = []
    for (const [key, read] of members) out.push([key, await read(tensor)])
    return Array.isArray(like) ? out.map(([, v]) => v) : Object.fromEntries(out)
  }
}
const tensorOf = (e: Entry, bytes: Uint8Array<ArrayBuffer>): RawTensor => {
  try {
    return hostLeaf(decode(e.type, bytes), e.shape, e.type.dtype)
  } catch (cause) {
    throw cause instanceof Flaw ? new Flaw(`tensor ${quote(e.name)}: ${cause.wrong}`, cause.advice) : cause
  }
}
const loaded = <T>(file: string, like: unknown): Effect.Effect<T, CheckpointError> =>
  reading(file, async (open) => {
    const h = await headerOf(open)
    const read = matched(like, treeOf(h), "")
    return (await read(async (e) => tensorOf(e, await open.read(h.start + e.begin, e.end - e.begin)))) as T
  })

/**
 * The tensors of a safetensors file, as host values, in a tree of type T: what `adjoint typegen` writes for the file, type and
 * description. Nothing is read before the whole header has been found to be as described.
 *
 * F32, F64, I32, U32 and BOOL are read as they are, F16 and BF16 as f32, other integers as 32 bits (I64 as i32, where it fits).
 * @example const weights = yield* Checkpoint.load<Weights>("model.safetensors", description)
 */
export const load = <T>(file: string, description: Described<T>): Effect.Effect<T, CheckpointError> => loaded(file, description)
/**
 * The same into a tree like one that is there, of tensors that may be expressions: `Net.init` is never run for it.
 * @example const variables = yield* Checkpoint.restore("model.safetensors", Net.init(net, key))
 */
export const restore = <T>(file: string, like: T): Effect.Effect<T, CheckpointError> => loaded(file, like)
