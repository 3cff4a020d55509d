import type { Misfit } from "../../typelevel/dtype.ts"
import type { numberMisfit as NumberMisfit } from "../../typelevel/messages.ts"
import type { Reshape } from "../../typelevel/reshape.ts"
import type { Shape } from "../../typelevel/shape.ts"
import {
  type Calls,
  type Aval,
  defineOp,
  type DType,
  dtypeOfArray,
  emit,
  holds,
  hostArray,
  type HostArray,
  hostLeaf,
  isFloat,
  isHostArray,
  type OpDef,
  refuse,
  same,
  size,
  spelled,
  text,
} from "../core/index.ts"
import { numberMisfit } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import { checkDType } from "./_sizes.ts"
import { reshaped } from "./reshape.ts"

/** Numbers or booleans, nested arrays of them, or a typed array. */
export type Values = number | boolean | readonly Values[] | HostArray
type ragged = "fromArray: rows of one array have different lengths; they must have one"
const ragged: ragged = "fromArray: rows of one array have different lengths; they must have one"

type Rows<V, Depth extends 0[] = []> = V extends HostArray
  ? [number]
  : V extends readonly (infer E)[]
    ? [E] extends [never]
      ? [0]
      : Depth["length"] extends 8
        ? number[]
        : [V["length"], ...Rows<E, [...Depth, 0]>]
    : []
/** The shape of the nested array, or the sentence: rows of different lengths make its type a union. */
type ShapeOf<V> = Rows<V> extends infer R extends Shape ? (One<R> extends true ? R : ragged) : never
type One<R, All = R> = R extends R ? ([All] extends [R] ? true : number extends R[keyof R & "length"] ? true : false) : never
/** The numbers or booleans of a nested array. */
type Deep<V, Depth extends 0[] = []> = V extends HostArray
  ? never
  : V extends readonly (infer E)[]
    ? Depth["length"] extends 8
      ? never
      : Deep<E, [...Depth, 0]>
    : V
type Misfits<V, D extends DType> = V extends number ? (Misfit<V, D> extends true ? V : never) : never
/** What is wrong with the values themselves; what is wrong with the shape stands at the shape. */
type Given<V, S, D extends DType> =
  ShapeOf<V> extends infer R
    ? R extends string
      ? R
      : FromArrayRule<V, S> extends string
        ? V
        : [Misfits<Deep<V>, D>] extends [never]
          ? V
          : NumberMisfit<"fromArray", Misfits<Deep<V>, D>, D>
    : never
type DTypeOf<V> = V extends Float64Array
  ? "f64"
  : V extends Int32Array
    ? "i32"
    : V extends Uint32Array
      ? "u32"
      : V extends Uint8Array
        ? "bool"
        : V extends Float32Array
          ? "f32"
          : [Deep<V>] extends [boolean]
            ? "bool"
            : "f32"
export type FromArrayRule<V, S> =
  ShapeOf<V> extends infer R ? (R extends Shape ? (S extends Shape ? Reshape<"fromArray", R, S> : R) : R) : never
type Reshaped<V, S> = S extends Shape ? FromArrayRule<V, S> : S

interface Attrs extends Aval {
  readonly values: HostArray
}
/** Always becomes a leaf. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "fromArray",
  leaf: true,
  rewrite: (_, { values, shape, dtype }) => hostLeaf(values, shape, dtype),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const dtype = g.pick(["f32", "i32", "u32", "bool"])
    return [Array.from({ length: size(s) }, () => (dtype === "bool" ? g.int(0, 1) : g.int(0, 9))), s, dtype]
  },
  refused: [
    () => [[[1, 2], [3]]],
    (g) => [
      [1, 2, 3, 4],
      [2, g.int(3, 9)],
    ],
    () => [
      [1, 2, 3],
      [2, -1],
    ],
    () => [[0.5], [1], "i32"],
    () => [[1, 2], [2], "bool"],
  ],
})

const notAnArray = (v: unknown): string =>
  `fromArray: ${v === null ? "null" : ((v as object).constructor?.name ?? "this")} is no array of numbers; give numbers, booleans, arrays of them, or a Float32Array, Float64Array, Int32Array, Uint32Array or Uint8Array`
const notAShape = (s: unknown): string =>
  `fromArray: the shape is ${text(s as string)}; give a list of sizes, for instance [2, 3] (the dtype is the third argument)`
const shapeOf = (v: Values): number[] => {
  if (typeof v !== "object") return []
  if (v === null || !(isHostArray(v) || Array.isArray(v))) return refuse(notAnArray(v))
  if (isHostArray(v)) return [v.length]
  const rows = v.map(shapeOf)
  if (rows.some((r) => !same(r, rows[0]!))) refuse(ragged)
  return [v.length, ...(rows[0] ?? [])]
}
const fill = (v: Values, into: HostArray, dtype: DType, at: number): number => {
  if (isHostArray(v) && (isFloat(dtype) || (dtype !== "bool" && dtype === dtypeOfArray(v)))) {
    into.set(v, at) // nothing to check: 10^7 elements take 60 ms, one by one 3.8 s
    return at + v.length
  }
  if (typeof v !== "object") {
    if (typeof v !== "number" && typeof v !== "boolean")
      return refuse(`fromArray: ${spelled(v)} is no number; give numbers or booleans`)
    const x = Number(v)
    if (!holds(dtype, x)) refuse(numberMisfit("fromArray", x, dtype))
    into[at] = x
    return at + 1
  }
  let next = at
  for (const e of v) next = fill(e, into, dtype, next)
  return next
}
/** The first number or boolean of a nested array. */
const first = (v: unknown): unknown => (Array.isArray(v) ? first((v as readonly unknown[])[0]) : v)

/**
 * A value from numbers: nested arrays of one shape, or flat ones (typed arrays too) with the shape as second argument.
 *
 * The dtype is that of a typed array (Uint8Array: bool), bool for booleans, else f32, unless it is given. Values are copied.
 * Refuses rows of different lengths, a shape of another size (one dimension may be -1), and numbers that the dtype does not hold.
 * @example fromArray([[1, 2], [3, 4]]) // [2, 2] f32
 */
export function fromArray<const V extends Values, const S extends Shape | undefined = undefined, D extends DType = DTypeOf<V>>(
  values: Or<Given<V, S, D>, V>,
  shape?: Or<ShapeOf<V> extends string ? S : Reshaped<V, S>, S>,
  dtype?: D,
): Of<Given<V, S, D> extends string ? never : FromArrayRule<V, S>, NoInfer<D>>
export function fromArray(values: unknown, shape?: unknown, dtype?: DType): unknown {
  const v = values as Values
  const from = shapeOf(v)
  if (shape !== undefined && !Array.isArray(shape)) refuse(notAShape(shape))
  const to = shape === undefined ? from : reshaped("fromArray", from, shape as readonly number[])
  const given = isHostArray(v) ? dtypeOfArray(v) : typeof first(v) === "boolean" ? "bool" : "f32"
  const d = checkDType("fromArray", dtype ?? given)
  const host = hostArray(d, size(from))
  fill(v, host, d, 0)
  return emit(op, [], { values: host, shape: to, dtype: d })
}
