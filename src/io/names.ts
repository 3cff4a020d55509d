// Names of tensors in a file as paths in a tree: split at "/", or, where no name has one, at "." (PyTorch's way).
import { Flaw, quote } from "./errors.ts"
import type { Entry, Header } from "./header.ts"

export type Entries = ReadonlyMap<string, Entry | Entries>
/** The key of the metadata that says what files of ours are split at. */
export const SEPARATOR = "separator"

const separatorOf = ({ entries, metadata }: Header): string =>
  metadata[SEPARATOR] ?? (entries.some((e) => e.name.includes("/")) ? "/" : ".")

/** The tensors of a file as a tree, in the order of their bytes. Throws a Flaw where one name is both a tensor and a group of tensors. */
export const treeOf = (header: Header): Entries => {
  const separator = separatorOf(header)
  const root = new Map<string, Entry | Entries>()
  const clash = (name: string): never => {
    throw new Flaw(`${quote(name)} is both a tensor and a group of tensors`, "rename one of them")
  }
  for (const e of header.entries) {
    const keys = separator === "" ? [e.name] : e.name.split(separator)
    if (keys.includes("__proto__")) throw new Flaw(`tensor ${quote(e.name)}: __proto__ cannot be a key`, "rename it")
    let group = root
    for (const [k, key] of keys.slice(0, -1).entries()) {
      const next = group.get(key) ?? new Map<string, Entry | Entries>()
      if (!(next instanceof Map)) clash(keys.slice(0, k + 1).join(separator))
      group.set(key, next)
      group = next as Map<string, Entry | Entries>
    }
    if (group.has(keys.at(-1)!)) clash(e.name)
    group.set(keys.at(-1)!, e)
  }
  return root
}
