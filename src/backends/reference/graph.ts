// The oracle: a program's graph, node by node, every tensor in a buffer of its own. It shares nothing with the lowering that it
// judges: composites are entered through their expansion, bodies are read aloud element by element, loops run as loops.
import { axis, type Axis, type Buf, type Expr, interning, type Ix, ix, read } from "../../core/ir/index.ts"
import { storageOf } from "../../core/leaf.ts"
import { Table } from "../../core/key.ts"
import { inSession } from "../../core/make.ts"
import { applied, captured, expansion, topo } from "../../core/program.ts"
import { same, show, size } from "../../core/shape.ts"
import { type AnyTensor, type Aval, type Node, type Program, type RawTensor, raw } from "../../core/tensor.ts"
import { type Below, InternalError, Machine, type Rounding } from "./expressions.ts"

/** `rounding(ulp)`: the arithmetic of an op whose error is stated as `ulp`; default: exact float64. */
export interface EvaluateOptions {
  readonly rounding?: (ulp: number) => Rounding
  /** Where results are rounded: the terms of sums in a random order. */
  readonly below?: Below
}
/** A program's outputs for inputs: its parameters, then its captured data leaves (which default to the values they hold). */
export type Evaluator = (inputs?: readonly Float64Array[]) => Float64Array[]

/** A node's statement and the memory it works on. One serves all nodes of equal op, attributes, shapes and dtypes. */
interface Kernel {
  readonly ins: readonly Cell[]
  readonly out: Cell
  readonly run: () => void
}
interface Cell {
  values: Float64Array
}
interface Step {
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  readonly run: (mem: Memory) => void
}
type Memory = (Float64Array | undefined)[]

const cell = (): Cell => ({ values: new Float64Array(0) })
// NaN, so that an element that no statement writes shows in every result that depends on it.
const fresh = (a: Aval): Float64Array => new Float64Array(size(a.shape)).fill(NaN)
const held = (mem: Memory, slot: number): Float64Array => {
  const v = mem[slot]
  if (!v) throw new InternalError(`tensor ${slot} is read before it is computed`)
  return v
}
const text = (a: Aval): string => `${a.dtype}${show(a.shape)}`

const kernelOf = (n: Node, { rounding, below }: EvaluateOptions): Kernel => {
  const aval = n.outs[0]!
  const ins = n.ins.map(cell)
  const out = cell()
  const machine = new Machine(
    (b) => {
      const from = ins[b.id]!
      return (k) => from.values[k]!
    },
    rounding?.(n.op.ulp ?? 2),
    below,
  )
  const access = n.ins.map((t, k) => {
    const buf: Buf = { id: k, shape: t.shape, dtype: t.dtype, role: "arg" }
    return (at: readonly Ix[]): Expr => read(buf, at)
  })
  const axes = aval.shape.map(axis)
  const args = { i: axes.map(ix), attrs: n.attrs, ins: n.ins, out: aval }
  const fill = (over: readonly Axis[], value: () => number): (() => void) => {
    let k = 0
    const all = machine.over(over, () => {
      out.values[k++] = value()
    })
    return () => {
      k = 0
      machine.touched()
      all()
    }
  }
  if (n.op.body) return { ins, out, run: fill(axes, machine.together([n.op.body(access, args)]).exprs[0]!) }
  const s = n.op.store!(access, args)
  const init = fill(axes, machine.together([s.init]).exprs[0]!)
  const { exprs, indices } = machine.together([s.value], s.at)
  const offset = machine.offset({ id: -1, shape: aval.shape, dtype: aval.dtype, role: "out" }, indices)
  const join = machine.join(s.accumulate, aval.dtype)
  const scatter = machine.over(s.axes, () => {
    const k = offset()
    out.values[k] = join(out.values[k]!, exprs[0]!())
  })
  return {
    ins,
    out,
    run: () => {
      init()
      scatter()
    },
  }
}

