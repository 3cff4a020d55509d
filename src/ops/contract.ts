import {
  type Calls,
  defineOp,
  each,
  emit,
  ir,
  make,
  type OpDef,
  type RawTensor,
  refuse,
  show,
  tensorIn,
  textIn,
} from "../core/index.ts"
import { dtypesDiffer } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim, Fits, Meet, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer } from "../../typelevel/messages.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { mul as times } from "../scalar/mul.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
/** The shape that labels "ik,kj->ij" give to A x B, or the sentence. */
export type ContractRule<A extends Shape, D extends DType, B extends Shape, E extends DType, L extends string> = [D & E] extends [
  never,
]
  ? DTypesDiffer<"contract", D, E>
  : NumberOnly<"contract", Labelled<A, B, L>, D>
type Labelled<A extends Shape, B extends Shape, L extends string> = string extends L
  ? Shape
  : L extends `${infer P},${infer Q}->${infer R}`
    ? Alone<L, Chars<P>, Chars<Q>, Chars<R>> extends infer M
      ? M extends string
        ? M
        : Rankless<A> extends true
          ? Shape
          : Rankless<B> extends true
            ? Shape
            : Bind<L, A, A, Chars<P>, {}> extends infer F
              ? F extends string
                ? F
                : Bind<L, B, B, Chars<Q>, F> extends infer G
                  ? G extends string
                    ? G
                    : Pick<Chars<R>, G>
                  : never
              : never
      : never
    : noForm<L>
type Chars<S extends string, Acc extends string[] = []> = S extends `${infer H}${infer T}` ? Chars<T, [...Acc, H]> : Acc
/** The sentence for a label that is twice in one list, or in one list only. */
type Alone<L extends string, P extends string[], Q extends string[], R extends string[]> =
  | Twice<P>
  | Twice<Q>
  | Twice<R> extends infer T
  ? [T] extends [never]
    ? Once<P[number], Q[number], R[number]> extends infer O
      ? [O] extends [never]
        ? true
        : single<L, First<[...P, ...Q, ...R], O> & string>
      : never
    : double<
        L,
        (Twice<P> extends infer U
          ? [U] extends [never]
            ? Twice<Q> extends infer V
              ? [V] extends [never]
                ? Twice<R>
                : V
              : never
            : U
          : never) &
          string
      >
  : never
type Twice<P, Seen = never> = P extends [infer H, ...infer T] ? (H extends Seen ? H : Twice<T, Seen | H>) : never
type Once<P, Q, R> = Exclude<P, Q | R> | Exclude<Q, P | R> | Exclude<R, P | Q>
type First<P, O> = P extends [infer H, ...infer T] ? (H extends O ? H : First<T, O>) : never
/** The sizes of the labels, or the sentence. */
type Bind<L extends string, S extends Shape, Rest, P, F> = P extends [infer H extends string, ...infer T]
  ? Rest extends readonly [infer N extends Dim, ...infer M]
    ? H extends keyof F
      ? Fits<F[H], N> extends true
        ? Bind<L, S, M, T, Omit<F, H> & { [_ in H]: Meet<F[H], N> }>
        : sizesDiffer<L, H, F[H], N>
      : Bind<L, S, M, T, F & { [_ in H]: N }>
    : wrongCount<L, S>
  : Rest extends readonly []
    ? F
    : wrongCount<L, S>
type Pick<R, F, Acc extends Shape = []> = R extends [infer H extends keyof F, ...infer T] ? Pick<T, F, [...Acc, F[H] & Dim]> : Acc

type noForm<L extends string> = `contract: labels ${L} are not of the form ik,kj->ij`
const noForm = (l: string): string => `contract: labels ${l} are not of the form ik,kj->ij`
type double<L extends string, H extends string> = `contract: ${L}: ${H} occurs twice in one list; an axis has a label of its own`
const double = (l: string, h: string): string => `contract: ${l}: ${h} occurs twice in one list; an axis has a label of its own`
type single<L extends string, H extends string> = `contract: ${L}: ${H} occurs once; sum over it first, or broadcast afterwards`
const single = (l: string, h: string): string => `contract: ${l}: ${h} occurs once; sum over it first, or broadcast afterwards`
type wrongCount<
  L extends string,
  S extends Shape,
> = `contract: ${L} does not label ${Show<S>} one to one; give a letter for each axis`
const wrongCount = (l: string, s: readonly number[]): string =>
  `contract: ${l} does not label ${show(s)} one to one; give a letter for each axis`
type sizesDiffer<
  L extends string,
  H extends string,
  X,
  Y,
> = `contract: ${L}: ${H} is ${ShowDim<X>} on the left and ${ShowDim<Y>} on the right; a label has one size`
const sizesDiffer = (l: string, h: string, x: number, y: number): string =>
  `contract: ${l}: ${h} is ${x} on the left and ${y} on the right; a label has one size`

