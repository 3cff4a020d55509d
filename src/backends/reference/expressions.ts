// Expressions of the loop IR as JavaScript closures: one per expression object, built once, called once per element. Nothing is
// recognised or reordered: what a backend computes cleverly is computed here as it is written, in float64.
import { type DType, isFloat } from "../../core/dtype.ts"
import {
  type Atom,
  type Axis,
  type Buf,
  type Cond,
  type Expr,
  type Ix,
  type Kind,
  type Reduce,
  type Scalar,
  unit,
  visit,
  wrap,
} from "../../core/ir/index.ts"
import { abs } from "../../scalar/abs.ts"
import { cast, castValue } from "../../scalar/cast.ts"
import { floor } from "../../scalar/floor.ts"
import { max } from "../../scalar/max.ts"
import { min } from "../../scalar/min.ts"
import { neg } from "../../scalar/neg.ts"
import { relu } from "../../scalar/relu.ts"
import { sign } from "../../scalar/sign.ts"
import { where } from "../../scalar/where.ts"

/** A model of a device's arithmetic: applied to the result of every floating-point function that is not exact
 *  by nature, and to every step of an accumulation. */
export type Rounding = (v: number) => number
/** A random integer in [0, n). */
export type Below = (n: number) => number
/** An element of a buffer, by its row-major offset. */
export type Load = (buf: Buf) => (offset: number) => number
type Run = () => number
/** A closure, and the slots of the axes that its value depends on. */
interface Part {
  readonly run: Run
  readonly on: ReadonlySet<number>
}

/** An access outside its buffer, a read of what nobody wrote: a mistake of a rule or of the compiler, never of the user. */
export class InternalError extends Error {
  override readonly name = "InternalError"
}

/** Functions whose result is an operand, or is representable wherever the operands are: no device rounds them. */
const exact: ReadonlySet<Scalar> = new Set([abs, floor, max, min, neg, relu, sign, where])

const constant = (v: number): Part => ({ run: () => v, on: new Set() })
const union = (parts: readonly Part[]): Set<number> => new Set(parts.flatMap((p) => [...p.on]))
const fold = (kind: Kind, dtype: DType): ((a: number, b: number) => number) => {
  if (kind === "max") return Math.max
  if (kind === "min") return Math.min
  const exact = dtype === "i32" || dtype === "u32"
  if (kind === "mul") return exact ? (a, b) => wrap(Math.imul(a, b), dtype) : (a, b) => a * b
  return isFloat(dtype) ? (a, b) => a + b : (a, b) => wrap(a + b, dtype)
}

/** Turns expressions and indices into closures that share one set of axis values. */
export class Machine {
  // Slot 0 stands for the contents of memory; each axis has a slot of its own. `tick` says when a slot last changed.
  private readonly slots = new Map<Axis, number>()
  private readonly values: number[] = [0]
  private readonly ticks: number[] = [0]
  private clock = 0
  private uses = new Map<Expr, number>()
  private parts = new Map<Expr, Part>()
  private atoms = new Map<Atom, Part>()
  private readonly load: Load
  private readonly round: Rounding | undefined
  private readonly below: Below | undefined
  /** With `below`, sums of rounded terms are taken in a random order: no backend promises one. */
  constructor(load: Load, round?: Rounding, below?: Below) {
    this.load = load
    this.round = round
    this.below = below
  }

