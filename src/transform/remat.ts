// Recomputation by hand: a function's intermediate values are not kept for its derivative but computed again. Griewank & Walther 2000,
// Algorithm 799: revolve; Chen et al. 2016, Training deep nets with sublinear memory cost.
import { batchProgram, jvpProgram } from "../core/interpret.ts"
import { inSession, makeAll } from "../core/make.ts"
import { linear } from "../core/makers.ts"
import { defineOp, type OpDef } from "../core/op.ts"
import { inline, trace } from "../core/program.ts"
import { type Program, type RawTensor, raw } from "../core/tensor.ts"
import { flatten, type TreeSpec, unflatten } from "../core/tree.ts"
import { close } from "../ops/_closure.ts"
import { barrier } from "../ops/barrier.ts"
import { type AnyFunction, pureOf } from "./call.ts"
import type { Source } from "./rules.ts"

/** Inputs: arguments, then what the function captured. */
const op: OpDef<{ readonly program: Program }> = defineOp<{ readonly program: Program }>({
  name: "remat",
  shape: (_, { program }) => program.outs.map(({ shape, dtype }) => ({ shape, dtype })),
  expand: (ins, { program }) => inline(program, ins),
  // The tangents' values come from the other side of the barrier: they equal none of the results' own, so neither are kept for the other.
  jvp: ({ ins, tans, outs, attrs: { program } }) => {
    const again = ins.map((x) => raw(barrier(x)))
    return { outs, tans: jvpProgram(program, again, tans).tans }
  },
  batch: ({ ins, on, n, attrs: { program } }) => {
    const batched = trace((...xs) => {
      const r = batchProgram(program, xs, on, n)
      return r.outs.map((t, k) => (r.on[k] ? t : linear().broadcastTo(t, [n, ...t.shape])))
    }, ins)
    return makeAll(op, ins, { program: batched })
  },
})
/** What `pure` is to a compiled function: a function of expressions. */
type Remat<F> = F extends { readonly pure: infer P } ? P : F

/**
 * The same function, whose derivative computes its intermediate values again instead of keeping them: of a call only arguments and results
 * stay in memory between the two passes. Values and derivatives are the same; a derivative takes one more evaluation.
 *
 * f is a function of trees of tensors, shaped or not, and its type stays: a chain of layers in `remat` keeps one activation a layer. In a
 * `scan` the intermediate values of each step are not stacked. Nests with itself, `grad`, `vmap` and `jit`. JAX `jax.checkpoint`.
 *
 * @example
 * const layer = remat((w: Tensor<[8, 8]>, x: Tensor<[4, 8]>) => T.tanh(T.matmul(x, w)))
 * grad((w: Tensor<[8, 8]>) => T.sum(layer(w, layer(w, T.ones([4, 8])))))(T.zeros([8, 8]))   // [8, 8]
 */
export function remat<F extends Source>(f: F): Remat<F> {
  const pure = pureOf(f as AnyFunction)
  const call = (...args: unknown[]): unknown =>
    inSession(() => {
      const { leaves, spec } = flatten(args)
      let result: TreeSpec | undefined
      const { program, captured } = close((...xs) => {
        const out = flatten(pure(...(unflatten(spec, xs) as unknown[])))
        result = out.spec
        return out.leaves
      }, leaves)
      const outs: readonly RawTensor[] = makeAll(op, [...leaves, ...captured], { program })
      return unflatten(result!, outs)
    })
  const { pure: _, ...kept } = f as { readonly pure?: unknown }
  return Object.assign(call, kept) as Remat<F>
}
