// Learning rates over time: pure functions from the step (an f32 scalar that counts from 0) to the rate. They compose: `warmup`
// and `join` take schedules.
import { refuse } from "../core/errors.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { cos } from "../ops/cos.ts"
import { floor } from "../ops/floor.ts"
import { full } from "../ops/full.ts"
import { less } from "../ops/less.ts"
import { minimum } from "../ops/minimum.ts"
import { mul } from "../ops/mul.ts"
import { pow } from "../ops/pow.ts"
import { where } from "../ops/where.ts"

export type Scalar = Tensor<[]>
export type Schedule = (step: Scalar) => Scalar
/** A number is the constant schedule. */
export type Rate = number | Schedule

const scalar = (t: unknown): Scalar => raw(t as RawTensor) as RawTensor as Scalar
export const scheduleOf = (rate: Rate): Schedule => (typeof rate === "number" ? constant(rate) : rate)
const steps = (op: string, n: number): number =>
  Number.isSafeInteger(n) && n >= 1 ? n : refuse(`${op}: ${n} steps; it must be a whole number of 1 or more`)

/** Always `rate`. */
export const constant =
  (rate: number): Schedule =>
  () =>
    scalar(full([], rate))
/**
 * lr * factor^floor(step / every). (Half a step is added before dividing: no rounding can then miss a whole number.)
 * @example Optim.step({ lr: 0.1, every: 1000, factor: 0.5 })
 */
export const step = ({
  lr,
  every,
  factor,
}: {
  readonly lr: number
  readonly every: number
  readonly factor: number
}): Schedule => {
  const n = steps("step", every)
  return (t) => scalar(mul(pow(factor, floor(mul(add(t, 0.5), 1 / n))), lr))
}
/** A rate that falls from lr to `to` (default 0) in so many steps. */
export interface Fall {
  readonly lr: number
  readonly steps: number
  readonly to?: number
}
/**
 * From `lr` at step 0 to `to` (default 0) at step `steps`, in a straight line; `to` from there on.
 * @example Optim.linear({ lr: 1e-3, steps: 10_000 })
 */
export const linear = ({ lr, steps: n, to = 0 }: Fall): Schedule => {
  steps("linear", n)
  return (t) => scalar(add(mul(minimum(mul(t, 1 / n), 1), to - lr), lr))
}
/**
 * to + (lr - to) (1 + cos(pi step / steps)) / 2, and `to` (default 0) from `steps` on. Loshchilov and Hutter 2016, SGDR.
 * @example Optim.cosine({ lr: 1e-3, steps: 10_000 })
 */
export const cosine = ({ lr, steps: n, to = 0 }: Fall): Schedule => {
  steps("cosine", n)
  return (t) => scalar(add(mul(add(cos(mul(minimum(mul(t, 1 / n), 1), Math.PI)), 1), (lr - to) / 2), to))
}
/**
 * For the first n steps rises in a straight line to what `then` begins with, (step + 1) / (n + 1) of it at step `step`; then
 * `then`, from its own step 0. Goyal et al. 2017.
 * @example Optim.warmup(500, Optim.cosine({ lr: 1e-3, steps: 9_500 }))
 */
export const warmup = (n: number, then: Rate): Schedule => {
  steps("warmup", n)
  const after = scheduleOf(then)
  return join([{ steps: n, rate: (t) => scalar(mul(mul(add(t, 1), 1 / (n + 1)), after(scalar(full([], 0))))) }], after)
}
/**
 * Schedules one behind the other, each counting from 0: every part lasts its number of steps, the last goes on.
 * @example Optim.join([{ steps: 100, rate: 1e-3 }], 1e-4)
 */
export const join = (parts: readonly { readonly steps: number; readonly rate: Rate }[], last: Rate): Schedule => {
  for (const p of parts) steps("join", p.steps)
  return (t) => {
    let from = 0
    const ranges = parts.map(({ steps: n, rate }) => {
      const range = { from, to: from + n, rate: scheduleOf(rate) }
      from += n
      return range
    })
    const tail = scheduleOf(last)(scalar(add(t, -from)))
    return ranges.reduceRight<Scalar>((rest, r) => scalar(where(less(t, r.to), r.rate(scalar(add(t, -r.from))), rest)), tail)
  }
}