  /** Values remembered from before are not valid any more: memory has changed. */
  touched(): void {
    this.ticks[0] = ++this.clock
  }
  /** Calls body for all values of the axes, the last one fastest; `backward`: in the opposite order. */
  over(axes: readonly Axis[], body: () => void, backward = false): () => void {
    return axes.reduceRight<() => void>((inner, a) => {
      const s = this.slot(a)
      const { values, ticks } = this
      return () => {
        for (let k = 0; k < a.n; k++) {
          values[s] = backward ? a.n - 1 - k : k
          ticks[s] = ++this.clock
          inner()
        }
      }
    }, body)
  }
  /** Closures of expressions and of indices that are evaluated together: what they share is computed once per element. */
  together(
    exprs: readonly Expr[],
    indices: readonly Ix[] = [],
  ): { readonly exprs: readonly Run[]; readonly indices: readonly Run[] } {
    this.parts = new Map()
    this.atoms = new Map()
    this.uses = new Map()
    const count = (x: Expr): void => void this.uses.set(x, (this.uses.get(x) ?? 0) + 1)
    const inIndex = (e: Ix): void => {
      for (const [, a] of e.t) if (a.x) count(a.x)
    }
    const all: Expr[] = [...exprs, ...indices.map((e): Expr => ({ k: "idx", dtype: "i32", e }))]
    for (const x of all) {
      visit(
        x,
        (y) => {
          if (y.k === "fn") y.args.forEach(count)
          else if (y.k === "guard" || y.k === "reduce") count(y.body)
        },
        inIndex,
      )
    }
    return { exprs: exprs.map((x) => this.expr(x).run), indices: indices.map((e) => this.index(e).run) }
  }
  /** One step of an accumulation. */
  join(kind: Kind, dtype: DType): (a: number, b: number) => number {
    const join = fold(kind, dtype)
    const { round } = this
    return round && isFloat(dtype) && (kind === "add" || kind === "mul") ? (a, b) => round(join(a, b)) : join
  }
  /** Row-major offset of an index, each dimension checked. */
  offset(buf: Buf, at: readonly Run[]): Run {
    const { shape } = buf
    if (at.length !== shape.length) throw new InternalError(`an index of rank ${at.length} into a buffer of shape [${shape}]`)
    return () => {
      let k = 0
      for (let d = 0; d < at.length; d++) {
        const v = at[d]!()
        if (!(v >= 0 && v < shape[d]!)) throw new InternalError(`index ${v} is outside axis ${d} of a buffer of shape [${shape}]`)
        k = k * shape[d]! + v
      }
      return k
    }
  }

