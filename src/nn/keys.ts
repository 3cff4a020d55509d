// Keys by name: the key of a leaf or a layer is the caller's key with the path folded in, so that inserting a layer changes no other draw.
import * as Random from "../random/index.ts"
import type { Key } from "./initialisers.ts"

/** FNV-1a of the text's UTF-16 units, 32 bits. Fowler, Noll, Vo 1991. */
export const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let k = 0; k < text.length; k++) {
    const c = text.charCodeAt(k)
    h = Math.imul(h ^ (c & 0xff), 0x01000193)
    h = Math.imul(h ^ (c >>> 8), 0x01000193)
  }
  return h >>> 0
}
export const keyAt = (key: Key, path: string): Key => Random.fold(key, hash(path))
