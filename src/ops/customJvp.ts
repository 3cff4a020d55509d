import {
  type AnyTensor,
  defineOp,
  dense,
  inline,
  inSession,
  isFloat,
  lift,
  makeAll,
  type OpDef,
  type Program,
  type RawTensor,
} from "../core/index.ts"
import { batched, close } from "./_closure.ts"
import { fits, list, outsideIsConstant, type Results } from "./_custom.ts"
import { zeros } from "./zeros.ts"

interface Attrs {
  /** Parameters: the arguments, then what the function captured. */
  readonly primal: Program
  /** Parameters: the arguments, the tangents of the floating-point ones, the results, then what the rule captured. */
  readonly rule: Program
  readonly args: number
  readonly captured: number
}
/** A composite with a forward rule given by the caller. Both are programs, so that batching batches the rule too. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "customJvp",
  shape: (_, { primal }) => primal.outs.map(({ shape, dtype }) => ({ shape, dtype })),
  expand: (ins, { primal, args, captured }) => inline(primal, ins.slice(0, args + captured)),
  jvp: ({ ins, tans, outs, attrs: { rule, args, captured } }) => {
    outsideIsConstant("customJvp", tans.slice(args))
    const given = ins.slice(0, args).flatMap((x, k) => (isFloat(x.dtype) ? [dense(tans[k], x)] : []))
    return { outs, tans: inline(rule, [...ins.slice(0, args), ...given, ...outs, ...ins.slice(args + captured)]) }
  },
  batch: (b) => makeAll(op, lift(b), { ...b.attrs, primal: batched(b.attrs.primal, b.n), rule: batched(b.attrs.rule, b.n) }),
})

export interface JvpRule<A extends readonly AnyTensor[], R extends Results> {
  readonly ins: A
  /** One for each argument; zeros where there is none. The result must be linear in them. */
  readonly tans: A
  readonly out: R
}
/**
 * f with a forward rule of its own: the tangent of its result is what `rule` gives.
 *
 * f takes tensors and gives a tensor, or an array of them; the rule gets arguments, tangents and result, and gives the tangent
 * of the result. Reverse mode is its transpose, `vmap` keeps it. Refuses a tangent of another shape or dtype than the result,
 * and the derivative with respect to a tensor that f uses without having it as an argument.
 * @example customJvp((x: Tensor<[3]>) => abs(x), ({ ins: [x], tans: [t] }) => mul(t, tanh(mul(x, 10))))
 */
export const customJvp =
  <A extends readonly AnyTensor[], R extends Results>(
    f: (...xs: A) => R,
    rule: (args: JvpRule<A, R>) => Results,
  ): ((...xs: A) => R) =>
  (...xs) =>
    inSession(() => {
      const ins = xs as readonly AnyTensor[] as readonly RawTensor[]
      let single = true
      const call = (...ys: RawTensor[]): RawTensor[] => {
        const r = f(...(ys as readonly AnyTensor[] as A))
        single = !Array.isArray(r)
        return list(r)
      }
      const primal = close(call, ins)
      const results = primal.program.outs
      const floats = ins.filter((x) => isFloat(x.dtype))
      const tangents = (...all: RawTensor[]): RawTensor[] => {
        let next = ins.length
        const tans = ins.map((x) => (isFloat(x.dtype) ? all[next++]! : zeros(x.shape, x.dtype)))
        const outs = all.slice(next)
        const given = { ins: all.slice(0, ins.length), tans, out: single ? outs[0] : outs }
        const dy = list(rule(given as unknown as JvpRule<A, R>))
        fits("customJvp", "tangent", dy, results)
        return dy
      }
      const derivative = close(tangents, [...ins, ...floats, ...results])
      const outs = makeAll(op, [...ins, ...primal.captured, ...derivative.captured], {
        primal: primal.program,
        rule: derivative.program,
        args: ins.length,
        captured: primal.captured.length,
      })
      return (single ? outs[0]! : outs) as unknown as R
    })