// ---- run time ------------------------------------------------------------------------------------------------------
/** Labels of the left, the right and the result. */
interface Attrs {
  readonly a: readonly string[]
  readonly b: readonly string[]
  readonly out: readonly string[]
}
const parse = (l: string): Attrs => {
  const [, a, b, out] = /^([^,]*),(.*?)->(.*)$/su.exec(l) ?? refuse(noForm(l))
  const lists = [[...a!], [...b!], [...out!]]
  for (const p of lists) {
    const h = p.find((c, k) => p.indexOf(c) < k)
    if (h !== undefined) refuse(double(l, h))
  }
  const h = lists.flat().find((c) => lists.filter((p) => p.includes(c)).length < 2)
  if (h !== undefined) refuse(single(l, h))
  return { a: lists[0]!, b: lists[1]!, out: lists[2]! }
}
const sizesOf = (a: readonly number[], b: readonly number[], l: Attrs): Map<string, number> => {
  const sizes = new Map(l.a.map((c, k) => [c, a[k]!]))
  l.b.forEach((c, k) => {
    sizes.set(c, b[k]!)
  })
  return sizes
}
const check = (a: readonly number[], b: readonly number[], l: Attrs, text: string): void => {
  if (l.a.length !== a.length) refuse(wrongCount(text, a))
  l.b.slice(0, b.length).forEach((c, k) => {
    const x = l.a.includes(c) ? a[l.a.indexOf(c)]! : b[k]!
    if (x !== b[k]) refuse(sizesDiffer(text, c, x, b[k]!))
  })
  if (l.b.length !== b.length) refuse(wrongCount(text, b))
}
/** A label that is not among those given. */
const fresh = (taken: readonly string[]): string => {
  for (let c = 65; ; c++) if (!taken.includes(String.fromCodePoint(c))) return String.fromCodePoint(c)
}

/** Attributes: three lists of labels, each label in two or three of them. So the op is closed under its own rules: a transpose permutes
 *  the three lists, a batch is one more label. All matrix products and, of windows, all convolutions are this op. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "contract",
  spelling: { onnx: "Einsum", stablehlo: "dot_general" },
  shape: ([a, b], l) => {
    const sizes = sizesOf(a!.shape, b!.shape, l)
    return { dtype: a!.dtype, shape: l.out.map((c) => sizes.get(c)!) }
  },
  body: ([a, b], { i, attrs: l, ins }) => {
    const sizes = sizesOf(ins[0]!.shape, ins[1]!.shape, l)
    const free = [...sizes.keys()].filter((c) => !l.out.includes(c))
    return ir.reduce(
      "add",
      free.map((c) => sizes.get(c)!),
      (r) => {
        const at = (p: readonly string[]): ir.Ix[] =>
          p.map((c) => (l.out.includes(c) ? i[l.out.indexOf(c)]! : r[free.indexOf(c)]!))
        return ir.call(times, [a!(at(l.a)), b!(at(l.b))])
      },
    )
  },
  jvp: ({ ins: [a, b], tans, attrs }) => each(tans, (t, k) => make(op, k === 0 ? [t, b!] : [a!, t], attrs)),
  transpose: ({ ct, ins: [x, y], lin, attrs: { a, b, out } }) => [
    lin[0] ? make(op, [ct, y!], { a: out, b, out: a }) : null,
    lin[1] ? make(op, [x!, ct], { a, b: out, out: b }) : null,
  ],
  batch: ({ ins, on, attrs: { a, b, out } }): RawTensor => {
    const z = fresh([...a, ...b])
    return make(op, ins, { a: on[0] ? [z, ...a] : a, b: on[1] ? [z, ...b] : b, out: [z, ...out] })
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [b, i, k, j] = [...g.shape(4, 4)] as [number, number, number, number]
    const dtype = g.pick(["f32", "f32", "f32", "i32"])
    const x = (...s: number[]): RawTensor => g.tensor(s, dtype)
    return g.pick([
      [x(i, k), x(k, j), "ik,kj->ij"],
      [x(b, i, k), x(k, b, j), "bik,kbj->ibj"],
      [x(i), x(j), "i,j->ji"],
      [x(i, k), x(k, j), "ik,kj->ji"],
      [x(i, k), x(k, i), "ik,ki->"],
      [x(b, i, k), x(i, k), "bik,ik->bk"],
      [x(b, k), x(b, j), "bk,bj->bkj"],
      [x(), x(j), ",j->j"],
    ])
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9), 5]), "ik,kj->ij"],
    (g) => [g.tensor([2, 3]), g.tensor([3, 5]), g.pick(["ik,kj->i", "ik,kj->ijl", "ik,lj->ij"])],
    (g) => [g.tensor([2, 2]), g.tensor([2, 5]), "ii,ij->j"],
    (g) => [g.tensor([2, 3]), g.tensor([3]), g.pick(["ik,kj->ij", "i,i->"])],
    (g) => [g.tensor([2, 3]), g.tensor([3]), g.pick(["ik,k", "ik->ki", ""])],
    (g) => [g.tensor([2, 3]), g.tensor([3], "i32"), "ik,k->i"],
    (g) => [g.tensor([2, 3], "bool"), g.tensor([3], "bool"), "ik,k->i"],
  ],
})

/**
 * Sum of products over the labels that the result does not have: `y[out] = sum a[left] b[right]`.
 *
 * Labels are letters, one per axis, as in Einstein's notation; every label is in two or three of the lists. Two tensors of one dtype,
 * of numbers; accumulated in that dtype. Refuses labels that do not fit the shapes, and sizes that differ. NumPy `einsum` of two operands.
 * @example contract(ones([8, 2, 3]), ones([3, 5]), "bik,kj->bij") // [8, 2, 5]
 */
export function contract<A extends Shape, D extends DType, B extends Shape, E extends DType, const L extends string>(
  a: Tensor<A, D>,
  b: Tensor<B, E>,
  labels: Or<ContractRule<A, D, B, E, L>, L>,
): Of<ContractRule<A, D, B, E, L>, D & E> {
  const [x, y] = [tensorIn("contract", a, "a"), tensorIn("contract", b, "b")]
  if (x.dtype !== y.dtype) refuse(dtypesDiffer("contract", x.dtype, y.dtype))
  numbersOnly("contract")([x])
  const given = textIn("contract", "the labels", labels)
  const l = parse(given)
  check(x.shape, y.shape, l, given)
  return emit(op, [x, y], l)
}
