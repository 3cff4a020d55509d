// The namespace `Loss`: one value per example, to be reduced as one likes (`T.mean`). Where a formula can overflow, it is written
// so that it does not.
import type { Dim, Fits } from "../../typelevel/dim.ts"
import type { DType, IntDType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer, needsRank as NeedsRank } from "../../typelevel/messages.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { dtypesDiffer, needsFloat, needsRank } from "../core/messages.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { same, show, upto } from "../core/shape.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { argmax } from "../ops/argmax.ts"
import { cast } from "../ops/cast.ts"
import { equal } from "../ops/equal.ts"
import { full } from "../ops/full.ts"
import { greaterEqual } from "../ops/greaterEqual.ts"
import { less } from "../ops/less.ts"
import { logSoftmax } from "../ops/logSoftmax.ts"
import { logicalAnd } from "../ops/logicalAnd.ts"
import { mean } from "../ops/mean.ts"
import { mul } from "../ops/mul.ts"
import { neg } from "../ops/neg.ts"
import { oneHot } from "../ops/oneHot.ts"
import { softplus } from "../ops/softplus.ts"
import { square } from "../ops/square.ts"
import { sub } from "../ops/sub.ts"
import { sum } from "../ops/sum.ts"
import { where } from "../ops/where.ts"

// ---- rules ---------------------------------------------------------------------------------------------------------
/** Can the two be one shape? */
type Equal<A, B> = A extends readonly [infer X, ...infer P]
  ? B extends readonly [infer Y, ...infer Q]
    ? Fits<X, Y> extends true
      ? Equal<P, Q>
      : false
    : B extends readonly []
      ? false
      : true
  : A extends readonly []
    ? B extends readonly [unknown, ...unknown[]]
      ? false
      : true
    : true
type unequal<
  Op extends string,
  A extends Shape,
  B extends Shape,
> = `${Op}: the prediction is ${Show<A>}, the target ${Show<B>}; they must have one shape`
type PerExample<Op extends string, A extends Shape> = A extends readonly [infer N extends Dim, ...unknown[]]
  ? [N]
  : Rankless<A> extends true
    ? Shape
    : NeedsRank<Op, "1 or more", A>
/** [n, ...s] and the same to [n], or the sentence. */
type Compared<Op extends string, A extends Shape, D extends DType, B extends Shape, E extends DType> = [D & E] extends [never]
  ? DTypesDiffer<Op, D, E>
  : Equal<A, B> extends true
    ? PerExample<Op, A>
    : unequal<Op, A, B>

type Lead<Op extends string, S extends Shape> = S extends readonly [...infer B extends Shape, Dim]
  ? B
  : Rankless<S> extends true
    ? Shape
    : NeedsRank<Op, "1 or more", S>
type noLabels<
  Op extends string,
  S extends Shape,
  L extends Shape,
  E extends string,
> = `${Op}: logits ${Show<S>} want class indices of shape ${Show<S extends readonly [...infer B, unknown] ? B : S>}, or probabilities of shape ${Show<S>}, got ${E} ${Show<L>}; cast or reshape the labels`
/** [...b, c] and labels to [...b], or the sentence. */
type Labelled<Op extends string, S extends Shape, D extends DType, L extends Shape, E extends DType> =
  Lead<Op, S> extends infer B
    ? B extends Shape
      ? [E] extends [IntDType]
        ? Equal<B, L> extends true
          ? B
          : noLabels<Op, S, L, E>
        : [E & (D | IntDType)] extends [never]
          ? noLabels<Op, S, L, E>
          : [E] extends [D]
            ? Equal<S, L> extends true
              ? B
              : noLabels<Op, S, L, E>
            : B
      : B
    : never

const floatOnly = (op: string, x: RawTensor): void => {
  if (!isFloat(x.dtype)) refuse(needsFloat(op, x.dtype))
}
const compared = (op: string, a: RawTensor, b: RawTensor): void => {
  floatOnly(op, a)
  if (a.dtype !== b.dtype) refuse(dtypesDiffer(op, a.dtype, b.dtype))
  if (!same(a.shape, b.shape))
    refuse(`${op}: the prediction is ${show(a.shape)}, the target ${show(b.shape)}; they must have one shape`)
  if (a.shape.length === 0) refuse(needsRank(op, "1 or more", a.shape))
}
/** The mean over all axes but the first. */
const perExample = (x: RawTensor): RawTensor => (x.shape.length === 1 ? x : raw(mean(x, upto(x.shape.length).slice(1))))
/** Are the labels class indices? Refuses what fits neither way. */
const indices = (op: string, x: RawTensor, y: RawTensor): boolean => {
  floatOnly(op, x)
  if (x.shape.length === 0) refuse(needsRank(op, "1 or more", x.shape))
  const lead = x.shape.slice(0, -1)
  const whole = y.dtype === "i32" || y.dtype === "u32"
  if (whole ? same(y.shape, lead) : y.dtype === x.dtype && same(y.shape, x.shape)) return whole
  return refuse(
    `${op}: logits ${show(x.shape)} want class indices of shape ${show(lead)}, or probabilities of shape ${show(x.shape)}, got ${y.dtype} ${show(y.shape)}; cast or reshape the labels`,
  )
}