  private slot(a: Axis): number {
    let s = this.slots.get(a)
    if (s === undefined) {
      this.slots.set(a, (s = this.values.length))
      this.values.push(0)
      this.ticks.push(0)
    }
    return s
  }
  private index(e: Ix): Part {
    if (e.t.length === 0) return constant(e.c)
    const terms = e.t.map(([k, a]) => ({ k, part: this.atom(a) }))
    const on = union(terms.map((t) => t.part))
    const first = terms[0]!.part.run
    if (terms.length === 1 && terms[0]!.k === 1 && e.c === 0) return { run: first, on }
    const runs = terms.map((t) => t.part.run)
    const ks = terms.map((t) => t.k)
    const run = (): number => {
      let v = e.c
      for (let j = 0; j < runs.length; j++) v += ks[j]! * runs[j]!()
      return v
    }
    return { run, on }
  }
  private atom(a: Atom): Part {
    let p = this.atoms.get(a)
    if (!p) this.atoms.set(a, (p = this.newAtom(a)))
    return p
  }
  private newAtom(a: Atom): Part {
    if (a.kind === "axis") {
      const s = this.slot(a)
      const { values } = this
      return { run: () => values[s]!, on: new Set([s]) }
    }
    if (a.kind === "dyn") {
      const { run, on } = this.expr(a.x!)
      const top = Math.max(a.n - 1, 0)
      return { run: () => Math.min(Math.max(Math.trunc(run()), 0), top), on }
    }
    const { run, on } = this.index(a.e!)
    const d = a.d!
    return { run: a.kind === "div" ? () => Math.floor(run() / d) : () => ((run() % d) + d) % d, on }
  }
  private expr(x: Expr): Part {
    let p = this.parts.get(x)
    if (!p) {
      p = this.built(x)
      if ((this.uses.get(x) ?? 0) > 1 && x.k !== "num" && x.k !== "idx") p = this.remembered(p)
      this.parts.set(x, p)
    }
    return p
  }
  /** Evaluated again only after one of its axes, or memory, has changed: without this a chain of x * x doubles at each step. */
  private remembered({ run, on }: Part): Part {
    const axes = [0, ...on]
    const { ticks } = this
    let stamp = -1
    let value = 0
    const again = (): number => {
      for (let j = 0; j < axes.length; j++)
        if (ticks[axes[j]!]! > stamp) {
          const now = this.clock
          value = run()
          stamp = now
          return value
        }
      return value
    }
    return { run: again, on }
  }
  private built(x: Expr): Part {
    switch (x.k) {
      case "num":
        return constant(x.v)
      case "idx": {
        const { run, on } = this.index(x.e)
        return { run: () => wrap(run(), x.dtype), on }
      }
      case "read": {
        const at = x.at.map((e) => this.index(e))
        const offset = this.offset(
          x.buf,
          at.map((p) => p.run),
        )
        const get = this.load(x.buf)
        return { run: () => get(offset()), on: union(at) }
      }
      case "fn": {
        const args = x.args.map((a) => this.expr(a))
        const value = this.apply(
          x,
          args.map((p) => p.run),
        )
        const { round } = this
        const run = round && isFloat(x.dtype) && !exact.has(x.f) ? () => round(value()) : value
        return { run, on: union(args) }
      }
      case "guard": {
        const conds = x.when.map((c) => ({ holds: this.condition(c), part: this.index(c.e) }))
        const tests = conds.map((c) => c.holds)
        const body = this.expr(x.body)
        const on = union([...conds.map((c) => c.part), body])
        return { run: () => (tests.every((holds) => holds()) ? body.run() : x.other), on }
      }
      case "reduce":
        return this.folded(x)
    }
  }
  private condition(c: Cond): () => boolean {
    const { run } = this.index(c.e)
    if ("by" in c) return () => run() % c.by === 0
    return () => {
      const v = run()
      return v >= 0 && v < c.n
    }
  }
  private apply(x: Extract<Expr, { k: "fn" }>, args: readonly Run[]): Run {
    const { f, dtype } = x
    const from = x.args.at(-1)!.dtype
    const [a, b, c] = args as readonly [Run, Run, Run]
    if (f === cast) return () => castValue(a(), from, dtype)
    const value: Run =
      args.length === 1
        ? () => f.eval(from, a())
        : args.length === 2
          ? () => f.eval(from, a(), b())
          : args.length === 3
            ? () => f.eval(from, a(), b(), c())
            : () => f.eval(from, ...args.map((g) => g()))
    return isFloat(dtype) ? value : () => wrap(value(), dtype)
  }
  private folded(x: Reduce): Part {
    const neutral = unit(x.kind, x.dtype)
    const body = this.expr(x.body)
    const step = this.join(x.kind, x.dtype)
    const bound = x.upto && this.index(x.upto)
    const on = new Set([...body.on, ...(bound?.on ?? [])])
    for (const a of x.axes) on.delete(this.slot(a))
    let s = neutral
    const { round, below } = this
    if (!bound && round && below && isFloat(x.dtype) && (x.kind === "add" || x.kind === "mul")) {
      let terms: number[] = []
      const all = this.over(x.axes, () => void terms.push(body.run()))
      const run = (): number => {
        terms = []
        all()
        for (let k = terms.length - 1; k > 0; k--) {
          const j = below(k + 1)
          const t = terms[k]!
          terms[k] = terms[j]!
          terms[j] = t
        }
        return terms.reduce(step, neutral)
      }
      return { run, on }
    }
    if (!bound) {
      const all = this.over(x.axes, () => {
        s = step(s, body.run())
      })
      const run = (): number => {
        s = neutral
        all()
        return s
      }
      return { run, on }
    }
    const [a] = x.axes as readonly [Axis]
    const at = this.slot(a)
    const run = (): number => {
      let acc = neutral
      const top = Math.min(bound.run(), a.n - 1)
      for (let v = 0; v <= top; v++) {
        this.values[at] = v
        this.ticks[at] = ++this.clock
        acc = step(acc, body.run())
      }
      return acc
    }
    return { run, on }
  }
}
