// How large an application is that uses the library: bench/entries, bundled, minified, gzipped. Not counted, but for "all", is what a
// program on the CPU loads only if it asks for it (`rooms`), which is reported beside it; nor is gpu.js, an optional dependency.
import { gzipSync } from "node:zlib"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { root } from "./root.ts"

const here = fileURLToPath(new URL("bench/", root))
interface Chunk {
  readonly type: string
  readonly fileName: string
  readonly code: string
  readonly isEntry: boolean
  readonly imports: readonly string[]
  readonly dynamicImports: readonly string[]
  readonly moduleIds: readonly string[]
  readonly modules: Readonly<Record<string, { readonly renderedLength: number; readonly code: string | null }>>
}
const bundle = async (entry: string): Promise<readonly Chunk[]> => {
  const result = (await build({
    root: here,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: {
        input: `${here}entries/${entry}.ts`,
        preserveEntrySignatures: "allow-extension",
        external: [/^node:/, "gpu.js", "fast-check", "koffi"],
      },
    },
  })) as unknown as { readonly output: readonly Chunk[] } | readonly { readonly output: readonly Chunk[] }[]
  const [{ output }] = [result].flat() as [{ readonly output: readonly Chunk[] }]
  return output.filter((c) => c.type === "chunk")
}
/** What is loaded when it is first asked for: other devices, BLAS, effects in a session of promises, float64, rare functions, programs as text. */
const rooms: Readonly<Record<string, RegExp>> = {
  "gpu.js": /backends\/gpujs\/index/,
  reference: /backends\/reference\/index/,
  BLAS: /backends\/wasm\/library/,
  Effect: /promise\/effects/,
  float64: /backends\/wasm\/f64/,
  functions: /backends\/wasm\/functions/,
  listing: /compiler\/print/,
}
const roomOf = (c: Chunk): string | undefined =>
  c.isEntry ? undefined : Object.keys(rooms).find((r) => c.moduleIds.some((m) => rooms[r]!.test(m)))
/** Chunks that are loaded from these on, without the rooms on the way, or with them; not those of `before`. */
const loaded = (
  from: readonly Chunk[],
  chunks: readonly Chunk[],
  everything: boolean,
  before: readonly Chunk[] = [],
): Chunk[] => {
  const byName = new Map(chunks.map((c) => [c.fileName, c]))
  const seen = new Set<Chunk>()
  const walk = (c: Chunk | undefined): void => {
    if (!c || seen.has(c) || before.includes(c) || (!everything && roomOf(c) && !from.includes(c))) return
    seen.add(c)
    for (const i of [...c.imports, ...c.dynamicImports]) walk(byName.get(i))
  }
  from.forEach(walk)
  return [...seen]
}
export interface Size {
  readonly name: string
  /** KB of 1000 bytes. */
  readonly minified: number
  readonly gzip: number
  /** What is loaded later, each beyond what is there: gzip, KB. */
  readonly later: Readonly<Record<string, number>>
  /** Shares of folders in the code before minification, largest first. */
  readonly parts: readonly (readonly [string, number])[]
}
const folderOf = (id: string): string =>
  /node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(id)?.[1] ?? /\/(src\/[^/]+)/.exec(id)?.[1] ?? "bench"
export const sizeOf = async (name: string): Promise<Size> => {
  const all = await bundle(name)
  const chunks = loaded(
    all.filter((c) => c.isEntry),
    all,
    name === "all",
  )
  const parts = new Map<string, number>()
  for (const c of chunks)
    for (const [id, m] of Object.entries(c.modules)) {
      const k = folderOf(id)
      parts.set(k, (parts.get(k) ?? 0) + (m.code?.length ?? m.renderedLength))
    }
  const kb = (n: number): number => +(n / 1000).toFixed(1)
  const gzipOf = (list: readonly Chunk[]): number => kb(list.reduce((s, c) => s + gzipSync(c.code, { level: 9 }).length, 0))
  const later = all
    .filter((c) => roomOf(c) && !chunks.includes(c))
    .map((c) => [roomOf(c)!, gzipOf(loaded([c], all, false, chunks))])
  return {
    name,
    minified: kb(chunks.reduce((s, c) => s + c.code.length, 0)),
    gzip: gzipOf(chunks),
    later: Object.fromEntries(later),
    parts: [...parts].map(([k, n]) => [k, kb(n)] as const).sort((a, b) => b[1] - a[1]),
  }
}
export const sizes = async (): Promise<void> => {
  for (const name of ["forward", "training", "forwardEffect", "trainingEffect", "all"]) {
    const { minified, gzip, later, parts } = await sizeOf(name)
    console.log(JSON.stringify({ peer: "adjoint", workload: "size", entry: name, js_min_kb: minified, js_gzip_kb: gzip, later }))
    console.log(`  before minification: ${parts.map(([k, n]) => `${k} ${n}`).join(", ")}`)
  }
}
