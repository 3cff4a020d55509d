import {
  type AnyTensor,
  type Aval,
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
  raw,
  refuse,
} from "../core/index.ts"
import { batched, close } from "./_closure.ts"
import { fits, list, outsideIsConstant, type Results } from "./_custom.ts"
import { zeros } from "./zeros.ts"

interface Attrs {
  /** Parameters: the arguments, then what each function captured. Results of `forward`: those of f, then the residuals. */
  readonly primal: Program
  readonly forward: Program
  /** Parameters: the residuals, the cotangents of the results, then what it captured. Results: a cotangent for each float
   *  argument. */
  readonly backward: Program
  readonly args: number
  /** How many tensors f and fwd captured. */
  readonly captured: readonly [number, number]
}
/** Linear in its first `tans` inputs, of which only the adjoint is known. Further inputs: residuals and captured tensors. */
const pullback: OpDef<{
  readonly backward: Program
  readonly outs: readonly Aval[]
  readonly tans: number
  readonly residuals: number
}> = defineOp<{ readonly backward: Program; readonly outs: readonly Aval[]; readonly tans: number; readonly residuals: number }>({
  name: "customVjp",
  shape: (_, { outs }) => outs,
  expand: () => refuse("customVjp: only the reverse rule is known; use grad or vjp, or give a forward rule with customJvp"),
  transpose: ({ cts, ins, attrs: { backward, outs, tans, residuals } }) => {
    const rest = ins.slice(tans)
    const given = inline(backward, [
      ...rest.slice(0, residuals),
      ...outs.map((o, k) => dense(cts[k], o)),
      ...rest.slice(residuals),
    ])
    return ins.map((_, k) => given[k] ?? null)
  },
  batch: (b) =>
    makeAll(pullback, lift(b), {
      ...b.attrs,
      backward: batched(b.attrs.backward, b.n),
      outs: b.attrs.outs.map((o) => ({ shape: [b.n, ...o.shape], dtype: o.dtype })),
    }),
})
/** A composite with a reverse rule given by the caller: its tangent is a node whose transpose is that rule. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "customVjp",
  shape: (_, { primal }) => primal.outs.map(({ shape, dtype }) => ({ shape, dtype })),
  expand: (ins, { primal, args, captured }) => inline(primal, ins.slice(0, args + captured[0])),
  jvp: ({ ins, tans, outs, attrs: { forward, backward, args, captured } }) => {
    outsideIsConstant("customVjp", tans.slice(args))
    const xs = ins.slice(0, args)
    const from = args + captured[0]
    const all = inline(forward, [...xs, ...ins.slice(from, from + captured[1])])
    const residuals = all.slice(outs.length)
    const given = xs.flatMap((x, k) => (isFloat(x.dtype) ? [dense(tans[k], x)] : []))
    const like = outs.map(({ shape, dtype }) => ({ shape, dtype }))
    const linear = makeAll(pullback, [...given, ...residuals, ...ins.slice(from + captured[1])], {
      backward,
      outs: like,
      tans: given.length,
      residuals: residuals.length,
    })
    return { outs: all.slice(0, outs.length), tans: linear }
  },
  batch: (b) => {
    const { primal, forward, backward } = b.attrs
    return makeAll(op, lift(b), {
      ...b.attrs,
      primal: batched(primal, b.n),
      forward: batched(forward, b.n),
      backward: batched(backward, b.n),
    })
  },
})

/** Cotangents, one for each argument; null for one that has none. */
export type Cotangents<A extends readonly AnyTensor[]> = { readonly [K in keyof A]: AnyTensor | null }
/**
 * f with a reverse rule of its own.
 *
 * fwd takes f's arguments and gives [f's result, residuals]; bwd takes residuals and the cotangent of the result (an array of
 * them where f gives an array) and gives a cotangent for each argument. `vmap` keeps the rule; forward mode is refused with a
 * sentence. Refuses cotangents of other shapes or dtypes than the arguments, and the derivative with respect to a tensor that f
 * uses without having it as an argument.
 * @example customVjp((x: Tensor<[3]>) => x, (x) => [x, []], (_, ct) => [mul(ct, 0.1)]) // an identity that shrinks gradients
 */
export const customVjp =
  <A extends readonly AnyTensor[], R extends Results, const Kept extends readonly AnyTensor[]>(
    f: (...xs: A) => R,
    fwd: (...xs: A) => readonly [R, Kept],
    bwd: (residuals: Kept, ct: R) => Cotangents<A>,
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
      const forward = close((...ys) => {
        const [r, kept] = fwd(...(ys as readonly AnyTensor[] as A))
        fits("customVjp", "result", list(r), results)
        return [...list(r), ...kept]
      }, ins)
      const residuals = forward.program.outs.slice(results.length)
      const backward = close(
        (...all) => {
          const cts = all.slice(residuals.length)
          const given = bwd(
            all.slice(0, residuals.length) as readonly AnyTensor[] as Kept,
            (single ? cts[0] : cts) as unknown as R,
          )
          const wanted = ins.flatMap((x, k) => (isFloat(x.dtype) ? [{ x, c: given[k] }] : []))
          const found = wanted.map(({ x, c }) => (c ? raw(c) : zeros(x.shape, x.dtype)))
          fits(
            "customVjp",
            "cotangent",
            found,
            wanted.map(({ x }) => x),
          )
          return found
        },
        [...residuals, ...results],
      )
      const outs = makeAll(op, [...ins, ...primal.captured, ...forward.captured, ...backward.captured], {
        primal: primal.program,
        forward: forward.program,
        backward: backward.program,
        args: ins.length,
        captured: [primal.captured.length, forward.captured.length],
      })
      return (single ? outs[0]! : outs) as unknown as R
    })
