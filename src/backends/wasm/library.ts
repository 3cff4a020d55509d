// The system's BLAS, called through koffi on addresses of the wasm backend's own memory: nothing is copied.
import { DeviceUnavailable } from "../errors.ts"
import type { Memory } from "./engine.ts"

export { takesFrom } from "./blasTakes.ts"

type CFunction = (...args: readonly number[]) => void
interface CLibrary {
  func(definition: string): CFunction
}
interface Koffi {
  load(path: string): CLibrary
  address(array: ArrayBufferView): bigint
}
/** What each thread needs to call the library by itself. */
export interface Binding {
  /** Path of the package koffi. */
  readonly koffi: string
  readonly library: string
  /** Declaration of cblas_sgemm with plain addresses; its integers are 32 bits wide. */
  readonly sgemm: string
  /** Address of the memory's first byte. A shared memory never moves. */
  readonly base: number
}
/** BLAS by the names that the systems give it, the fastest first. */
const names: Readonly<Record<string, readonly string[]>> = {
  linux: ["libmkl_rt.so.2", "libopenblas.so.0", "libopenblas.so", "libblis.so.4"],
  darwin: ["/System/Library/Frameworks/Accelerate.framework/Accelerate", "libopenblas.dylib"],
  win32: ["mkl_rt.2.dll", "libopenblas.dll", "openblas.dll"],
}
const sgemm =
  "void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, uintptr_t a, int lda, uintptr_t b, int ldb, float beta, uintptr_t c, int ldc)"
/** Each of our threads calls on its own part of the work; the library's own threads would wait for the same cores. */
const oneThread = [
  "void openblas_set_num_threads(int)",
  "void MKL_Set_Num_Threads(int)",
  "void bli_thread_set_num_threads(int64_t)",
  "int BLASSetThreading(int)", // Accelerate: 1 is BLAS_THREADING_SINGLE_THREADED
]

/** The function that programs import. Addresses are bytes of the memory, unsigned. */
export const imported = (f: CFunction, base: number): CFunction => {
  const at = (x: number): number => base + (x >>> 0)
  return (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) =>
    f(101, 111 + ta!, 111 + tb!, m!, n!, k!, 1, at(a!), lda!, at(b!), ldb!, beta!, at(c!), ldc!)
}
/** The same for a worker: what makes its imports of a binding, as JavaScript. */
export const importedInWorker = `({ koffi, library, sgemm, base }) => {
  const at = (x) => base + (x >>> 0)
  const f = require(koffi).load(library).func(sgemm)
  return {
    sgemm: (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) =>
      f(101, 111 + ta, 111 + tb, m, n, k, 1, at(a), lda, at(b), ldb, beta, at(c), ldc),
  }
}`

export interface Library {
  readonly sgemm: CFunction
  readonly binding: Binding
}
/**
 * Finds a BLAS, by its path or among the usual names. Throws DeviceUnavailable, saying what was tried.
 *
 * @example
 * const { sgemm, binding } = await openBlas(memory)
 */
export const openBlas = async (memory: Memory, wanted?: string): Promise<Library> => {
  const unavailable = (reason: string): DeviceUnavailable => new DeviceUnavailable({ device: "native", reason })
  let koffi: Koffi
  let path: string
  try {
    const { createRequire } = await import("node:module")
    const require = createRequire(import.meta.url)
    path = require.resolve("koffi")
    koffi = require("koffi") as Koffi
  } catch {
    throw unavailable("the package koffi is not installed (npm install koffi)")
  }
  const tried: string[] = []
  for (const library of wanted === undefined ? (names[process.platform] ?? []) : [wanted]) {
    let c: CLibrary
    try {
      c = koffi.load(library)
    } catch {
      tried.push(library)
      continue
    }
    let f: CFunction
    try {
      f = c.func(sgemm)
    } catch {
      tried.push(`${library} (no cblas_sgemm in it)`)
      continue
    }
    for (const set of oneThread) {
      try {
        c.func(set)(1)
      } catch {
        // another maker's function
      }
    }
    const binding = { koffi: path, library, sgemm, base: Number(koffi.address(new Uint8Array(memory.buffer))) }
    return { sgemm: imported(f, binding.base), binding }
  }
  throw unavailable(`no BLAS found (tried ${tried.join(", ") || "nothing: this system is not known"})`)
}
