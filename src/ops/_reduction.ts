// What reductions have in common: out[i] = fold of x over some axes, which disappear. `keepDims` is a reshape afterwards.
import { defineOp, ir, make, type OpDef } from "../core/index.ts"

/** Sorted, non-negative, without repetition. */
export interface Over {
  readonly axes: readonly number[]
}
export const reduction = (
  name: string,
  kind: ir.Kind,
  rules: Pick<OpDef<Over>, "transpose" | "spelling" | "ulp" | "examples" | "refused"> & {
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
