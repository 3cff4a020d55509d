import type { Sub } from "../../typelevel/nat.ts"
import { defineOp, type DType, emit, type OpDef, refuse } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { add } from "./add.ts"
import { cast } from "./cast.ts"
import { iota } from "./iota.ts"
import { mul } from "./mul.ts"

type noStep = "arange: the step is 0; it must be above or below 0"
const noStep: noStep = "arange: the step is 0; it must be above or below 0"
const notFinite = (v: number): string => `arange: ${v} is not finite; start, stop and step must be`

type Whole<V extends number> = `${V}` extends `${string}.${string}` | `${string}e-${string}` ? false : true
/** How many numbers from A up to B in steps of 1; unknown for other steps, and where a number is not a known size. */
type Count<A extends number, B extends number, C extends number> = C extends 1
  ? number extends A | B
    ? number
    : `${A | B}` extends `-${string}` | `${string}.${string}` | `${string}e${string}`
      ? number
      : [Sub<B, A>] extends [never]
        ? 0
        : Sub<B, A>
  : number
export type ArangeRule<A extends number, B extends number | undefined, C extends number> = C extends 0
  ? noStep
  : B extends number
    ? [Count<A, B, C>]
    : [Count<0, A, C>]
type ArangeDType<V extends number> = number extends V
  ? "i32" | "f32"
  : false extends (V extends V ? Whole<V> : never)
    ? "f32"
    : "i32"

interface Attrs {
  readonly start: number
  readonly step: number
  readonly n: number
  readonly dtype: DType
}
/** start + i step. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "arange",
  shape: (_, { n, dtype }) => ({ shape: [n], dtype }),
  expand: (_, { start, step, n, dtype }) => add(mul(cast(iota([n], 0), dtype), step), start),
  spelling: { onnx: "Range" },
  examples: (g) =>
    g.pick([[g.int(0, 20)], [g.int(-5, 5), g.int(-5, 30)], [g.int(0, 9), g.int(-20, 20), g.pick([-3, 2])], [0, 1, 0.25]]),
  refused: [(g) => [g.int(0, 9), 5, 0], () => [Number.NaN], () => [0, Infinity], () => [0, 1, Number.NaN]],
})

/**
 * The numbers from start up to, but not including, stop: [ceil((stop - start) / step)]; `arange(n)` counts from 0 to n - 1.
 *
 * i32 where start, stop and step are whole numbers, else f32. Empty where stop is not beyond start. Refuses a step of 0 and what
 * is not finite. NumPy `arange`.
 * @example arange(2, 10, 3) // [2, 5, 8]
 */
export function arange<const A extends number, const B extends number | undefined = undefined, const C extends number = 1>(
  start: A,
  stop?: B,
  step?: Or<ArangeRule<A, B, C>, C>,
): Of<ArangeRule<A, B, C>, ArangeDType<A | (B & number) | C>> {
  const by = (step as number | undefined) ?? 1
  const [from, to] = stop === undefined ? [0, start as number] : [start as number, stop as number]
  for (const v of [from, to, by]) if (!Number.isFinite(v)) refuse(notFinite(v))
  if (by === 0) refuse(noStep)
  const n = Math.max(0, Math.ceil((to - from) / by))
  const whole = [from, to, by].every(Number.isInteger)
  return emit(op, [], { start: from, step: by, n, dtype: whole ? "i32" : "f32" })
}
