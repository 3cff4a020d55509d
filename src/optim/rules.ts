// Update rules. In all of them g is the gradient, p the parameter, t the number of the step from 1. Defaults are PyTorch's, where
// it has one.
import { refuse } from "../core/errors.ts"
import type { RawTensor } from "../core/tensor.ts"
import { raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { cast } from "../ops/cast.ts"
import { div } from "../ops/div.ts"
import { expm1 } from "../ops/expm1.ts"
import { mul } from "../ops/mul.ts"
import { neg } from "../ops/neg.ts"
import { rsqrt } from "../ops/rsqrt.ts"
import { sqrt } from "../ops/sqrt.ts"
import { square } from "../ops/square.ts"
import { sub } from "../ops/sub.ts"
import { leafwise, type Optimizer } from "./optimizer.ts"
import type { Rate, Scalar } from "./schedules.ts"

export interface RateOption {
  /** A number, or a schedule: a function of the step. */
  readonly lr?: Rate
}
const fraction = (op: string, name: string, v: number): number =>
  v >= 0 && v < 1 ? v : refuse(`${op}: ${name} is ${v}; it must be at least 0 and less than 1`)
/** a old + (1 - a) now */
const mixed = (old: RawTensor, now: unknown, a: number): RawTensor => raw(add(mul(old, a), mul(now as RawTensor, 1 - a)))
const descended = (p: RawTensor, lr: RawTensor, direction: unknown): RawTensor => raw(sub(p, mul(direction as RawTensor, lr)))

/**
 * Stochastic gradient descent: p - lr g. Default lr 1e-3. Robbins and Monro 1951.
 * @example Optim.sgd({ lr: 0.1 })
 */
export const sgd = ({ lr = 1e-3 }: RateOption = {}): Optimizer<never, "step"> =>
  leafwise<never>([], lr, (l) => ({ param: descended(l.param, l.lr, l.grad), moments: {} }))

export interface MomentumOptions extends RateOption {
  /** How much of the velocity stays at each step. Default 0.9. */
  readonly momentum?: number
}
/**
 * Heavy ball: v = m v + g, p - lr v. Defaults lr 1e-3, momentum 0.9. Polyak 1964.
 * @example Optim.momentum({ lr: 0.01 })
 */
export const momentum = ({ lr = 1e-3, momentum: m = 0.9 }: MomentumOptions = {}): Optimizer<"velocity", "step"> => {
  fraction("momentum", "momentum", m)
  return leafwise(["velocity"], lr, (l) => {
    const v = raw(add(mul(l.moments.velocity, m), l.grad))
    return { param: descended(l.param, l.lr, v), moments: { velocity: v } }
  })
}
/**
 * Nesterov's accelerated gradient, as a gradient at the current parameters: v = m v + g, p - lr (g + m v). Defaults lr 1e-3,
 * momentum 0.9. Sutskever et al. 2013.
 * @example Optim.nesterov({ lr: 0.01 })
 */
export const nesterov = ({ lr = 1e-3, momentum: m = 0.9 }: MomentumOptions = {}): Optimizer<"velocity", "step"> => {
  fraction("nesterov", "momentum", m)
  return leafwise(["velocity"], lr, (l) => {
    const v = raw(add(mul(l.moments.velocity, m), l.grad))
    return { param: descended(l.param, l.lr, add(l.grad, mul(v, m))), moments: { velocity: v } }
  })
}
export interface RmspropOptions extends RateOption {
  /** How much of the mean square stays at each step. Default 0.99. */
  readonly decay?: number
  /** Added to the root. Default 1e-8. */
  readonly epsilon?: number
}
/**
 * v = a v + (1 - a) g^2, p - lr g / (sqrt(v) + epsilon). Defaults lr 1e-2, decay 0.99, epsilon 1e-8. Tieleman and Hinton 2012.
 * @example Optim.rmsprop({ lr: 1e-3 })
 */
export const rmsprop = ({ lr = 1e-2, decay = 0.99, epsilon = 1e-8 }: RmspropOptions = {}): Optimizer<"square", "step"> => {
  fraction("rmsprop", "decay", decay)
  return leafwise(["square"], lr, (l) => {
    const v = mixed(l.moments.square, square(l.grad), decay)
    return { param: descended(l.param, l.lr, div(l.grad, add(sqrt(v), epsilon))), moments: { square: v } }
  })
}

export interface AdamOptions extends RateOption {
  /** How much of the mean of gradients stays at each step. Default 0.9. */
  readonly beta1?: number
  /** How much of the mean of their squares stays. Default 0.999. */
  readonly beta2?: number
  /** Added to the root. Default 1e-8. */
  readonly epsilon?: number
}
export interface AdamWOptions extends AdamOptions {
  /** The rate at which parameters decay, times lr. Default 0.01. */
  readonly weightDecay?: number
  /** Which leaves decay, by path ("dense_1/kernel"). Default: all. */
  readonly mask?: (path: string) => boolean
}
/** 1 - b^t, by expm1: 1 - 0.999 in f32 would have a relative error of 3e-5. */
const correction = (b: number, t: Scalar): RawTensor => raw(neg(expm1(mul(raw(t), Math.log(b)))))
const adamLike = (
  op: string,
  { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  decayOf: (path: string) => number,
) => {
  fraction(op, "beta1", beta1)
  fraction(op, "beta2", beta2)
  return leafwise(["mean", "square"], lr, (l) => {
    const m = mixed(l.moments.mean, l.grad, beta1)
    const v = mixed(l.moments.square, square(l.grad), beta2)
    // both corrections act on scalars: one division is left per element
    const [c1, c2] = [correction(beta1, l.t), correction(beta2, l.t)].map((c) => raw(cast(c, l.param.dtype))) as [
      RawTensor,
      RawTensor,
    ]
    const direction = raw(div(m, add(mul(sqrt(v), rsqrt(c2)), epsilon)))
    const decay = decayOf(l.path)
    const kept = decay === 0 ? l.param : raw(sub(l.param, mul(l.param, mul(l.lr, decay))))
    return { param: descended(kept, raw(div(l.lr, c1)), direction), moments: { mean: m, square: v } }
  })
}
/**
 * m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
 *
 * Defaults lr 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-8. Kingma and Ba 2015.
 * @example Optim.adam({ lr: Optim.warmup(100, 1e-3) })
 */
export const adam = (options: AdamOptions = {}): Optimizer<"mean" | "square", "step"> => adamLike("adam", options, () => 0)
/**
 * Adam with decoupled weight decay: p - lr (direction of Adam + weightDecay p). Defaults as Adam, weightDecay 0.01. Loshchilov
 * and Hutter 2019.
 * @example Optim.adamW({ lr: 3e-4, mask: (path) => path.endsWith("/kernel") })
 */
export const adamW = ({
  weightDecay = 0.01,
  mask = () => true,
  ...rest
}: AdamWOptions = {}): Optimizer<"mean" | "square", "step"> => {
  if (!(weightDecay >= 0)) refuse(`adamW: a weight decay of ${weightDecay}; it must be 0 or more`)
  return adamLike("adamW", rest, (path) => (mask(path) ? weightDecay : 0))
}
