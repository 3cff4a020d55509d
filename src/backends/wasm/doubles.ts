// float64 is here for checking: its code is loaded with the first program that has it. Before that, this is asked.
import { type Kernel, visit } from "../../core/ir/index.ts"

export type Doubles = typeof import("./f64.ts")
/** Does the kernel touch float64? */
export const hasDoubles = (k: Kernel): boolean => {
  let any = k.out.dtype === "f64"
  visit(k.value, (x) => void (any ||= x.dtype === "f64"))
  return any
}
export const loadDoubles = (): Promise<Doubles> => import("./f64.ts")
