// Random programs of public calls. Ops are drawn evenly from the whole catalog, and their arguments from their own generators;
// tensors among them are exchanged for results of earlier calls. Where a program is to go wrong, arguments are bent: tensors of other
// shapes, other numbers, lists of another length, or what the op itself says it refuses.
import { isTensor, type RawTensor, ShapeError, type ShapeClass, size, upto } from "../../src/core/index.ts"
import { gen, uniform } from "../../src/testing/gen.ts"
import { type Subject, subjects } from "./_harness.ts"
import { callOf, source, type SpellTensor, typeOf } from "./_spelling.ts"

export interface Step {
  readonly op: string
  /** The call as source, given how its input tensors are written and what comes before the number of an earlier result. */
  readonly spell: (input: SpellTensor, prefix: string) => string
  /** What the call gives; undefined where it throws, or where nothing is known because an earlier call threw. */
  readonly result: unknown
  /** The sentence that the call throws. */
  readonly sentence: string | undefined
}
export interface ShapeProgram {
  readonly seed: number
  readonly steps: readonly Step[]
  /** Which step throws; -1: none. */
  readonly wrong: number
  /** All tensors that the calls give. */
  readonly outs: readonly RawTensor[]
}

const TRIES = 25
const LARGEST = 2_000
const classes: readonly ShapeClass[] = ["small", "small", "scalar", "ones", "odd", "broadcast", "cube", "empty"]

interface Random {
  readonly next: () => number
  readonly upto: (n: number) => number
  readonly chance: (p: number) => boolean
  readonly pick: <T>(from: readonly T[]) => T
}
const randomOf = (seed: number): Random => {
  const next = uniform(seed)
  const below = (n: number): number => Math.floor(next() * n)
  return { next, upto: below, chance: (p) => next() < p, pick: (from) => from[below(from.length)]! }
}

/** f at every leaf (tensors, numbers, text) of an argument. */
const walk = (v: unknown, leaf: (v: unknown) => unknown): unknown => {
  if (isTensor(v) || v === null || typeof v !== "object") return leaf(v)
  if (Array.isArray(v)) return v.map((w) => walk(w, leaf))
  return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, walk(w, leaf)]))
}
const leavesOf = (v: unknown): unknown[] => {
  const out: unknown[] = []
  walk(v, (x) => out.push(x))
  return out
}
const sameKind = (a: RawTensor, b: RawTensor): boolean => a.dtype === b.dtype && `${a.shape}` === `${b.shape}`

/** Arguments whose tensors are, where possible, results of earlier calls. */
const connected = (args: readonly unknown[], pool: readonly RawTensor[], r: Random, daring: number): readonly unknown[] =>
  args.map((a) =>
    walk(a, (x) => {
      if (!isTensor(x) || pool.length === 0) return x
      const fitting = pool.filter((t) => sameKind(t, x))
      if (fitting.length > 0 && r.chance(0.8)) return r.pick(fitting)
      const typed = pool.filter((t) => t.dtype === x.dtype)
      return typed.length > 0 && r.chance(daring) ? r.pick(typed) : x
    }),
  )
const isList = (v: unknown): v is readonly number[] => Array.isArray(v) && v.every((n) => typeof n === "number")
/** Which arguments are lists of numbers of any length: those that an op's examples give in several lengths. */
const openLists = (s: Subject): readonly number[] => {
  const lengths = new Map<number, Set<number>>()
  for (const seed of upto(40))
    s.examples!(gen(1 + seed, classes[seed % classes.length]!)).forEach((v, k) => {
      if (isList(v)) lengths.set(k, (lengths.get(k) ?? new Set()).add(v.length))
    })
  return [...lengths].flatMap(([k, seen]) => (seen.size > 1 ? [k] : []))
}
/** Arguments with one thing changed, in the same place a value of the same kind. */
const bent = (s: Subject, args: readonly unknown[], pool: readonly RawTensor[], r: Random, seed: number): readonly unknown[] => {
  const open = openLists(s).filter((k) => isList(args[k]) && args[k].length > 0)
  if (open.length > 0 && r.chance(0.25)) {
    const k = r.pick(open)
    const v = args[k] as readonly number[]
    return args.with(k, r.chance(0.5) ? v.slice(1) : [...v, r.pick(v)])
  }
  const can = args.flatMap(leavesOf).map((v) => isTensor(v) || typeof v === "number")
  const at = can.flatMap((on, k) => (on ? [k] : []))
  if (at.length === 0) return args
  const chosen = r.pick(at)
  let k = 0
  const leaf = (v: unknown): unknown => {
    if (k++ !== chosen) return v
    if (typeof v === "number") return r.pick([v + 1, v - 1, -v - 1, r.upto(12) - 4, ...(r.chance(0.1) ? [0.5] : [])])
    if (!isTensor(v)) return v
    if (r.chance(0.2)) return gen(seed).tensor(v.shape, r.pick(["f32", "f64", "i32", "u32", "bool"]))
    if (r.chance(0.3) && pool.length > 0) return r.pick(pool)
    const [a, g] = [r.upto(v.shape.length), gen(seed)]
    const other = r.pick([
      v.shape.map((n, j) => (j === a ? n + 1 + r.upto(3) : n)),
      v.shape.toSpliced(a, 1),
      v.shape.toSpliced(a, 0, 1 + r.upto(3)),
      g.shape(0, 4),
    ])
    return g.tensor(other, v.dtype)
  }
  return args.map((a) => walk(a, leaf))
}

