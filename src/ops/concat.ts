import {
  type Calls,
  axisOf,
  defineOp,
  dense,
  emit,
  type Gen,
  ir,
  lift,
  make,
  type OpDef,
  type RawTensor,
  refuse,
  tensorsIn,
  upto,
} from "../core/index.ts"
import { dtypesDiffer, ofNothing, ranksDiffer, shapesDiffer } from "../core/messages.ts"
import type { Of } from "../core/signature.ts"
import type { Concat, ConcatArgs, ConcatAxis } from "../../typelevel/reshape.ts"
import type { OrList, TensorLike } from "../../typelevel/rule.ts"
import { add } from "../scalar/add.ts"
import { or } from "../scalar/or.ts"
import { slice } from "./slice.ts"

export type ConcatRule<L extends readonly TensorLike[], X extends number> = Concat<L, X>

const check = (all: readonly RawTensor[], axis: number): number => {
  const first = all[0] ?? refuse(ofNothing("concat"))
  const k = axisOf("concat", first.shape, axis)
  for (const x of all.slice(1)) {
    if (x.dtype !== first.dtype) refuse(dtypesDiffer("concat", first.dtype, x.dtype))
    if (x.shape.length !== first.shape.length) refuse(ranksDiffer("concat", first.shape, x.shape))
    const at = first.shape.findIndex((n, j) => j !== k && n !== x.shape[j])
    if (at >= 0) refuse(shapesDiffer("concat", first.shape, x.shape, k, first.shape[at]!, x.shape[at]!))
  }
  return k
}

const MOST = 32 // pieces of one node

/** Attributes: the axis, non-negative. One guarded read per piece; the guards exclude each other, so their sum is the piece. Adjoint: slices. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "concat",
  spelling: { onnx: "Concat", stablehlo: "concatenate" },
  shape: (ins, { axis }) => ({
    dtype: ins[0]!.dtype,
    shape: ins[0]!.shape.with(
      axis,
      ins.reduce((n, x) => n + x.shape[axis]!, 0),
    ),
  }),
  body: (x, { i, attrs: { axis }, ins, out }) => {
    let from = 0
    // x + -0 is x, for x = -0 too
    const nothing = out.dtype === "f32" || out.dtype === "f64" ? -0 : 0
    const pieces = x.map((at, k) => {
      const n = ins[k]!.shape[axis]!
      const e = ir.plus(i[axis]!, -from)
      from += n
      return n === 0 ? ir.num(nothing, out.dtype) : ir.guard([ir.inside(e, n)], at(i.with(axis, e)), nothing)
    })
    return pieces.reduce((a, b) => ir.call(out.dtype === "bool" ? or : add, [a, b]))
  },
  jvp: ({ ins, tans, attrs }) =>
    tans.some(Boolean)
      ? make(
          op,
          ins.map((x, k) => dense(tans[k], x)),
          attrs,
        )
      : null,
  transpose: ({ ct, ins, lin, attrs: { axis } }) => {
    let from = 0
    return ins.map((x, k) => {
      const [a, b] = [from, from + x.shape[axis]!]
      from = b
      return lin[k]
        ? slice(
            ct,
            ct.shape.map((_, j) => (j === axis ? ([a, b] as const) : null)),
          )
        : null
    })
  },
  batch: (a): RawTensor => make(op, lift(a), { axis: a.attrs.axis + 1 }),
  rewrite: (ins, { axis }) => {
    const full = ins.filter((x) => x.shape[axis] !== 0)
    if (full.length === 0) return ins[0]
    if (full.length === 1) return full[0]
    // an element looks for its piece one by one: of many, first for a group of them
    const groups = Math.ceil(full.length / MOST)
    if (groups > 1) {
      const cut = (k: number): number => Math.floor((k * full.length) / groups)
      return make(
        op,
        upto(groups).map((k) => make(op, full.slice(cut(k), cut(k + 1)), { axis })),
        { axis },
      )
    }
    return full.length < ins.length ? make(op, full, { axis }) : undefined
  },
})
export const calls = (): Calls => ({
  examples: (g: Gen) => {
    const s = g.shape(1, 4)
    const axis = g.int(0, s.length - 1)
    const dtype = g.pick(["f32", "f32", "i32", "bool"])
    const pieces = Array.from({ length: g.int(1, 4) }, () => g.tensor(s.with(axis, g.int(0, 4)), dtype))
    return axis === 0 && g.bool() ? [pieces] : [pieces, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [[], g.int(0, 2)],
    (g) => [[g.tensor([2, 3]), g.tensor([2, g.int(4, 9)])]],
    (g) => [[g.tensor([2, 3]), g.tensor([4, 3]), g.tensor([3])], 0],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3], g.pick(["i32", "bool"]))], 1],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3])], g.pick([2, -3])],
    (g) => [[g.tensor([]), g.tensor([])], g.pick([0, -1])],
  ],
})

/**
 * Tensors put one behind the other along an axis (by default the first).
 *
 * Shapes equal but for that axis, whose sizes add up; one dtype, any. Refuses other shapes. NumPy `concatenate`.
 * @example concat([zeros([2, 3]), ones([4, 3])]) // [6, 3]
 */
export function concat<const L extends readonly TensorLike[], const X extends number = 0>(
  tensors: OrList<L, ConcatArgs<"concat", L, X>>,
  axis?: ConcatAxis<"concat", L, X>,
): Of<Concat<L, X>, L[number]["dtype"]> {
  const all = tensorsIn("concat", tensors)
  return emit(op, all, { axis: check(all, (axis ?? 0) as number) })
}
