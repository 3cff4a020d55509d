// Pools over all of the spatial axes: reductions that read from the end.
import { type Calls, defineOp, emit, type OpDef, type RawTensor, upto } from "../core/index.ts"
import type { Sliders } from "../../typelevel/conv.ts"
import { drawImage, someImage } from "./_pool.ts"

/** The spatial axes of an image, from the end. */
const spatial = (n: number): number[] => upto(n).map((k) => k - n - 1)

export const globalPooling = (
  name: string,
  n: Sliders,
  onnx: string,
  fold: (x: RawTensor, axes: readonly number[]) => unknown,
): OpDef<null> =>
  defineOp<null>({
    name,
    spelling: { onnx },
    shape: ([x]) => ({ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1 - n), x!.shape.at(-1)!] }),
    expand: ([x]) => fold(x!, spatial(n)) as RawTensor,
  })
export const globalPoolCalls = (n: Sliders): Calls => ({
  examples: (g) => [drawImage(g, n)],
  refused: [
    (g) => [g.tensor([...upto(n - 1).map(() => 2), g.int(1, 5)])],
    (g) => [g.tensor([2, ...upto(n - 1).map(() => 3), 0, g.int(1, 3)])],
    (g) => [g.tensor([...upto(n).map(() => 2), 1], g.pick(["i32", "bool"]))],
  ],
})
export const globalPooled = <R>(op: OpDef<null>, n: Sliders, x: RawTensor): R & RawTensor => {
  someImage(op.name, n, x.shape)
  return emit(op, [x])
}
