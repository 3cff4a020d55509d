// A lowered program to one WebAssembly module: a function per kernel or nest, and `run`, which calls them in order.
import type { Lowered } from "../../compiler/lowered.ts"
import { type Axis, type Buf, type Expr, kernelsOf, type Scalar, type Stmt, visit } from "../../core/ir/index.ts"
import type { Code, Func, Local, Value } from "./asm.ts"
import { Module } from "./module.ts"
import { emitBarrier } from "./barrier.ts"
import { SGEMM } from "./blas.ts"
import { hostedIn, needsScalars } from "./f64.ts"
import { Frame, type Need, type Place, SCRATCH_SLOT, Scope } from "./frame.ts"
import { emitKernel, emitNest } from "./kernel.ts"
import { spelled } from "./lanes.ts"
import { Kernels } from "./microkernel.ts"
import type { Type } from "./opcodes.ts"

type Statement = Func<readonly "i32"[], "none">
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
  /** Threads that must call `run(table, thread)` together: 1, or all of them. */
  readonly threads: number
}
/** The argument of `run`: a table of 32-bit words: the arena's address, the scratch bytes of a thread, the addresses of the arguments
 *  and of the outputs. */
export const tableWords = (l: Lowered): number => FIRST + l.args.length + l.outs.length
const FIRST = SCRATCH_SLOT + 1
export const argSlot = (k: number): number => FIRST + k
export const outSlot = (l: Lowered, k: number): number => FIRST + l.args.length + k

/** Scalar functions that have neither code here nor a definition. */
const hostFunctions = (stmts: readonly Stmt[]): Scalar[] => {
  const out = new Set<Scalar>()
  const walk = (x: Expr): void =>
    visit(x, (y) => {
      if (y.k !== "fn" || spelled[y.f.name]) return
      if (y.f.define) walk(y.f.define(...y.args))
      else out.add(y.f)
    })
  for (const k of kernelsOf(stmts)) {
    if (needsScalars(k)) for (const s of hostedIn(k)) out.add(s)
    else walk(k.value)
  }
  return [...out]
}

/** Compiles, for a number of threads; throws UnsupportedOnDevice. The threads divide outputs, never sums: results do not depend on
 *  their number. `least`: vector operations below which a statement is left to one of them. `blas`: matrix products of
 *  so many multiplications and more are left to the function `sgemm` of `env` (blas.ts). */
export const compileWasm = (l: Lowered, threads = 1, least = 20_000, blas?: number): WasmProgram => {
  const host = hostFunctions(l.stmts)
  // The host's functions live on one thread.
  const many = threads > 1 && host.length === 0
  const module = new Module(threads > 1 || blas !== undefined ? { initial: 1, maximum: 65536, shared: true } : { initial: 1 })
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
  const sgemm =
    blas === undefined ? undefined : { call: module.import(SGEMM.name, SGEMM.params, "none"), least: blas, products: 0 }
  const places = new Map<Buf, Place>()
  l.args.forEach((b, k) => places.set(b, { slot: argSlot(k) }))
  l.outs.forEach((b, k) => places.set(b, { slot: outSlot(l, k) }))
  for (const { buf, offset } of l.temps) places.set(buf, { offset })
  const need: Need = { arena: 64 * Math.ceil(l.arena / 64), scratch: 0 }
  const kernels = new Kernels(module)
  let functions = 0

  const barrier = many ? emitBarrier(module, threads) : undefined
  const i32s = (n: number): "i32"[] => Array.from({ length: n }, () => "i32")

  /** A function of the table, the thread, and the axes of the loops around the statement. Is its work divided among the threads? */
  const statement = (s: Stmt, outer: readonly Axis[]): { readonly code: Statement; readonly divided: boolean } => {
    functions++
    const f: Code<readonly "i32"[], "none"> = module.func(i32s(2 + outer.length), "none")
    const [table, id, ...values] = f.args as readonly [Local<"i32">, Local<"i32">, ...Local<"i32">[]]
    if (s.k === "loop") {
      const inner = s.body.map((b) => statement(b, [...outer, s.t]))
      const divided = inner.some((g) => g.divided)
      const t = f.local("i32")
      f.times(s.t.n, (i) => {
        f.set(t, s.reverse ? f.op("i32.sub", f.i32(s.t.n - 1), f.get(i)) : f.get(i))
        sequence(f, inner, id, divided, () => [table, id, ...values, t].map((x) => f.get(x)))
      })
      return { code: f, divided }
    }
    const frame = new Frame(f, table, places, kernels, imported, need, many ? { size: threads, id, least } : undefined, sgemm)
    const scope = new Scope(frame)
    outer.forEach((a, k) => scope.bind(a, values[k]!))
    if (s.k === "nest") emitNest(s, scope)
    else emitKernel(s, scope)
    return { code: f, divided: frame.divided }
  }
  /** Statements in order. With `together`, all threads come by, and wait for each other where one may need what another has written. */
  const sequence = (
    f: Code,
    list: readonly { readonly code: Statement; readonly divided: boolean }[],
    id: Local<"i32">,
    together: boolean,
    args: () => readonly Value<"i32">[],
  ): void => {
    list.forEach(({ code, divided }, k) => {
      if (divided || !together) f.call(code, ...args())
      else f.if(f.op("i32.eqz", f.get(id)), () => f.call(code, ...args()))
      // The last one of a list may be followed by the first, or by the end of the program.
      const next = list[k + 1]
      if (together && barrier && (divided || !next || next.divided)) f.call(barrier)
    })
  }
  const all = l.stmts.map((s) => statement(s, []))
  const together = all.some((s) => s.divided)
  const run = module.func(["i32", "i32"], "none", "run")
  const [table, id] = run.args
  sequence(run, all, id, together, () => [run.get(table), run.get(id)])
  const crew = together ? threads : 1
  return {
    bytes: module.bytes(),
    host,
    arena: need.arena + crew * need.scratch,
    scratch: need.scratch,
    functions,
    products: sgemm?.products ?? 0,
    threads: crew,
  }
}
