import {
  type Calls,
  type AnyTensor,
  defineOp,
  emit,
  floatsOnly,
  type OpDef,
  type RawTensor,
  raw,
  refuse,
  same,
  flagIn,
  optionsIn,
  spelled,
  tensorIn,
} from "../core/index.ts"
import { dtypesDiffer, notPositive } from "../core/messages.ts"
import type { Of } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Attention, attend } from "./_attention.ts"
import * as says from "./_attentionRule.ts"
import type { At, AttentionRule, InOptions } from "./_attentionRule.ts"
import { reshape } from "./reshape.ts"

export interface AttentionOptions {
  /** The last axis of query, key and value holds heads side by side, so many in the query; default: they have an axis of their own. */
  readonly heads?: Dim
  /** Time t of the query sees times 0 to t of the key. Default false. */
  readonly causal?: boolean
  /** Broadcasts to the scores, [..., heads, time, length of the key]: bool, false where a score does not count; or floats, added to them. */
  readonly mask?: AnyTensor
  /** Factor of the scores; default 1 / sqrt(size of a head). */
  readonly scale?: number
}

/** q, k, v, with heads on an axis of their own, and the mask if there is one. */
export const op: OpDef<Attention> = defineOp<Attention>({
  name: "attention",
  spelling: { onnx: "Attention" },
  ulp: 8,
  shape: ([q, , v]) => ({ dtype: q!.dtype, shape: [...q!.shape.slice(0, -1), v!.shape.at(-1)!] }),
  expand: (ins, attrs) => attend(ins, attrs),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [b, t, s, d] = g.shape(4, 4) as [number, number, number, number]
    const groups = g.int(1, 2)
    const heads = groups * g.int(1, 2)
    const e = g.int(1, 3)
    const x = (...shape: number[]): RawTensor => g.tensor(shape)
    const split = (): RawTensor[] => [x(b, t, heads, d), x(b, s, groups, d), x(b, s, groups, e)]
    return g.pick<() => readonly unknown[]>([
      split,
      () => [x(t, heads, d), x(s, groups, d), x(s, groups, e), { causal: true }],
      () => [
        ...split(),
        {
          mask: g.tensor(
            g.pick([
              [t, s],
              [b, 1, 1, s],
              [heads, 1, s],
            ]),
            "bool",
          ),
          causal: g.bool(),
        },
      ],
      () => [
        ...split(),
        {
          mask: x(
            ...g.pick([
              [t, s],
              [1, heads, 1, 1],
            ]),
          ),
          scale: 0.5,
        },
      ],
      () => (d === 0 ? split() : [x(t, heads * d), x(s, groups * d), x(s, groups * e), { heads }]),
    ])()
  },
  refused: [
    (g) => [g.tensor([5, 4, 8], "i32"), g.tensor([g.int(1, 4), 4, 8], "i32"), g.tensor([6, 4, 8], "i32")],
    (g) => [g.tensor([5, g.int(4, 6)]), g.tensor([6, 4, 8]), g.tensor([6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, g.int(4, 6)]), g.tensor([6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8]), g.tensor([g.int(4, 6)])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8], g.pick(["f64", "i32"])), g.tensor([6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8]), g.tensor([6, 4, 8], g.pick(["f64", "i32"]))],
    (g) => [g.tensor([2, 5, 4, 8]), g.tensor([g.int(3, 6), 6, 4, 8]), g.tensor([2, 6, 4, 8])],
    (g) => [g.tensor([2, 5, 4, 8]), g.tensor([2, 6, 4, 8]), g.tensor([g.int(3, 6), 6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, g.int(1, 7)]), g.tensor([6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, g.pick([3, 5, 8]), 8]), g.tensor([6, 4, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 2, 8]), g.tensor([g.int(7, 9), 2, 8])],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 2, 8]), g.tensor([6, g.pick([1, 4]), 8])],
    (g) => [g.tensor([5, 768]), g.tensor([6, 768]), g.tensor([6, 768]), { heads: g.pick([7, 10, 36]) }],
    (g) => [g.tensor([5, 32]), g.tensor([6, g.int(17, 23)]), g.tensor([6, 32]), { heads: 4 }],
    (g) => [g.tensor([5, 32]), g.tensor([6, 16]), g.tensor([6, g.pick([15, 17])]), { heads: 4 }],
    (g) => [g.tensor([5, 32]), g.tensor([6, 16]), g.tensor([6, 16]), { heads: g.pick([0, -4, 0.5]) }],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8]), g.tensor([6, 4, 8]), { mask: g.tensor([5, g.int(2, 5)], "bool") }],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8]), g.tensor([6, 4, 8]), { mask: g.tensor([g.int(2, 5), 4, 5, 6]) }],
    (g) => [g.tensor([5, 4, 8]), g.tensor([6, 4, 8]), g.tensor([6, 4, 8]), { mask: g.tensor([6], g.pick(["i32", "f64"])) }],
  ],
})