interface Tried {
  readonly args: readonly unknown[]
  readonly result: unknown
  readonly sentence: string | undefined
}
/** What a call gives or throws; undefined where it cannot be spelled, is too large, or is given what is no program at all. */
const attempt = (s: Subject, args: readonly unknown[]): Tried | undefined => {
  if (callOf(s, args) === undefined) return undefined
  try {
    const result = s.f(...args)
    const outs = leavesOf(result).filter(isTensor)
    return outs.every((t) => size(t.shape) <= LARGEST) ? { args, result, sentence: undefined } : undefined
  } catch (e) {
    if (e instanceof ShapeError) return { args, result: undefined, sentence: e.message }
    throw new Error(`${callOf(s, args)} throws no sentence: ${String(e)}`, { cause: e })
  }
}
/** Arguments as the op's own generators give them; undefined where a generator has nothing for these shapes. */
const drawn = (s: Subject, seed: number, r: Random, wrong: boolean): readonly unknown[] =>
  wrong && s.refused && r.chance(0.3) ? r.pick(s.refused)(gen(seed)) : s.examples!(gen(seed, r.pick(classes)))

const call = (pool: readonly RawTensor[], r: Random, wrong: boolean): { readonly s: Subject; readonly tried: Tried } => {
  for (;;) {
    const s = r.pick(spellable)
    let plain: Tried | undefined
    for (let k = 0; k < TRIES; k++) {
      const seed = 1 + r.upto(1_000_000)
      const given = connected(drawn(s, seed, r, wrong), pool, r, wrong ? 0 : 0.25)
      const args = wrong ? bent(s, given, pool, r, seed) : given
      const tried = attempt(s, args)
      if (!tried || (tried.sentence !== undefined) !== wrong) continue
      plain ??= tried
      if (pool.length === 0 || leavesOf(args).some((v) => pool.includes(v as RawTensor))) return { s, tried }
    }
    if (plain) return { s, tried: plain }
  }
}

/** Ops whose arguments have a spelling: those that take functions have none. */
const spellable: readonly Subject[] = subjects.filter(
  (s) => s.examples && s.examples(gen(1)).every((a) => source(a) !== undefined),
)

/** The program of a seed: of 2 to 8 calls, every second one with a wrong call somewhere, and what uses its result quiet. */
export const programOfSeed = (seed: number): ShapeProgram => {
  const r = randomOf(seed)
  const length = 2 + r.upto(7)
  const wrong = r.chance(0.5) ? r.upto(length) : -1
  const pool: RawTensor[] = []
  const names = new Map<unknown, string>()
  const known = (result: unknown, name: string): void => {
    if (isTensor(result)) {
      pool.push(result)
      names.set(result, name)
    } else if (Array.isArray(result)) result.forEach((v, k) => known(v, `${name}[${k}]!`))
    else if (typeof result === "object" && result !== null) for (const [k, v] of Object.entries(result)) known(v, `${name}.${k}`)
  }
  let failed = ""
  const steps = upto(length).map((k): Step => {
    if (wrong >= 0 && k > wrong) return after(r, failed)
    const { s, tried } = call(pool, r, k === wrong)
    if (k === wrong) failed = givesList(s) ? `${k}[0]!` : String(k)
    const before = new Map(names)
    known(tried.result, String(k))
    return {
      op: s.name,
      result: tried.result,
      sentence: tried.sentence,
      spell: (input, prefix) => callOf(s, tried.args, (t) => (before.has(t) ? prefix + before.get(t)! : input(t)))!,
    }
  })
  return { seed, steps, wrong, outs: pool }
}
/** Does the op give a list of tensors, which a program takes apart? */
const givesList = (s: Subject): boolean => Array.isArray(s.f(...s.examples!(gen(1))))
/** A call that uses the result of the call that failed: whatever it is, the compiler says nothing about it. */
const after = (r: Random, name: string): Step => {
  for (;;) {
    const s = r.pick(spellable)
    const args = s.examples!(gen(1 + r.upto(1_000_000), r.pick(classes)))
    const tensors = leavesOf(args).filter(isTensor)
    if (tensors.length === 0 || callOf(s, args) === undefined) continue
    const failed = r.pick(tensors)
    return {
      op: s.name,
      result: undefined,
      sentence: undefined,
      spell: (input, prefix) => callOf(s, args, (t) => (t === failed ? prefix + name : input(t)))!,
    }
  }
}

/** A program as lines of source, one for each call; results that are known are asserted: `is<type>()(p3)`. */
export const linesOf = (p: ShapeProgram, input: SpellTensor, prefix: string, assertion: string): string[] =>
  p.steps.map(({ spell, result }, k) => {
    const name = `${prefix}${k}`
    return `const ${name} = ${spell(input, prefix)}${result === undefined ? "" : `; ${assertion}<${typeOf(result)}>()(${name})`}`
  })
