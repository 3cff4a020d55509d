// gpu.js on WebAssembly SIMD. Kernels of all programs share one memory as scratch: a run copies its arguments in, runs its kernels one
// after another, copies its results out. Device arrays are host arrays; the two copies cost about 0.1 ms per MB.
import type { Buf } from "../../core/ir/index.ts"
import { instantiate, type Memory, engine } from "../wasm/engine.ts"
import { OutOfMemory } from "../errors.ts"
import type { Target } from "./emit.ts"
import { type Library, type WasmLayout, wasmTranslator, type WasmTranslator } from "./library.ts"
import type { Run } from "./plan.ts"
import { listing, type Program, type Runnable } from "./program.ts"
import { hostSteps } from "./host.ts"
import { elementsOf, sizeOf } from "./sizes.ts"

const PAGE = 65536
/** gpu.js declares its modules' memory with at most this many pages, unless the program itself is larger. */
const SHARED_PAGES = 4096
const MARGIN = 17
const KEPT = 1024

export const webasmTarget = (device: string): Target => ({ device, native: true, fits: (x) => x % 4 === 0 })

type Span = (from: number, to: number, seed: number) => unknown
interface Kernel {
  readonly run: Span
  readonly simd: Span | null
}
/** pow as IEEE 754 has it: JavaScript says NaN for 1 ** NaN and (+-1) ** (+-Infinity). */
const imported: Record<string, unknown> = {
  pow: (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
}
const importOf = (name: string): unknown => imported[name] ?? (Math as unknown as Record<string, unknown>)[name]

export const webasmCompiler = (library: Library, device: string) => {
  const { Memory } = engine!
  const memory = new Memory({ initial: MARGIN, maximum: SHARED_PAGES })
  let floats = new Float32Array(memory.buffer)
  const translators = new Map<string, WasmTranslator>()
  const kernels = new Map<string, Kernel>()
  const remember = <V>(cache: Map<string, V>, key: string, make: () => V): V => {
    const hit = cache.get(key)
    const v = hit ?? make()
    cache.delete(key) // the order of the map is the order of use
    cache.set(key, v)
    if (cache.size > KEPT) cache.delete(cache.keys().next().value!)
    return v
  }
  /** A memory with room for this many bytes: the shared one, or for a very large program one of its own. */
  const room = (bytes: number): { readonly memory: Memory; readonly shared: boolean } => {
    const pages = Math.ceil(bytes / PAGE) + MARGIN
    try {
      if (pages > SHARED_PAGES) return { memory: new Memory({ initial: pages, maximum: pages }), shared: false }
      const have = memory.buffer.byteLength / PAGE
      if (have < pages) {
        memory.grow(Math.min(SHARED_PAGES, Math.max(pages, 2 * have)) - have)
        floats = new Float32Array(memory.buffer)
      }
      return { memory, shared: true }
    } catch {
      throw new OutOfMemory({ device, bytes, live: memory.buffer.byteLength })
    }
  }
  const compile = (program: Program): Runnable => {
    const { lowered, steps, layout } = program
    // ---- addresses, in bytes
    let top = 0
    const reserve = (n: number): number => {
      const at = top
      top += Math.ceil((4 * n) / 16) * 16
      return at
    }
    const own = new Map<Buf, number>()
    for (const b of [...lowered.args, ...lowered.outs]) own.set(b, reserve(sizeOf(b)))
    const pieces = layout.sizes.map(reserve)
    const scalarAt = new Map<unknown, number>()
    for (const s of program.scalars) scalarAt.set(s, reserve(1))
    const address = (b: Buf): number => own.get(b) ?? pieces[layout.piece.get(b)!]!
    const { memory: mine, shared } = room(top)
    const view = shared ? undefined : new Float32Array(mine.buffer)
    const data = (): Float32Array => view ?? floats

    const build = (r: Run): Kernel => {
      const { source } = r
      const layoutOf: WasmLayout = {
        arrays: Object.fromEntries(
          source.inputs.map((b, index) => [
            `a${index}`,
            { index, offset: address(b), dims: [sizeOf(b), 1, 1], flatLength: Math.max(sizeOf(b), 1) },
          ]),
        ),
        scalars: Object.fromEntries(
          source.scalars.map((s, k) => [
            typeof s === "string" ? s : `u${s.id}`,
            { index: source.inputs.length + k, offset: scalarAt.get(s)!, type: "Float" },
          ]),
        ),
        constantArrays: {},
        outputOffset: address(r.out),
        totalBytes: shared ? 1 : top,
      }
      const make = (): Kernel => {
        const t = remember(translators, `${source.output.join()}\n${source.source}`, () => wasmTranslator(library, source))
        const { bytes } = t._assembleModule(layoutOf, elementsOf(source.output), false)
        const env: Record<string, unknown> = { memory: mine }
        for (const name of t.usedMathImports) env[`math_${name}`] = importOf(name)
        const { run, run_simd: simd } = instantiate(bytes, env)
        return { run: run!, simd: simd ?? null }
      }
      return shared ? remember(kernels, `${JSON.stringify(layoutOf)}${source.output.join()}\n${source.source}`, make) : make()
    }
    const go = hostSteps(steps, {
      run: (r) => {
        const k = build(r)
        const cells = elementsOf(r.source.output)
        const width = r.source.output[0]!
        return () => library.WebAssemblyKernel.dispatchSpans(k.run, k.simd, cells, width, 0)
      },
      array: (b) => () => data().subarray(address(b) / 4, address(b) / 4 + sizeOf(b)),
      setIndex: (t, v) => {
        const at = scalarAt.get(t)
        if (at !== undefined) data()[at / 4] = v
      },
    })
    return {
      listing: () => listing(program),
      release: () => {},
      run: (args, donated) => {
        const inputs = args.map((a) => program.handles.memoryOf(a))
        const f = data()
        inputs.forEach((values, k) => f.set(values, own.get(lowered.args[k]!)! / 4))
        const special = { inf: Infinity, nan: NaN }
        for (const name of ["inf", "nan"] as const) {
          const at = scalarAt.get(name)
          if (at !== undefined) f[at / 4] = special[name]
        }
        go()
        return program.finish(args, donated, (b) => {
          const at = own.get(b)! / 4
          return data().slice(at, at + sizeOf(b))
        })
      },
    }
  }
  return { compile }
}
