// A lowered program to one WebAssembly module: a function per kernel or nest, and `run`, which calls them in order.
import type { Lowered } from "../../compiler/lowered.ts"
import { type Axis, type Buf, kernelsOf, type Scalar, type Stmt } from "../../core/ir/index.ts"
import type { Code, Func, Local } from "./asm.ts"
import { Module } from "./module.ts"
import { SGEMM, type Takes } from "./blas.ts"
import { FEW, hasDoubles, type Rooms, unspelled } from "./rooms.ts"
import { Frame, type Need, type Place, SCRATCH_SLOT, Scope } from "./frame.ts"
import { emitKernel, emitNest } from "./kernel.ts"
import { Kernels } from "./microkernel.ts"
import type { Type } from "./opcodes.ts"
import { emitPhases, MOST_PHASES, STEP } from "./phases.ts"
import { splitReductions } from "./split.ts"

type Index = Local<"i32">
/** A statement's function, the phases of one call of it, and the vector operations in them. */
interface Part {
  readonly code: Func<readonly "i32"[], "none">
  readonly phases: number
  readonly divided: number
}
const total = (parts: readonly Part[], what: "phases" | "divided"): number => parts.reduce((n, p) => n + p[what], 0)
export interface WasmProgram {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Scalar functions to import from `env`, in float64, by name. */
  readonly host: readonly Scalar[]
  /** Bytes of the arena: temporaries and scratch space. Its contents matter only during a run. */
  readonly arena: number
  /** Scratch bytes of each thread, to be written into the table. */
  readonly scratch: number
  /** Statements that became functions. */
  readonly functions: number
  /** Matrix products left to BLAS. */
  readonly products: number
  /** Threads that may take part: 1, or all of them. Thread 0 calls `run(table, 0, ticket)`, others with their numbers while it does, and
   *  `run(table, -1, 0)` runs the program on one thread alone (phases.ts). Needs the function `wait` of `env`, if more than 1. */
  readonly threads: number
  /** Vector operations that are divided among them. */
  readonly divided: number
}
/** The argument of `run`: a table of 32-bit words: the arena's address, the scratch bytes of a thread, the addresses of the arguments
 *  and of the outputs. */
export const tableWords = (l: Lowered): number => FIRST + l.args.length + l.outs.length
const FIRST = SCRATCH_SLOT + 1
export const argSlot = (k: number): number => FIRST + k
export const outSlot = (l: Lowered, k: number): number => FIRST + l.args.length + k

/** Scalar functions that have neither code here nor a definition. */
const hostFunctions = (stmts: readonly Stmt[], { doubles, functions }: Rooms): Scalar[] => {
  const out = new Set<Scalar>()
  for (const k of kernelsOf(stmts)) {
    const wide = hasDoubles(k)
    if (wide && !doubles) throw new Error("wasm: the program has float64, whose code is not loaded")
    const few = [...unspelled(k)].find((s) => FEW.has(s.name))
    if (few && !functions) throw new Error(`wasm: the program has ${few.name}, whose code is not loaded`)
    for (const s of wide ? doubles!.hostedIn(k) : unspelled(k)) if (wide || !FEW.has(s.name)) out.add(s)
  }
  return [...out]
}

