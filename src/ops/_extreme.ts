// The derivative that max and min share: y = max x, dy = mean of dx over the places where x = y. Ties share it equally.
import type { JvpArgs } from "../core/index.ts"
import { spread } from "./_axes.ts"
import type { Over } from "./_reduction.ts"
import { cast } from "./cast.ts"
import { div } from "./div.ts"
import { equal } from "./equal.ts"
import { mul } from "./mul.ts"
import { sum } from "./sum.ts"

export const extremeJvp = ({ ins: [x], tans: [t], out, attrs: { axes } }: JvpArgs<Over>) => {
  if (!t) return null
  const at = cast(equal(x!, spread(out, x!.shape, axes)), x!.dtype)
  return div(sum(mul(t, at), axes), sum(at, axes))
}