/** [..., time, heads, size], or the sentence. */
const separated = (x: RawTensor, heads: number | undefined): number[] => {
  if (x.shape.length < (heads === undefined ? 3 : 2)) refuse(says.axesWanted(x.shape, heads !== undefined))
  return [...x.shape]
}
const shapesOf = (
  q: RawTensor,
  k: RawTensor,
  v: RawTensor,
  heads: number | undefined,
): readonly [number[], number[], number[]] => {
  const query = separated(q, heads)
  if (heads !== undefined) {
    if (!Number.isSafeInteger(heads) || heads < 1) refuse(notPositive("attention", "heads", heads))
    const width = query.at(-1)!
    if (width % heads !== 0) refuse(says.notDivisible("attention", width, heads))
    query.splice(-1, 1, heads, width / heads)
  }
  const [n, size] = query.slice(-2) as [number, number]

  const key = separated(k, heads)
  const lead = (a: readonly number[]): readonly number[] => a.slice(0, heads === undefined ? -3 : -2)
  if (!same(lead(k.shape), lead(q.shape))) refuse(says.leadingDiffer("attention", q.shape, k.shape))
  if (heads !== undefined) {
    const width = key.at(-1)!
    const same = width === q.shape.at(-1)
    if (!same && (size === 0 || width % size !== 0)) refuse(says.notMultiple(k.shape, size))
    key.splice(-1, 1, same ? heads : width / size, size)
  } else if (key.at(-1) !== size) refuse(says.sizesDiffer(q.shape, k.shape, size, key.at(-1)!))
  const [length, groups] = key.slice(-3) as [number, number]
  if (groups !== n && (groups === 0 || n % groups !== 0))
    refuse(says.groupsMisfit(q.shape, k.shape, n, groups, heads !== undefined))

  const value = separated(v, heads)
  if (!same(lead(v.shape), lead(k.shape))) refuse(says.leadingDiffer("attention", k.shape, v.shape))
  const own = value.at(heads === undefined ? -3 : -2)!
  if (own !== length) refuse(says.lengthsDiffer(k.shape, v.shape, length, own))
  const fits = heads === undefined ? value.at(-2) === groups : value.at(-1)! % groups === 0
  if (!fits) refuse(says.headsDiffer(k.shape, v.shape, groups))
  if (heads !== undefined) value.splice(-1, 1, groups, value.at(-1)! / groups)
  return [query, key, value]
}
const checkMask = (mask: RawTensor, scores: readonly number[], dtype: DType): RawTensor => {
  if (mask.dtype !== "bool" && mask.dtype !== dtype) refuse(says.maskDType(mask.dtype, dtype))
  const aligned = scores.slice(scores.length - mask.shape.length)
  if (mask.shape.length > scores.length || mask.shape.some((n, k) => n !== 1 && n !== aligned[k]))
    refuse(says.maskMisfit("attention", mask.shape, scores))
  return mask
}

/**
 * Scaled dot-product attention: for each time of the query a mean of the values, weighted by how well their keys fit it.
 *
 * `y = softmax(scale q k^T + mask) v` for each head: query [..., t, h, d], key [..., s, g, d] and value [..., s, g, e] give
 * [..., t, h, e]; with `heads` the last two axes are one, [..., t, h * d] (and so on). g divides h: each head of key and value serves h / g
 * of the query. Floats of one dtype. Where nothing counts (a row that is masked altogether) the result is 0. Refuses heads that do not
 * divide, leading axes, sizes and lengths that differ, and masks that do not broadcast. Vaswani et al. 2017; g < h: Shazeer 2019,
 * Ainslie et al. 2023.
 * @example attention(ones([2, 5, 768]), ones([2, 7, 768]), ones([2, 7, 768]), { heads: 12 }) // [2, 5, 768]
 */
export function attention<
  S extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  V extends Shape,
  F extends DType,
  const O extends AttentionOptions = {},
>(
  query: At<"query", AttentionRule<S, D, K, E, V, F, O>, Tensor<S, D>>,
  key: At<"key", AttentionRule<S, D, K, E, V, F, O>, Tensor<K, E>>,
  value: At<"value", AttentionRule<S, D, K, E, V, F, O>, Tensor<V, F>>,
  options?: InOptions<AttentionRule<S, D, K, E, V, F, O>, O>,
): Of<AttentionRule<S, D, K, E, V, F, O>, D & E & F> {
  const [q, k, v] = [
    tensorIn("attention", query, "query"),
    tensorIn("attention", key, "key"),
    tensorIn("attention", value, "value"),
  ]
  const { heads, mask, scale, ...switches } = optionsIn<AttentionOptions>("attention", options, [
    "heads",
    "causal",
    "mask",
    "scale",
  ])
  const causal = flagIn("attention", "causal", switches.causal)
  if (scale !== undefined && typeof scale !== "number") refuse(`attention: the scale is ${spelled(scale)}; give a number`)
  floatsOnly("attention")([q])
  for (const x of [k, v]) if (x.dtype !== q.dtype) refuse(dtypesDiffer("attention", q.dtype, x.dtype))
  const [s, c, e] = shapesOf(q, k, v, heads as number | undefined)
  const ins = [raw(reshape(q, s)), raw(reshape(k, c)), raw(reshape(v, e))]
  const scores = [...s.slice(0, -3), s.at(-2)!, s.at(-3)!, c.at(-3)!]
  const given = mask === undefined ? ins : [...ins, checkMask(tensorIn("attention", mask, "mask"), scores, q.dtype)]
  const y = emit<RawTensor>(op, given, { causal, scale: scale ?? 1 / Math.sqrt(Math.max(s.at(-1)!, 1)) })
  return (heads === undefined ? y : reshape(y, [...y.shape.slice(0, -2), y.shape.at(-2)! * y.shape.at(-1)!])) as Of<
    AttentionRule<S, D, K, E, V, F, O>,
    D & E & F
  >
}
