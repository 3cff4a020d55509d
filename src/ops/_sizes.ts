// Shapes given by the caller.
import type { Shape } from "../../typelevel/shape.ts"
import { refuse } from "../core/index.ts"
import { notASize } from "../core/messages.ts"

export const checkSizes = (op: string, shape: Shape): readonly number[] => {
  for (const n of shape) if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) refuse(notASize(op, n))
  return [...(shape as readonly number[])]
}
