// What reductions have in common: out[i] = fold of x over some axes, which disappear. `keepDims` is a reshape afterwards.
import { type Calls, defineOp, ir, make, type OpDef } from "../core/index.ts"

/** Sorted, non-negative, without repetition. */
export interface Over {
  readonly axes: readonly number[]
}
export const reduction = (
  name: string,
  kind: ir.Kind,
  rules: Pick<OpDef<Over>, "transpose" | "spelling" | "ulp"> & {
    readonly jvp: NonNullable<OpDef<Over>["jvp"]>
  },
): OpDef<Over> => {
  const op: OpDef<Over> = defineOp<Over>({
    name,
    shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
    body: ([x], { i, attrs: { axes }, ins }) => {
      const from = ins[0]!.shape
      const sizes = axes.map((k) => from[k]!)
      return ir.reduce(kind, sizes, (r) => {
        let next = 0
        return x!(from.map((_, k) => (axes.includes(k) ? r[axes.indexOf(k)]! : i[next++]!)))
      })
    },
    batch: ({ ins, attrs }) => make(op, ins, { axes: attrs.axes.map((k) => k + 1) }),
    rewrite: ([x], { axes }) => (axes.length === 0 ? x : undefined),
    ...rules,
  })
  return op
}

/** Arguments that every reduction accepts; `least`: smallest size allowed. */
export const reductionExamples =
  (least = 0, dtypes: readonly ("f32" | "i32" | "bool")[] = ["f32"]): Calls["examples"] =>
  (g) => {
    const s = g.shape(0, 4, least)
    const x = g.tensor(s, g.pick(dtypes))
    if (s.length === 0 || g.int(0, 3) === 0) return [x]
    const axis = g.int(-s.length, s.length - 1)
    return g.pick([
      [x, axis],
      [x, [axis], { keepDims: true }],
      [x, s.map((_, k) => -1 - k).filter((k) => k !== axis)],
      [x, undefined, { keepDims: true }],
    ])
  }
/** Integers so far from 0 that a wrong neutral element of max or min would show. */
export const farExamples: Calls["examples"] = (g) => {
  const s = g.shape(1, 3, 1)
  const x = g.pick([
    () => g.tensor(s, "u32", { lo: 2147483648, hi: 4294967295 }),
    () => g.tensor(s, "i32", { lo: -9, hi: -5 }),
    () => g.tensor(s, "i32", { lo: 5, hi: 9 }),
    () => g.tensor(s, "bool"),
  ])()
  return [x, g.int(0, s.length - 1)]
}
/** Arguments that every reduction refuses. */
export const reductionRefused: NonNullable<Calls["refused"]> = [
  (g) => [g.tensor([2, 3]), g.int(2, 9)],
  (g) => [g.tensor([2, 3]), [0, g.int(-9, -3)], { keepDims: true }],
  (g) => [g.tensor([2, 3, 4]), [1, g.pick([1, -2])]],
  (g) => [g.tensor([]), g.pick([0, -1])],
]
