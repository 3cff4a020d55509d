import type { Rule } from "../../typelevel/network.ts"
import { text } from "../core/shape.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { div } from "../ops/div.ts"
import { full } from "../ops/full.ts"
import { where } from "../ops/where.ts"
import * as Random from "../random/index.ts"
import { type Env, keyMissing, pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf } from "./layer.ts"
import { floats } from "./spec.ts"

export interface DropoutRule extends Rule {
  readonly Kind: "dropout"
  readonly Out: Floating<"dropout", this["In"], this["In"]>
  readonly Params: {}
  readonly State: {}
  readonly Needs: "Random"
}
type notARate<Op extends string, R extends number> = `${Op}: a rate of ${R}; it must be at least 0 and less than 1`
/** `[]` where R is in [0, 1), or the sentence. */
export type Rate<Op extends string, R extends number> = number extends R
  ? []
  : `${R}` extends "0" | `0.${string}` | `${number}e-${string}`
    ? `${R}` extends `-${string}`
      ? notARate<Op, R>
      : []
    : notARate<Op, R>
export const checkRate = (op: string, r: number): number =>
  typeof r === "number" && r >= 0 && r < 1 ? r : refuse(`${op}: a rate of ${text(r)}; it must be at least 0 and less than 1`)
/** x, of which a part is dropped while training. */
export const dropped = (x: RawTensor, rate: number, { train, key, path }: Env): RawTensor => {
  if (!train || rate === 0) return x
  const k = key ?? refuse(keyMissing)
  const kept = Random.bernoulli(Random.fold(k, path), 1 - rate, x.shape)
  return raw(where(raw(kept), raw(div(x, 1 - rate)), raw(full(x.shape, 0, x.dtype))))
}

/**
 * Puts zero in the place of each element with probability `rate`, and divides the others by 1 - rate: [...s] to [...s].
 *
 * Floats. Only while training, which then needs a key; otherwise the identity. Refuses rates outside [0, 1). Srivastava et al.
 * 2014.
 * @example Net.dropout(0.25)
 */
export const dropout = <const R extends number>(rate: Or<Rate<"dropout", R>, R>): Layer<DropoutRule> => {
  const r = checkRate("dropout", rate as number)
  return layerOf(
    "dropout",
    pureArrow(
      (s) => {
        floats("dropout", s)
        return s
      },
      (x, env) => dropped(x, r, env),
    ),
  )
}
