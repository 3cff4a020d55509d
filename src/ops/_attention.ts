// Attention as a program, for the op and for the layer, which drops some of the weights while it trains.
import { make, type RawTensor, raw } from "../core/index.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { add } from "./add.ts"
import { op as contract } from "./contract.ts"
import { greaterEqual } from "./greaterEqual.ts"
import { iota } from "./iota.ts"
import { mul } from "./mul.ts"
import { reshape } from "./reshape.ts"
import { op as softmax } from "./softmax.ts"
import { where } from "./where.ts"

export interface Attention {
  readonly causal: boolean
  readonly scale: number
}
/** q [B, t, h, d], k [B, s, g, d], v [B, s, g, e] and a mask that broadcasts to [B, h, t, s] give [B, t, h, e]; g divides h, and each
 *  head of k and v serves h / g of q. `change` sees the weights [B, g, h / g, t, s]. */
export const attend = (
  [q, k, v, mask]: readonly RawTensor[],
  { causal, scale }: Attention,
  change: (weights: RawTensor) => RawTensor = (w) => w,
): RawTensor => {
  const lead = q!.shape.slice(0, -3)
  const [t, h, d] = q!.shape.slice(-3) as [number, number, number]
  const [s, g, e] = v!.shape.slice(-3) as [number, number, number]
  const batch = lead.map((_, n) => String.fromCodePoint(65 + n))
  const query = raw(reshape(q!, [...lead, t, g, h === g ? 1 : h / g, d]))
  const labels = {
    a: [...batch, "t", "g", "r", "d"],
    b: [...batch, "s", "g", "d"],
    out: [...batch, "g", "r", "t", "s"],
  }
  let scores = raw(mul(make(contract, [query, k!], labels), scale))
  const lowest = -Infinity
  if (mask) {
    const own = raw(reshape(broadcastTo(mask, [...lead, h, t, s]), scores.shape))
    scores = raw(mask.dtype === "bool" ? where(own, scores, lowest) : add(scores, own))
  }
  if (causal) {
    const seen = greaterEqual(iota([t, s], 0), iota([t, s], 1))
    scores = raw(where(broadcastTo(seen, scores.shape), scores, lowest))
  }
  const weights = change(make(softmax, [scores], { axes: [scores.shape.length - 1] }))
  const out = make(contract, [weights, v!], { a: labels.out, b: [...batch, "s", "g", "e"], out: [...batch, "t", "g", "r", "e"] })
  return raw(reshape(out, [...lead, t, h, e]))
}
