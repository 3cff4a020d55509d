import type { Plain } from "../../typelevel/network.ts"
import type { needsRank } from "../../typelevel/messages.ts"
import type { Option } from "../../typelevel/rule.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { mul } from "../ops/mul.ts"
import { pad } from "../ops/pad.ts"
import { pow } from "../ops/pow.ts"
import { square } from "../ops/square.ts"
import { sum } from "../ops/sum.ts"
import { windows } from "../ops/windows.ts"
import { pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf, type Positive, positive, rankOfAtLeast, type ShapeIn, numberIn } from "./layer.ts"
import { floats } from "./spec.ts"

export interface ResponseOptions {
  /** How many neighbouring channels are summed over, the one itself among them. Default 5. */
  readonly size?: number
  /** The factor of the sum of squares. Default 1e-4. */
  readonly alpha?: number
  /** The exponent. Default 0.75. */
  readonly beta?: number
  /** Added to the sum. Default 2. */
  readonly k?: number
}
type notPositiveNumber<Field extends string, V extends number> = `localResponseNorm: ${Field} is ${V}; it must be more than 0`
/** `[]`, or the sentence. */
type Valid<O> =
  Positive<"localResponseNorm", "size", Option<O, "size", 5, number> & number> extends infer M
    ? M extends string
      ? M
      : Option<O, "k", 2, number> extends infer K extends number
        ? `${K}` extends "0" | `-${string}`
          ? notPositiveNumber<"k", K>
          : []
        : []
    : never
export interface LocalResponseNormRule extends Plain {
  readonly Kind: "localResponseNorm"
  readonly Out: Floating<
    "localResponseNorm",
    this["In"],
    ShapeIn<this["In"]> extends readonly [] ? needsRank<"localResponseNorm", "1 or more", []> : this["In"]
  >
}

/**
 * Each channel divided by a power of its neighbours' sum of squares: y = x / (k + alpha sum x'^2)^beta, over `size` channels around
 * x's own. [..., channels] to [..., channels].
 *
 * Floats. The defaults are the paper's: size 5, alpha 1e-4, beta 0.75, k 2. (PyTorch divides alpha by the size, and has k = 1.) Of an
 * even size one more channel is below than above. Refuses scalars. Krizhevsky et al. 2012, ImageNet classification.
 * @example Net.localResponseNorm({ size: 5, k: 1 })
 */
export const localResponseNorm = <const O extends ResponseOptions = {}>(
  options?: Or<Valid<O>, O>,
): Layer<LocalResponseNormRule> => {
  const {
    size = 5,
    alpha = 1e-4,
    beta = 0.75,
    k = 2,
  } = optionsIn<ResponseOptions>("localResponseNorm", options, ["size", "alpha", "beta", "k"])
  for (const [field, v] of Object.entries({ alpha, beta, k })) numberIn("localResponseNorm", field, v)
  positive("localResponseNorm", "size", size)
  if (!(k > 0)) refuse(`localResponseNorm: k is ${k}; it must be more than 0`)
  const below = Math.floor(size / 2)
  const neighbours = (x: RawTensor): RawTensor => {
    const widths = x.shape.map((_, axis) => (axis === x.shape.length - 1 ? ([below, size - 1 - below] as const) : 0))
    return raw(sum(windows(raw(pad(square(x), widths)), -1, size), -1))
  }
  return layerOf(
    "localResponseNorm",
    pureArrow(
      (s) => {
        floats("localResponseNorm", s)
        rankOfAtLeast("localResponseNorm", 1, s)
        return s
      },
      (x) => raw(mul(x, pow(add(k, mul(alpha, neighbours(x))), -beta))),
    ),
  )
}