/** Builds the steps of one program; the kernels are shared with those of its loop bodies. */
class Planner {
  readonly steps: Step[] = []
  slots = 0
  private readonly kernels: Table<Kernel>
  private readonly options: EvaluateOptions
  constructor(options: EvaluateOptions, kernels: Table<Kernel>) {
    this.options = options
    this.kernels = kernels
  }
  slot(): number {
    return this.slots++
  }
  /** Slots of the program's outputs, given those of its parameters (and of data leaves that are inputs). */
  plan(p: Program, known: Map<RawTensor, number>): number[] {
    const cut = new Set(p.params.map((t) => t.node))
    const slotOf = (t: RawTensor): number => known.get(t) ?? this.unbound(t)
    for (const n of topo(p.outs, (m) => cut.has(m))) {
      if (cut.has(n) || n.outs.every((t) => known.has(t))) continue
      const outs = this.node(n, n.ins.map(slotOf))
      n.outs.forEach((t, k) => {
        known.set(t, outs[k]!)
      })
    }
    return p.outs.map(slotOf)
  }
  private unbound(t: RawTensor): never {
    throw new InternalError(`${t.node.op.name} ${text(t)} is neither a parameter of the program nor computed in it`)
  }
  private add(reads: readonly number[], outs: readonly Aval[], run: (mem: Memory, writes: readonly number[]) => void): number[] {
    const writes = outs.map(() => this.slot())
    this.steps.push({ reads, writes, run: (mem) => run(mem, writes) })
    return writes
  }
  private node(n: Node, ins: readonly number[]): number[] {
    const values = storageOf(n.outs[0]!)
    if (values) {
      const { host } = values
      if (!host) throw new InternalError(`a data leaf ${text(n.outs[0]!)} is on a device; download it first`)
      return this.add([], n.outs, (mem, [k]) => {
        mem[k!] = Float64Array.from(host)
      })
    }
    if (n.op.leaf) return this.unbound(n.outs[0]!)
    if (n.op.expand) return this.composite(n, ins)
    if (n.op.loop) return this.loop(n, ins)
    const key = applied(n)
    let kernel = this.kernels.get(key)
    if (!kernel) this.kernels.set(key, (kernel = kernelOf(n, this.options)))
    const { ins: cells, out, run } = kernel
    return this.add(ins, n.outs, (mem, [k]) => {
      cells.forEach((c, j) => {
        c.values = held(mem, ins[j]!)
      })
      out.values = mem[k!] = fresh(n.outs[0]!)
      try {
        run()
      } catch (e) {
        throw e instanceof InternalError ? new InternalError(`${n.op.name} ${n.ins.map(text).join(" x ")}: ${e.message}`) : e
      }
    })
  }
  private composite(n: Node, ins: readonly number[]): number[] {
    const p = expansion(n)
    p.outs.forEach((t, k) => {
      const said = n.outs[k]!
      if (t.dtype !== said.dtype || !same(t.shape, said.shape))
        throw new InternalError(`${n.op.name}: its shape rule says ${text(said)}, its expansion computes ${text(t)}`)
    })
    return this.plan(p, new Map(p.params.map((t, k) => [t, ins[k]!])))
  }
  private loop(n: Node, ins: readonly number[]): number[] {
    const spec = n.op.loop!(n.attrs)
    const body = compiled(spec.body, spec.body.params, this.options, this.kernels)
    const first = spec.consts + spec.carries
    return this.add(ins, n.outs, (mem, writes) => {
      const given = ins.map((k) => held(mem, k))
      const consts = given.slice(0, spec.consts)
      let carries = given.slice(spec.consts, first)
      const stacks = writes.slice(spec.carries).map((k, j) => (mem[k] = fresh(n.outs[spec.carries + j]!)))
      for (let step = 0; step < spec.length; step++) {
        const t = spec.reverse ? spec.length - 1 - step : step
        const rows = given.slice(first).map((x) => x.subarray((t * x.length) / spec.length, ((t + 1) * x.length) / spec.length))
        const outs = body([...consts, ...carries, ...rows])
        carries = outs.slice(0, spec.carries)
        stacks.forEach((y, j) => {
          const row = outs[spec.carries + j]!
          y.set(row, t * row.length)
        })
      }
      carries.forEach((c, j) => {
        mem[writes[j]!] = c
      })
    })
  }
}

const compiled = (
  p: Program,
  inputs: readonly RawTensor[],
  options: EvaluateOptions,
  kernels: Table<Kernel>,
): ((ins: readonly Float64Array[]) => Float64Array[]) => {
  const planner = new Planner(options, kernels)
  const slots = inputs.map(() => planner.slot())
  const outs = planner.plan(p, new Map(inputs.map((t, k) => [t, slots[k]!])))
  const { steps } = planner
  // After its last reader a tensor's memory is dropped.
  const last = new Map<number, number>()
  steps.forEach((s, at) => {
    for (const k of [...s.reads, ...s.writes]) last.set(k, at)
  })
  for (const k of outs) last.delete(k)
  const dead = steps.map((): number[] => [])
  for (const [k, at] of last) dead[at]!.push(k)
  return (ins) => {
    const mem: Memory = Array.from({ length: planner.slots }, () => undefined)
    ins.forEach((v, k) => {
      mem[slots[k]!] = v
    })
    steps.forEach((s, at) => {
      s.run(mem)
      for (const k of dead[at]!) mem[k] = undefined
    })
    return outs.map((k) => held(mem, k))
  }
}

/** Compiles a program for the oracle: values are float64, whatever the float dtype; integers and bools are exact. */
export const evaluator = (p: Program, options: EvaluateOptions = {}): Evaluator =>
  inSession(() =>
    interning(() => {
      const data = captured(p)
      const all = [...p.params, ...data]
      const run = compiled(p, all, options, new Table())
      return (inputs = []) => {
        const values = all.map((t, k) => {
          const v = inputs[k] ?? storageOf(t)?.host
          if (!v || v.length !== size(t.shape))
            throw new InternalError(`input ${k}: ${text(t)} wanted, ${v ? `${v.length} elements` : "nothing"} given`)
          return v instanceof Float64Array ? v : Float64Array.from(v)
        })
        return run(values)
      }
    }),
  )
/** Values of closed expressions, in float64. */
export const evaluate = (tensors: readonly AnyTensor[], options: EvaluateOptions = {}): Float64Array[] =>
  evaluator({ params: [], outs: tensors.map(raw) }, options)()
