// The safetensors format (Hugging Face, safetensors 0.4, "Format"): the length of the header as 8 bytes, little-endian; the header, a JSON
// record in UTF-8, `{ name: { dtype, shape, data_offsets: [begin, end] }, "__metadata__": { text: text } }`, which may end in spaces; then the
// bytes of all tensors, row-major, without gaps. Offsets count from the end of the header.
import { size } from "../core/shape.ts"
import { type ElementType, elementNames, elementType } from "./elements.ts"
import { AGAIN, Flaw, quote } from "./errors.ts"
import { repeated } from "./json.ts"

/** A tensor as the header describes it. */
export interface Entry {
  readonly name: string
  /** The element type, as the file names it. */
  readonly element: string
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Where its bytes lie, from the end of the header. */
  readonly begin: number
  readonly end: number
}
export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly Entry[]
  readonly metadata: Readonly<Record<string, string>>
  /** Where the bytes of the tensors begin in the file. */
  readonly start: number
}
/** The format's own limit on the bytes of a header. */
const LONGEST = 100_000_000

/** The length of the header, from the first 8 bytes of a file of `total` bytes. */
export const headerLength = (first: Uint8Array, total: number): number => {
  if (total < 8) throw new Flaw(`${total} bytes are too few for a safetensors file`, AGAIN)
  const n = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (n > LONGEST)
    throw new Flaw(
      `its header would be ${n} bytes long, where ${LONGEST} are the most`,
      "give a safetensors file, or get it again",
    )
  if (8 + Number(n) > total) throw new Flaw(`it ends after ${total} of the ${8 + Number(n)} bytes of its header`, AGAIN)
  return Number(n)
}
const isRecord = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === "object" && v !== null && !Array.isArray(v)
const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0

const parsed = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Flaw("its header is not UTF-8", AGAIN)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Flaw(
      `its header is not JSON (it begins with ${quote(text.slice(0, 20))})`,
      "give a safetensors file, or get it again",
    )
  }
  if (!isRecord(json)) throw new Flaw("its header is not a JSON record", "give a safetensors file, or get it again")
  const twice = repeated(text)
  if (twice !== undefined)
    throw new Flaw(`its header names ${quote(twice)} twice`, "write the file again, each tensor under a name of its own")
  return json
}
const entryOf = (name: string, v: unknown): Entry => {
  const flaw = (wrong: string, advice = AGAIN): never => {
    throw new Flaw(`tensor ${quote(name)}: ${wrong}`, advice)
  }
  if (!isRecord(v)) return flaw("its description is not a record")
  const { dtype, shape, data_offsets: offsets } = v
  if (typeof dtype !== "string") return flaw("it has no dtype")
  const type = elementType(dtype)
  if (!type)
    return flaw(
      `its elements are ${quote(dtype)}; the element types that can be read are ${elementNames.join(", ")}`,
      "convert it",
    )
  if (!Array.isArray(shape) || !shape.every(isCount)) return flaw("its shape is no list of sizes")
  const pair =
    Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount) ? (offsets as [number, number]) : undefined
  if (!pair || pair[0] > pair[1]) return flaw("its data_offsets are no pair of offsets, [begin, end]")
  const [begin, end] = pair

  const wanted = size(shape) * type.bytes
  if (!Number.isSafeInteger(wanted)) return flaw(`[${shape.join(", ")}] has more bytes than can be counted`)
  if (end - begin !== wanted) return flaw(`it has ${end - begin} bytes, where ${dtype} [${shape.join(", ")}] has ${wanted}`)
  return { name, element: dtype, type, shape, begin, end }
}

/** The header from its bytes, in a file of `total` bytes; throws a Flaw where it is not as the format wants it. Pure. */
export const decodeHeader = (bytes: Uint8Array, total: number): Header => {
  const { __metadata__: metadata = {}, ...tensors } = parsed(bytes)
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === "string"))
    throw new Flaw("its __metadata__ is no record of texts", AGAIN)
  const entries = Object.entries(tensors).map(([name, v]) => entryOf(name, v))
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  const start = 8 + bytes.length
  let at = 0
  for (const [k, e] of entries.entries()) {
    if (e.begin < at) throw new Flaw(`the bytes of tensors ${quote(entries[k - 1]!.name)} and ${quote(e.name)} overlap`, AGAIN)
    if (e.begin > at) throw new Flaw(`${e.begin - at} bytes in front of tensor ${quote(e.name)} belong to none`, AGAIN)
    at = e.end
  }
  if (start + at > total) throw new Flaw(`it ends after ${total} of its ${start + at} bytes`, AGAIN)
  if (start + at < total) throw new Flaw(`${total - start - at} bytes follow after its tensors`, AGAIN)
  return { entries, metadata: metadata as Readonly<Record<string, string>>, start }
}
