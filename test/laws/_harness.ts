// What all laws share: the ops, cases drawn from their own generators, and failures that say how to repeat them.
//   ADJOINT_OP=maximum            one op (or several, separated by commas)
//   ADJOINT_SEED=17:odd           one case of each law, as a failure prints it
//   ADJOINT_CASES=1000            more cases for each op and law (default 100)
import "../../src/transform/linear.ts"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/backends/reference/index.ts"
import {
  flatten,
  type Calls,
  type OpDef,
  type Program,
  type RawTensor,
  type ShapeClass,
  show,
  trace,
  unflatten,
} from "../../src/core/index.ts"
import { catalog } from "../../src/ops/catalog.ts"
import { gen, uniform } from "../../src/testing/gen.ts"
import { floatsOf } from "../../src/testing/programs.ts"
import { programs } from "./_programs.ts"

export interface Subject extends Partial<Calls> {
  readonly name: string
  readonly op: OpDef<unknown>
  readonly f: (...args: readonly unknown[]) => unknown
}
/** One application of a public function: its tensors as parameters of a program, and values for them. */
export interface Case {
  readonly seed: number
  readonly shapes: ShapeClass
  readonly args: readonly unknown[]
  readonly leaves: readonly RawTensor[]
  readonly program: Program
  readonly values: readonly Float64Array[]
  /** Which leaves are floating point. */
  readonly floats: readonly boolean[]
  /** Random numbers of this case. */
  readonly next: () => number
}

const wanted = process.env["ADJOINT_OP"]?.split(",")
const replay = process.env["ADJOINT_SEED"]?.split(":")
export const CASES = Number(process.env["ADJOINT_CASES"] ?? 100)

/** All ops that have examples, by name. */
export const subjects: readonly Subject[] = Object.entries(catalog as Record<string, Record<string, unknown>>)
  .map(
    ([name, m]): Subject => ({
      name,
      op: m["op"] as OpDef<unknown>,
      f: m[name] as Subject["f"],
      ...(m["calls"] as (() => Calls) | undefined)?.(),
    }),
  )
  .filter(({ name }) => !wanted || wanted.includes(name))
  .sort((a, b) => (a.name < b.name ? -1 : 1))

/** Ops, and programs made of several. */
export const everything: readonly Subject[] = [...subjects, ...programs.filter(({ name }) => !wanted || wanted.includes(name))]

export const text = (t: { readonly dtype: string; readonly shape: readonly number[] }): string => `${t.dtype}${show(t.shape)}`
/** Arguments as people read them: tensors by shape. */
export const spell = (v: unknown): string => {
  const { leaves, spec } = flatten(v)
  return JSON.stringify(unflatten(spec, leaves.map(text)))?.replaceAll('"', "") ?? String(v)
}

export const drawArgs = (s: Subject, seed: number, shapes: ShapeClass): readonly unknown[] => s.examples!(gen(seed, shapes))
export const programOf = (
  s: Subject,
  args: readonly unknown[],
): { readonly program: Program; readonly leaves: readonly RawTensor[] } => {
  const { leaves, spec } = flatten(args)
  const program = trace((...x) => flatten(s.f(...(unflatten(spec, x) as unknown[]))).leaves, leaves)
  return { program, leaves }
}
export const draw = (s: Subject, seed: number, shapes: ShapeClass): Case => {
  const args = drawArgs(s, seed, shapes)
  const { program, leaves } = programOf(s, args)
  return { seed, shapes, args, leaves, program, values: evaluate(leaves), floats: floatsOf(leaves), next: uniform(seed + 0x5eed) }
}

/** A direction: uniform in [-1, 1]. */
export const direction = (like: readonly { readonly length: number }[], next: () => number): Float64Array[] =>
  like.map((v) => Float64Array.from({ length: v.length }, () => 2 * next() - 1))
/** A random subset with at least one member of `of`, if it has one. */
export const subset = (of: readonly boolean[], next: () => number): boolean[] => {
  const some = of.map((b) => b && next() < 0.5)
  return some.includes(true) ? some : of.map((b, k) => b && k === of.indexOf(true))
}
/** Fails at the first element that is further apart than tolerance * (1 + |wanted|), or infinite or NaN on one side only. */
export const close = (what: string, got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void => {
  if (got.length !== wanted.length) throw new Error(`${what}: ${got.length} elements, wanted ${wanted.length}`)
  for (let k = 0; k < got.length; k++) {
    const a = got[k]!
    const b = wanted[k]!
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue
    if (!(Math.abs(a - b) <= tolerance * (1 + Math.abs(b))))
      throw new Error(`${what}: element ${k} is ${a}, wanted ${b} (error ${Math.abs(a - b)})`)
  }
}

export const fewElements: readonly ShapeClass[] = ["small", "scalar", "ones", "odd", "broadcast", "cube", "empty"]
/** Laws that run a case many times want small tensors: the last two classes come less often. */
const turns: readonly ShapeClass[] = [...fewElements, ...fewElements, "long", "tall"]

export interface LawOptions {
  /** Cases per op as a share of CASES. */
  readonly share?: number
  readonly classes?: readonly ShapeClass[]
  /** Does the law speak about this op at all? */
  readonly about?: (s: Subject) => boolean
  /** Ops that the law does not hold for, by name, and why that is right. */
  readonly except?: Readonly<Record<string, string>>
}
/** Every law that was stated, so that a test can show that it notices. */
export const laws = new Map<string, (c: Case, s: Subject) => boolean>()
/** The law for every op: `check` throws where it does not hold, and returns false where a case says nothing about it. */
export const law = (title: string, check: (c: Case, s: Subject) => boolean, options: LawOptions = {}): void => {
  laws.set(title, check)
  const { share = 1, classes = turns, about = () => true, except = {} } = options
  const tested = everything.filter((s) => s.examples && about(s) && !(s.name in except))
  if (wanted && tested.length === 0) return
  describe(title, () => {
    let spoke = 0
    for (const s of tested)
      it(s.name, () => {
        // Compositions are costly, and their shapes vary little.
        const count = Math.max(1, Math.ceil(CASES * share * (subjects.includes(s) ? 1 : 0.3)))
        for (let k = 0; k < count; k++) {
          const seed = replay ? Number(replay[0]) : 1 + k
          const shapes = (replay?.[1] as ShapeClass | undefined) ?? classes[k % classes.length]!
          let args: readonly unknown[] = []
          try {
            args = drawArgs(s, seed, shapes)
            if (check(draw(s, seed, shapes), s)) spoke++
          } catch (e) {
            const again = `ADJOINT_OP="${s.name}" ADJOINT_SEED=${seed}:${shapes} npx vitest run test/laws`
            throw new Error(
              `${s.name}(${args.map(spell).join(", ")}): ${title}: ${(e as Error).message}\nrepeat with: ${again}`,
              { cause: e },
            )
          }
          if (replay) break
        }
      })
    // One op may have nothing to do with this law; all of them together may not.
    if (!wanted) it("is about something", () => expect(spoke).toBeGreaterThan(0))
  })
}
