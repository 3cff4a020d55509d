// A WebAssembly module: imports, functions, exports, as bytes.
import { Code, codes, type Func } from "./asm.ts"
import { Bytes } from "./bytes.ts"
import type { Type } from "./opcodes.ts"

export interface MemoryImport {
  readonly initial: number
  /** Required by shared memories. */
  readonly maximum?: number
  readonly shared?: boolean
}

/** A module: imports `env.memory` and functions of `env`, defines functions, exports some by name. */
export class Module {
  private readonly memory: MemoryImport
  private readonly imports: { readonly name: string; readonly func: Func }[] = []
  private readonly functions: { readonly code: Code; readonly name?: string }[] = []

  constructor(memory: MemoryImport) {
    if (memory.shared && memory.maximum === undefined) throw new RangeError("wasm: a shared memory needs a maximum")
    this.memory = memory
  }
  /** All imports come before the first `func`: indices of imported functions are the smallest. */
  import<const P extends readonly Type[], R extends Type | "none">(name: string, params: P, result: R): Func<P, R> {
    if (this.functions.length) throw new Error(`wasm: import ${name} after the first function`)
    const func = { index: this.imports.length, params, result }
    this.imports.push({ name, func })
    return func
  }
  func<const P extends readonly Type[], R extends Type | "none">(params: P, result: R, name?: string): Code<P, R> {
    const code = new Code(this.imports.length + this.functions.length, params, result)
    this.functions.push(name === undefined ? { code } : { code, name })
    return code
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const types: Func[] = []
    const numbers = new Map<string, number>()
    const typeOf = (f: Func): number => {
      const key = `${f.params} ${f.result}`
      const known = numbers.get(key)
      if (known !== undefined) return known
      numbers.set(key, types.length)
      return types.push(f) - 1
    }
    const imported = this.imports.map((i) => typeOf(i.func))
    const defined = this.functions.map((f) => typeOf(f.code))
    const out = new Bytes(1 << 14)
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(byte)
    const section = (id: number, count: number, write: (to: Bytes) => void): void => {
      const body = new Bytes(1 << 10)
      body.u32(count)
      write(body)
      out.u8(id)
      out.u32(body.length)
      out.append(body)
    }
    section(1, types.length, (to) => {
      for (const f of types) {
        to.u8(0x60)
        to.u32(f.params.length)
        for (const p of f.params) to.u8(codes[p])
        to.u32(f.result === "none" ? 0 : 1)
        if (f.result !== "none") to.u8(codes[f.result])
      }
    })
    section(2, 1 + this.imports.length, (to) => {
      const { initial, maximum, shared } = this.memory
      to.name("env")
      to.name("memory")
      to.u8(2)
      to.u8((shared ? 2 : 0) | (maximum === undefined ? 0 : 1))
      to.u32(initial)
      if (maximum !== undefined) to.u32(maximum)
      this.imports.forEach((i, k) => {
        to.name("env")
        to.name(i.name)
        to.u8(0)
        to.u32(imported[k]!)
      })
    })
    section(3, defined.length, (to) => {
      for (const t of defined) to.u32(t)
    })
    const named = this.functions.filter((f) => f.name !== undefined)
    section(7, named.length, (to) => {
      for (const f of named) {
        to.name(f.name!)
        to.u8(0)
        to.u32(f.code.index)
      }
    })
    section(10, this.functions.length, (to) => {
      for (const f of this.functions) f.code.encode(to)
    })
    return out.finish()
  }
}
