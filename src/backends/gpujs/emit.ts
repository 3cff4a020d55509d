// One kernel of the loop IR -> one gpu.js kernel source: `out[axes] = value`, the axes in row-major order. Straight-line code with one
// const per shared node, literal loop bounds, flat indices in exact f32 arithmetic; what a loop does not change stands in front of it.
import {
  type Atom,
  type Axis,
  type Buf,
  type Cond,
  type Expr,
  flat,
  type Ix,
  keyOf,
  plus,
  range,
  type Reduce,
  times,
  unit,
} from "../../core/ir/index.ts"
import type { DType } from "../../core/dtype.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import { freeAxes } from "./free.ts"
import { type Emit, literal, spellings } from "./math.ts"
import { fromPair, type Pair, pairFunctions, pairOf, pairRelations, select, toPair } from "./pairs.ts"
import { bindThreads, EXACT_QUOTIENT, threads } from "./threads.ts"

/** A kernel that fills a dense array, element by element, in row-major order of its axes. */
export interface Dense {
  readonly axes: readonly Axis[]
  readonly value: Expr
}
/** A gpu.js kernel: arguments are the inputs' arrays, then the scalars. A u32 array holds [high, low] halves of each element. */
export interface KernelSource {
  readonly source: string
  readonly inputs: readonly Buf[]
  /** Loop indices, or the f32 values that have no literal. */
  readonly scalars: readonly (Axis | "inf" | "nan")[]
  /** Threads, x fastest. */
  readonly output: readonly number[]
  readonly pair: boolean
  /** The source is WGSL of our own: its workgroups, and the first address of each input, which may depend on loop indices. */
  readonly wgsl?: { readonly groups: readonly [number, number, number]; readonly bases: readonly [Ix, Ix] }
}
export interface Target {
  readonly device: string
  /** Math.* is JavaScript's own. */
  readonly native: boolean
  /** Whether threads [x, y, ...] fill the machine; otherwise they are numbered in one dimension, with divisions. */
  readonly fits: (x: number, y: number) => boolean
}
/** A block of source: where it nests, what its loop binds, what has been computed in it. */
interface Block {
  readonly up?: Block
  readonly axis?: Axis
  /** Nothing moves out: what is inside may not be valid outside. */
  readonly barrier?: boolean
  readonly lines: string[]
  readonly memo: Map<unknown, Pair | string>
}
/** Sums of more terms than this are summed in blocks: the error then grows with the block, not with the whole. */
const BLOCKED = 256

