// vmap: a function of one example as a function of a batch. The batch moves to axis 0 inside, which costs nothing: index maps.
import { refuse } from "../core/errors.ts"
import { batchProgram } from "../core/interpret.ts"
import { inSession } from "../core/make.ts"
import { linear } from "../core/makers.ts"
import { axisOf, show } from "../core/shape.ts"
import type { RawTensor } from "../core/tensor.ts"
import { flatten, unflatten } from "../core/tree.ts"
import { moveAxis } from "../ops/moveAxis.ts"
import { traceTree } from "./call.ts"
import type { InAxes } from "./rules.ts"

/** The axis of each argument, where one is given for all or a list with one for each; refused where none is batched. */
export const axesFor = (inAxes: InAxes, count: number): readonly (number | null)[] => {
  const axes = typeof inAxes === "object" && inAxes !== null ? inAxes : Array.from({ length: count }, () => inAxes)
  if (axes.length !== count) refuse(`vmap: ${axes.length} axes for ${count} arguments; give one axis, or null, for each argument`)
  return axes.some((a) => a !== null) ? axes : refuse("vmap: no argument is batched; give at least one axis")
}
/** Untyped core of vmap. `inAxes`: one for all arguments, or a list with one for each. */
export const vmapOf =
  (f: (...args: unknown[]) => unknown, inAxes: InAxes, outAxis: number) =>
  (...args: unknown[]): unknown =>
    inSession(() => {
      const perArg = axesFor(inAxes, args.length)
      const axisOfLeaf = args.flatMap((a, k) => flatten(a).leaves.map(() => perArg[k]!))
      const { leaves, spec } = flatten(args)
      let n: number | undefined
      const ins = leaves.map((x, k): RawTensor => {
        const a = axisOfLeaf[k]
        if (a === null || a === undefined) return x
        if (x.shape.length === 0) return refuse("vmap: an argument of shape [] has no axis to map over; give null as its axis")
        const at = axisOf("vmap", x.shape, a)
        if (n !== undefined && n !== x.shape[at])
          refuse(
            `vmap: batch sizes differ: ${n} and ${x.shape[at]} (axis ${a} of ${show(x.shape)}); batched arguments must agree`,
          )
        n = x.shape[at]!
        return moveAxis(x, at, 0) as RawTensor
      })
      if (n === undefined) return refuse("vmap: no argument is batched; give at least one axis")
      const size = n
      const on = axisOfLeaf.map((a) => a !== null)
      const { program, result } = traceTree(
        f,
        spec,
        ins.map((x, k) => (on[k] ? { shape: x.shape.slice(1), dtype: x.dtype } : x)),
      )
      const r = batchProgram(program, ins, on, size)
      const outs = r.outs.map((y, k) => {
        const full = r.on[k] ? y : linear().broadcastTo(y, [size, ...y.shape])
        return moveAxis(full, 0, axisOf("vmap", full.shape, outAxis))
      })
      return unflatten(result, outs)
    })
