// Files of tensors for tests, right and wrong.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

const root = mkdtempSync(join(tmpdir(), "adjoint-io-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0
/** The path of a new file with these bytes (none: of a file that is not there). */
export const file = (bytes?: Uint8Array, name = `${++made}.safetensors`): string => {
  const path = join(root, name)
  if (bytes) writeFileSync(path, bytes)
  return path
}
export const folder = root

/** A file from its header, as a value or as bytes, and the number of bytes behind it; `length` is what it says of its header's length. */
export const bytesOf = (header: unknown, data: number | Uint8Array = 0, length?: bigint): Uint8Array => {
  const text =
    header instanceof Uint8Array ? header : new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const body = typeof data === "number" ? new Uint8Array(data) : data
  const out = new Uint8Array(8 + text.length + body.length)
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  out.set(text, 8)
  out.set(body, 8 + text.length)
  return out
}
export const entry = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})
