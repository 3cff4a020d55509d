import type { Plain } from "../../typelevel/network.ts"
import { softmax as op, type SoftmaxRule } from "../ops/softmax.ts"
import { refuse } from "../core/errors.ts"
import { axisOutside } from "../core/messages.ts"
import { raw } from "../core/tensor.ts"
import { pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf, type Same, type ShapeIn } from "./layer.ts"
import { floats } from "./spec.ts"

export interface SoftmaxLayerRule extends Plain {
  readonly Kind: "softmax"
  readonly Out: Floating<"softmax", this["In"], Same<SoftmaxRule<ShapeIn<this["In"]>, -1>, this["In"]>>
}
/** Positive numbers that sum to 1 along the last axis: [..., n] to [..., n]. Floats. Refuses scalars. Bridle 1990. */
export const softmax: Layer<SoftmaxLayerRule> = layerOf(
  "softmax",
  pureArrow(
    (s) => {
      floats("softmax", s)
      if (s.shape.length === 0) refuse(axisOutside("softmax", s.shape, -1))
      return s
    },
    (x) => raw(op(x)),
  ),
)
