// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3), on expressions.
import { ir } from "../core/index.ts"
import { add } from "../scalar/add.ts"
import { or } from "../scalar/or.ts"
import { shl } from "../scalar/shl.ts"
import { shr } from "../scalar/shr.ts"
import { xor } from "../scalar/xor.ts"

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const
const u32 = (v: number): ir.Expr => ir.num(v, "u32")
const rotate = (x: ir.Expr, by: number): ir.Expr => ir.call(or, [ir.call(shl, [x, u32(by)]), ir.call(shr, [x, u32(32 - by)])])

/** The counter (c0, c1) enciphered under the key (k0, k1). All u32. */
export const cipher = (k0: ir.Expr, k1: ir.Expr, c0: ir.Expr, c1: ir.Expr): readonly [ir.Expr, ir.Expr] => {
  // The third word is a parity; its constant keeps the schedule from being all zeros.
  const schedule = [k0, k1, ir.call(xor, [ir.call(xor, [k0, k1]), u32(0x1bd11bda)])]
  let x0 = ir.call(add, [c0, k0])
  let x1 = ir.call(add, [c1, k1])
  for (let group = 0; group < 5; group++) {
    for (const by of rotations[group % 2]!) {
      x0 = ir.call(add, [x0, x1])
      x1 = ir.call(xor, [rotate(x1, by), x0])
    }
    x0 = ir.call(add, [x0, schedule[(group + 1) % 3]!])
    x1 = ir.call(add, [x1, ir.call(add, [schedule[(group + 2) % 3]!, u32(group + 1)])])
  }
  return [x0, x1]
}