export const emitKernel = (k: Dense, target: Target): KernelSource => {
  const inputs: Buf[] = []
  const scalars: KernelSource["scalars"][number][] = []
  const names = new Map<Atom, string>()
  const free = freeAxes()
  const root: Block = { lines: [], memo: new Map() }
  let id = 0
  const fresh = (): string => `t${id++}`
  const refuse = (construct: string, instead: string): never => {
    throw new UnsupportedOnDevice({ device: target.device, construct, instead })
  }
  const scalar = (s: KernelSource["scalars"][number]): string => {
    if (!scalars.includes(s)) scalars.push(s)
    return typeof s === "string" ? s : `u${s.id}`
  }
  const input = (b: Buf): string => {
    if (!inputs.includes(b)) inputs.push(b)
    return `a${inputs.indexOf(b)}`
  }
  const keep = (b: Block, text: string): string => {
    if (/^\w+(\.\d+)?$/.test(text)) return text
    const v = fresh()
    b.lines.push(`const ${v}=${text};`)
    return v
  }
  const emitIn = (b: Block): Emit => ({
    native: target.native,
    keep: (s) => keep(b, s),
    inf: () => scalar("inf"),
    nan: () => scalar("nan"),
  })
  const known = (b: Block, key: unknown): Pair | string | undefined => {
    for (let at: Block | undefined = b; at; at = at.up) {
      const hit = at.memo.get(key)
      if (hit !== undefined) return hit
    }
    return undefined
  }
  /** The outermost block in which everything that depends on these axes can be computed. */
  const place = (axes: ReadonlySet<Atom>, b: Block): Block => {
    let at = b
    while (at.up && !at.barrier && !(at.axis && axes.has(at.axis))) at = at.up
    return at
  }
  const once = <V extends Pair | string>(key: unknown, axes: ReadonlySet<Atom>, b: Block, make: (b: Block) => V): V => {
    const hit = known(b, key)
    if (hit !== undefined) return hit as V
    const at = place(axes, b)
    const v = make(at)
    at.memo.set(key, v)
    return v
  }

  // ---- indices
  const quotient = (e: Ix, d: number, b: Block): string =>
    once(`${keyOf(e)}/${d}`, free.ofIx(e), b, (b) => {
      const x = index(e, b)
      const r = String(Math.fround(1 / d))
      if (Number.isInteger(Math.log2(d))) return keep(b, `Math.floor(${x}*${1 / d})`)
      if (Math.max(...range(e).map(Math.abs)) < EXACT_QUOTIENT) return keep(b, `Math.floor((${x}+0.5)*${r})`)
      const q = keep(b, `Math.floor(${x}*${r})`)
      const rest = keep(b, `${x}-${q}*${d}`)
      return keep(b, `${q}+(${rest}>=${d}?1:0)-(${rest}<0?1:0)`)
    })
  const atom = (a: Atom, b: Block): string => {
    if (a.kind === "axis") return names.get(a) ?? scalar(a)
    if (a.kind === "div") return quotient(a.e!, a.d!, b)
    return once(a, free.ofAtom(a), b, (b) => {
      if (a.kind === "mod") return keep(b, `${index(a.e!, b)}-${quotient(a.e!, a.d!, b)}*${a.d}`)
      const x = a.x!.dtype === "u32" ? fromPair(emitIn(b), pair(a.x!, b), "f32") : expr(a.x!, b)
      const whole = a.x!.dtype === "f32" ? keep(b, `Math.floor(${x})`) : x
      return keep(b, `Math.min(Math.max(${whole},0),${Math.max(a.n - 1, 0)})`)
    })
  }
  /** A name (or literal) for the value of an index. */
  const index = (e: Ix, b: Block): string =>
    once(`ix${keyOf(e)}`, free.ofIx(e), b, (b) => {
      const terms = e.t.map(([q, a], k) => {
        const x = atom(a, b)
        const sign = q < 0 ? "-" : k > 0 ? "+" : ""
        return sign + (Math.abs(q) === 1 ? x : `${Math.abs(q)}*${x}`)
      })
      if (e.c !== 0 || terms.length === 0) terms.push(e.c < 0 ? `-${-e.c}` : `${terms.length > 0 ? "+" : ""}${e.c}`)
      const text = terms.join("")
      return keep(b, text.startsWith("-") ? `0${text}` : text)
    })
  const condition = (c: Cond, b: Block): string => {
    const x = index(c.e, b)
    if ("by" in c) return `${x}===${keep(b, `${quotient(c.e, c.by, b)}*${c.by}`)}`
    const [lo, hi] = range(c.e)
    return [...(lo < 0 ? [`${x}>=0`] : []), ...(hi >= c.n ? [`${x}<${c.n}`] : [])].join("&&")
  }

  // ---- values: u32 as a pair of halves, everything else as one f32
  const either = (x: Expr, b: Block): Pair | string => (x.dtype === "u32" ? pair(x, b) : expr(x, b))
  const expr = (x: Expr, b: Block): string => {
    if (x.dtype === "f64") return refuse("float64 arithmetic", "use f32, or a device with f64 (wasm, reference)")
    if (x.k === "num") return literal(emitIn(b), x.v)
    return once(x, free.of(x), b, (b) => {
      switch (x.k) {
        case "idx":
          return index(x.e, b)
        case "read":
          return keep(b, `${input(x.buf)}[${index(flat(x.at, x.buf.shape), b)}]`)
        case "fn":
          return keep(b, call(x, b))
        case "guard":
          return guarded(x, b, [literal(emitIn(b), x.other)], (b) => [expr(x.body, b)])[0]!
        case "reduce":
          return reduced(x, b)[0]!
      }
    })
  }
  const pair = (x: Expr, b: Block): Pair => {
    if (x.k === "num") return pairOf(x.v)
    return once(x, free.of(x), b, (b): Pair => {
      switch (x.k) {
        case "idx":
          return toPair(emitIn(b), index(x.e, b), "i32")
        case "read": {
          const e = times(flat(x.at, x.buf.shape), 2)
          const a = input(x.buf)
          return [keep(b, `${a}[${index(e, b)}]`), keep(b, `${a}[${index(plus(e, 1), b)}]`)]
        }
        case "fn":
          return callPair(x, b)
        case "guard":
          return two(guarded(x, b, pairOf(x.other), (b) => pair(x.body, b)))
        case "reduce":
          return two(reduced(x, b))
      }
    })
  }
  const unknown = (name: string, dtype: DType): never =>
    refuse(`the scalar function ${name} on ${dtype}`, "give it a definition, or use another device")
  const call = (x: Expr & { k: "fn" }, b: Block): string => {
    const from = x.args[0]!.dtype
    const e = emitIn(b)
    if (x.f.name === "cast" && from === "u32") return fromPair(e, pair(x.args[0]!, b), x.dtype)
    if (from === "u32") {
      const f = pairRelations[x.f.name]
      return f ? f(e, pair(x.args[0]!, b), pair(x.args[1]!, b)) : unknown(x.f.name, from)
    }
    if (x.f.define) return expr(defined(x), b)
    const f = spellings[x.f.name]
    return f
      ? f(
          e,
          x.args.map((a) => expr(a, b)),
          from,
          x.dtype,
        )
      : unknown(x.f.name, from)
  }
  const callPair = (x: Expr & { k: "fn" }, b: Block): Pair => {
    const e = emitIn(b)
    if (x.f.name === "cast")
      return x.args[0]!.dtype === "u32" ? pair(x.args[0]!, b) : toPair(e, expr(x.args[0]!, b), x.args[0]!.dtype)
    if (x.f.name === "where") return select(e, expr(x.args[0]!, b), pair(x.args[1]!, b), pair(x.args[2]!, b))
    if (x.f.define) return pair(defined(x), b)
    const f = pairFunctions[x.f.name]
    return f ? f(e, ...x.args.map((a) => pair(a, b))) : unknown(x.f.name, "u32")
  }
  const definitions = new Map<Expr, Expr>()
  const defined = (x: Expr & { k: "fn" }): Expr => {
    const hit = definitions.get(x)
    if (hit) return hit
    const y = x.f.define!(...x.args)
    definitions.set(x, y)
    return y
  }
  const guarded = (
    x: Expr & { k: "guard" },
    b: Block,
    other: readonly string[],
    body: (b: Block) => readonly string[],
  ): string[] => {
    const vs = other.map(fresh)
    vs.forEach((v, k) => b.lines.push(`let ${v}=${other[k]};`))
    const conds = x.when.map((c) => condition(c, b)).filter((c) => c !== "")
    const inner: Block = { up: b, barrier: true, lines: [], memo: new Map() }
    const values = body(inner)
    b.lines.push(`if(${conds.join("&&") || "true"}){`, ...inner.lines, ...vs.map((v, k) => `${v}=${values[k]};`), "}")
    return vs
  }
  const reduced = (x: Reduce, b: Block): string[] => {
    const start = x.dtype === "u32" ? pairOf(unit(x.kind, x.dtype)) : [literal(emitIn(b), unit(x.kind, x.dtype))]
    const trips = x.axes.reduce((n, a) => n * a.n, 1)
    const blocked = x.kind === "add" && x.dtype === "f32" && trips > BLOCKED && !x.upto
    const innermost = (b: Block, acc: readonly string[]): void => {
      if (!x.upto) return fold(x, acc, either(x.body, b), b)
      const inner: Block = { up: b, lines: [], memo: new Map() }
      const last = index(x.upto, b)
      fold(x, acc, either(x.body, inner), inner)
      b.lines.push(`if(${names.get(x.axes[0]!)}<=${last}){`, ...inner.lines, "}")
    }
    const nestLoops = (b: Block, axes: readonly Axis[]): string[] => {
      const acc = start.map((s) => {
        const v = fresh()
        b.lines.push(`let ${v}=${s};`)
        return v
      })
      const [a, ...rest] = axes
      const block = blocked && a!.n > BLOCKED ? blockOf(a!.n) : a!.n
      if (block < a!.n) {
        // one long axis as blocks x block: a partial sum per block
        const outer = fresh()
        const inner = fresh()
        const part = fresh()
        const v = fresh()
        names.set(a!, v)
        const loop: Block = { up: b, axis: a!, lines: [], memo: new Map() }
        const blocks = Math.ceil(a!.n / block)
        inside(loop, rest, [part])
        const ragged = blocks * block > a!.n
        b.lines.push(
          `for(let ${outer}=0;${outer}<${blocks};${outer}++){`,
          `let ${part}=0;`,
          `for(let ${inner}=0;${inner}<${block};${inner}++){`,
        )
        b.lines.push(
          `const ${v}=${outer}*${block}+${inner};`,
          ...(ragged ? [`if(${v}<${a!.n}){`] : []),
          ...loop.lines,
          ...(ragged ? ["}"] : []),
        )
        b.lines.push("}", `${acc[0]}+=${part};`, "}")
        return acc
      }
      const v = fresh()
      names.set(a!, v)
      const loop: Block = { up: b, axis: a!, lines: [], memo: new Map() }
      inside(loop, rest, acc)
      b.lines.push(`for(let ${v}=0;${v}<${a!.n};${v}++){`, ...loop.lines, "}")
      return acc
    }
    /** The loops over the remaining axes, into acc: with a partial sum of their own if the sum is blocked. */
    const inside = (loop: Block, rest: readonly Axis[], acc: readonly string[]): void => {
      if (rest.length === 0) return innermost(loop, acc)
      if (blocked) {
        const part = nestLoops(loop, rest)
        loop.lines.push(`${acc[0]}+=${part[0]};`)
        return
      }
      const [a, ...more] = rest
      const v = fresh()
      names.set(a!, v)
      const next: Block = { up: loop, axis: a!, lines: [], memo: new Map() }
      inside(next, more, acc)
      loop.lines.push(`for(let ${v}=0;${v}<${a!.n};${v}++){`, ...next.lines, "}")
    }
    return nestLoops(b, x.axes)
  }
  const fold = (x: Reduce, acc: readonly string[], v: Pair | string, b: Block): void => {
    if (typeof v !== "string") {
      const next = pairFunctions[x.kind]!(emitIn(b), two(acc), v)
      b.lines.push(...acc.map((a, k) => `${a}=${next[k]};`))
    } else if (x.kind === "add" && x.dtype !== "bool") b.lines.push(`${acc[0]}+=${v};`)
    else if (x.kind === "mul") b.lines.push(`${acc[0]}*=${v};`)
    else b.lines.push(`${acc[0]}=Math.${x.kind === "min" ? "min" : "max"}(${acc[0]},${v});`)
  }

  const output = threads(k.axes, target.fits)
  bindThreads(k.axes, output, names, (text) => keep(root, text))
  const result = either(k.value, root)
  const value = typeof result === "string" ? result : `[${result.join(",")}]`
  const args = [...inputs.map((_, j) => `a${j}`), ...scalars.map((s) => (typeof s === "string" ? s : `u${s.id}`))]
  const source = `function(${args.join(",")}){\n${root.lines.join("\n")}\nreturn ${value};\n}`
  return { source, inputs, scalars, output, pair: typeof result !== "string" }
}

const two = (v: readonly string[]): Pair => [v[0]!, v[1]!]
/** A block length near the square root, a divisor if there is one close by. */
const blockOf = (n: number): number => {
  const r = Math.ceil(Math.sqrt(n))
  for (let m = r; m <= 4 * r; m++) if (n % m === 0) return m
  return r
}