// ---- regression ----------------------------------------------------------------------------------------------------
/**
 * Squared error, averaged within each example: [n, ...s] and the same to [n].
 *
 * `l = mean over s of (prediction - target)^2`. Floats of one dtype. Refuses shapes that differ: nothing is broadcast here.
 * @example T.mean(Loss.mse(prediction, target))
 */
export function mse<A extends Shape, D extends DType, B extends Shape, E extends DType>(
  prediction: Or<FloatOnly<"mse", A, D>, Tensor<A, D>>,
  target: Or<Compared<"mse", A, D, B, E>, Tensor<B, E>>,
): Of<Also<FloatOnly<"mse", A, D>, Compared<"mse", A, D, B, E>>, D & E> {
  const [x, y] = [prediction as unknown as RawTensor, target as unknown as RawTensor]
  compared("mse", x, y)
  return perExample(raw(square(sub(x, y)))) as never
}

// ---- classification ------------------------------------------------------------------------------------------------
/**
 * Cross-entropy of the softmax of logits: [...b, c] and labels to [...b].
 *
 * Labels are class indices (i32 or u32, [...b]): `l = -log softmax(x)[label]`; or probabilities (of the logits' dtype, [...b,
 * c]): `l = -sum p log softmax(x)`, where p = 0 counts 0 even at a logit of -Infinity. Computed through logSoftmax, so that no
 * exponential
 * overflows. An index outside 0 .. c - 1 gives NaN. Refuses labels that fit neither way.
 * @example T.mean(Loss.softmaxCrossEntropy(logits, labels))
 */
export function softmaxCrossEntropy<S extends Shape, D extends DType, L extends Shape, E extends DType>(
  logits: Or<FloatOnly<"softmaxCrossEntropy", S, D>, Tensor<S, D>>,
  labels: Or<Labelled<"softmaxCrossEntropy", S, D, L, E>, Tensor<L, E>>,
): Of<Also<FloatOnly<"softmaxCrossEntropy", S, D>, Labelled<"softmaxCrossEntropy", S, D, L, E>>, D> {
  const [x, y] = [logits as unknown as RawTensor, labels as unknown as RawTensor]
  const byIndex = indices("softmaxCrossEntropy", x, y)
  const classes = x.shape.at(-1)!
  const logp = raw(logSoftmax(x, -1))
  const zero = raw(full([], 0, x.dtype))
  const terms = byIndex
    ? where(oneHot(y as Tensor<number[], "i32">, classes, "bool"), logp, zero)
    : where(equal(y, 0), zero, mul(y, logp))
  const l = raw(neg(raw(sum(raw(terms), -1))))
  if (!byIndex) return l as never
  const known = logicalAnd(raw(greaterEqual(y, 0)), raw(less(y, classes)))
  return where(known, l, full([], Number.NaN, x.dtype)) as never
}
/**
 * Cross-entropy of independent yes-or-no answers, averaged within each example: [n, ...s] and the same to [n].
 *
 * `l = mean over s of max(x, 0) - x y + log(1 + exp(-|x|))`, which is softplus(x) - x y: no exponential overflows, and the
 * derivative is sigmoid(x) - y everywhere, at 0 too. Targets y in [0, 1]. Floats of one dtype. Refuses shapes that differ.
 * @example T.mean(Loss.binaryCrossEntropyWithLogits(logits, targets))
 */
export function binaryCrossEntropyWithLogits<A extends Shape, D extends DType, B extends Shape, E extends DType>(
  logits: Or<FloatOnly<"binaryCrossEntropyWithLogits", A, D>, Tensor<A, D>>,
  targets: Or<Compared<"binaryCrossEntropyWithLogits", A, D, B, E>, Tensor<B, E>>,
): Of<Also<FloatOnly<"binaryCrossEntropyWithLogits", A, D>, Compared<"binaryCrossEntropyWithLogits", A, D, B, E>>, D & E> {
  const [x, y] = [logits as unknown as RawTensor, targets as unknown as RawTensor]
  compared("binaryCrossEntropyWithLogits", x, y)
  return perExample(raw(sub(raw(softplus(x)), raw(mul(x, y))))) as never
}
/**
 * 1 where the largest logit is at the label, else 0: [...b, c] and labels to [...b], in the logits' dtype. Not differentiable.
 *
 * Labels as for softmaxCrossEntropy; the first of equal logits counts as the largest.
 * @example T.mean(Loss.accuracy(logits, labels))
 */
export function accuracy<S extends Shape, D extends DType, L extends Shape, E extends DType>(
  logits: Or<FloatOnly<"accuracy", S, D>, Tensor<S, D>>,
  labels: Or<Labelled<"accuracy", S, D, L, E>, Tensor<L, E>>,
): Of<Also<FloatOnly<"accuracy", S, D>, Labelled<"accuracy", S, D, L, E>>, D> {
  const [x, y] = [logits as unknown as RawTensor, labels as unknown as RawTensor]
  const wanted = indices("accuracy", x, y) ? raw(cast(y, "i32")) : raw(argmax(y, -1))
  return cast(raw(equal(raw(argmax(x, -1)), wanted)), x.dtype) as never
}
