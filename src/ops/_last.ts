// Which of several updates of one place is the last.
import { defineOp, ir, make, type OpDef } from "../core/index.ts"

interface Attrs {
  /** How many places there are. */
  readonly size: number
  /** Leading axes that are batches. */
  readonly batch: number
}
/** For each place the number of the last index that names it, counted from 1; 0 where none does. i [B, I] gives [B, size], i32. A
 *  maximum of whole numbers is the same in every order, so that the choice does not depend on the backend. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "last",
  shape: ([j], { size, batch }) => ({ dtype: "i32", shape: [...j!.shape.slice(0, batch), size] }),
  store: ([j], { attrs: { size, batch }, ins }) => {
    const axes = ins[0]!.shape.map(ir.axis)
    const i = axes.map(ir.ix)
    const number = ir.plus(ir.flat(i.slice(batch), ins[0]!.shape.slice(batch)), 1)
    return {
      init: ir.num(0, "i32"),
      axes,
      at: [...i.slice(0, batch), ir.dyn(j!(i), size)],
      value: ir.idx(number, "i32"),
      accumulate: "max",
    }
  },
  jvp: "none",
  batch: ({ ins, attrs }) => make(op, ins, { ...attrs, batch: attrs.batch + 1 }),
})
