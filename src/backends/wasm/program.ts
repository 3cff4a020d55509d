// A lowered program to one WebAssembly module: a function per kernel or nest, and `run`, which calls them in order.
import type { Lowered } from "../../compiler/lowered.ts"
import { type Axis, type Buf, type Expr, kernelsOf, type Scalar, type Stmt, visit } from "../../core/ir/index.ts"
import { type Code, type Func, type Local, Module } from "./asm.ts"
import { hostedIn, needsScalars } from "./f64.ts"
import { ARENA_SLOT, Frame, type Need, type Place, Scope } from "./frame.ts"
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
  /** Statements that became functions. */
  readonly functions: number
}
/** The argument of `run`: where the addresses lie, as 32-bit words: the arena's, the arguments', the outputs'. */
export const tableWords = (l: Lowered): number => 1 + l.args.length + l.outs.length
export const argSlot = (k: number): number => ARENA_SLOT + 1 + k
export const outSlot = (l: Lowered, k: number): number => ARENA_SLOT + 1 + l.args.length + k

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

/** Compiles; throws UnsupportedOnDevice. */
export const compileWasm = (l: Lowered): WasmProgram => {
  const module = new Module({ initial: 1 })
  const host = hostFunctions(l.stmts)
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
  const places = new Map<Buf, Place>()
  l.args.forEach((b, k) => places.set(b, { slot: argSlot(k) }))
  l.outs.forEach((b, k) => places.set(b, { slot: outSlot(l, k) }))
  for (const { buf, offset } of l.temps) places.set(buf, { offset })
  const need: Need = { arena: 64 * Math.ceil(l.arena / 64), scratch: 0 }
  const kernels = new Kernels(module)
  let functions = 0

  /** A function of the table and the axes of the loops around the statement. */
  const statement = (s: Stmt, outer: readonly Axis[]): Statement => {
    functions++
    const f: Code<readonly "i32"[], "none"> = module.func(["i32", ...outer.map(() => "i32" as const)], "none")
    const [table, ...values] = f.args as readonly [Local<"i32">, ...Local<"i32">[]]
    if (s.k === "loop") {
      const inner = s.body.map((b) => statement(b, [...outer, s.t]))
      const t = f.local("i32")
      f.times(s.t.n, (i) => {
        f.set(t, s.reverse ? f.op("i32.sub", f.i32(s.t.n - 1), f.get(i)) : f.get(i))
        for (const g of inner) f.call(g, ...[table, ...values, t].map((x) => f.get(x)))
      })
      return f
    }
    const scope = new Scope(new Frame(f, table, places, kernels, imported, need))
    outer.forEach((a, k) => scope.bind(a, values[k]!))
    if (s.k === "nest") emitNest(s, scope)
    else emitKernel(s, scope)
    return f
  }
  const all = l.stmts.map((s) => statement(s, []))
  const run = module.func(["i32"], "none", "run")
  for (const g of all) run.call(g, run.get(run.args[0]))
  return { bytes: module.bytes(), host, arena: need.arena + need.scratch, functions }
}