export interface CompileOptions {
  /** They divide outputs, never sums: results do not depend on their number. Default 1. */
  readonly threads?: number | undefined
  /** Vector operations below which a statement is left to one thread. */
  readonly least?: number | undefined
  /** Which matrix products are left to the function `sgemm` of `env` (blas.ts). */
  readonly takes?: Takes | undefined
  /** Is the memory shared? Default: where there are several threads, or a BLAS. */
  readonly shared?: boolean | undefined
  /** Products may be fused with their sums (relaxed.ts). */
  readonly relaxed?: boolean | undefined
  /** What `roomsFor` says that the program needs. */
  readonly rooms?: Rooms | undefined
}
/** Compiles; throws UnsupportedOnDevice. */
export const compileWasm = (lowered: Lowered, options: CompileOptions = {}): WasmProgram => {
  const l = splitReductions(lowered)
  const { threads = 1, least = 20_000, takes, shared = threads > 1 || takes !== undefined, relaxed = false, rooms = {} } = options
  const host = hostFunctions(l.stmts, rooms)
  // The host's functions live on one thread.
  const many = threads > 1 && host.length === 0
  const module = new Module(shared ? { initial: 1, maximum: 65536, shared } : { initial: 1 })
  const imported = new Map<string, Func>(
    host.map((s) => [
      s.name,
      module.import(
        s.name,
        Array.from({ length: s.arity }, (): Type => "f64"),
        "f64",
      ),
    ]),
  )
  const sgemm = takes && { call: module.import(SGEMM.name, SGEMM.params, "none"), takes, products: 0 }
  const wait = many ? module.import("wait", ["i32"], "none") : undefined
  const places = new Map<Buf, Place>()
  l.args.forEach((b, k) => places.set(b, { slot: argSlot(k) }))
  l.outs.forEach((b, k) => places.set(b, { slot: outSlot(l, k) }))
  for (const { buf, offset } of l.temps) places.set(buf, { offset })
  const need: Need = { arena: 64 * Math.ceil(l.arena / 64), scratch: 0 }
  const kernels = new Kernels(module, relaxed)
  let functions = 0

  const phases = wait && emitPhases(module, threads, wait)
  const i32s = (n: number): "i32"[] => Array.from({ length: n }, () => "i32")

  /** A function of the table, the thread, the ticket of its first phase, and the axes of the loops around the statement. */
  const statement = (s: Stmt, outer: readonly Axis[]): Part => {
    functions++
    const f: Code<readonly "i32"[], "none"> = module.func(i32s(3 + outer.length), "none")
    const [table, thread, ticket, ...values] = f.args as readonly [Index, Index, Index, ...Index[]]
    if (s.k === "loop") {
      const inner = s.body.map((b) => statement(b, [...outer, s.t]))
      const t = f.local("i32")
      f.times(s.t.n, (i) => {
        f.set(t, s.reverse ? f.op("i32.sub", f.i32(s.t.n - 1), f.get(i)) : f.get(i))
        sequence(f, inner, [table, thread, ticket, ...values, t])
        f.bump(ticket, STEP * total(inner, "phases"))
      })
      return { code: f, phases: s.t.n * total(inner, "phases"), divided: s.t.n * total(inner, "divided") }
    }
    const team = phases && { size: threads, id: f.local("i32"), thread, ticket, phases, least }
    const frame = new Frame(f, table, places, kernels, imported, need, team, sgemm, rooms)
    const scope = new Scope(frame)
    outer.forEach((a, k) => scope.bind(a, values[k]!))
    if (s.k === "nest") emitNest(s, scope)
    else emitKernel(s, scope)
    frame.finish()
    return { code: f, phases: frame.phases, divided: frame.divided }
  }
  /** Statements in order. Where some are divided, all threads come by, and those that are not are left to thread 0. */
  const sequence = (f: Code, list: readonly Part[], args: readonly [Index, Index, Index, ...Index[]]): void => {
    const [table, thread, ticket, ...values] = args
    const together = list.some((p) => p.phases > 0)
    let before = 0
    for (const { code, phases: own } of list) {
      const first = () => f.op("i32.add", f.get(ticket), f.i32(STEP * before))
      const call = (): void => f.call(code, f.get(table), f.get(thread), first(), ...values.map((x) => f.get(x)))
      if (own > 0 || !together) call()
      else f.if(f.op("i32.le_s", f.get(thread), f.i32(0)), call)
      if (own === 1 && phases) f.call(phases.join, f.get(thread))
      before += own
    }
  }
  const all = l.stmts.map((s) => statement(s, []))
  if (total(all, "phases") > MOST_PHASES) return compileWasm(lowered, { ...options, threads: 1, shared })
  const run = module.func(["i32", "i32", "i32"], "none", "run")
  sequence(run, all, run.args)
  const crew = total(all, "phases") > 0 ? threads : 1
  return {
    bytes: module.bytes(),
    host,
    arena: need.arena + crew * need.scratch,
    scratch: need.scratch,
    functions,
    products: sgemm?.products ?? 0,
    threads: crew,
    divided: total(all, "divided"),
  }
}
