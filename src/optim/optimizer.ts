// An optimizer is pure: from gradients, its state and the parameters to new parameters and a new state. Its state is a tree:
// counters, and for each moment a tree like the parameters.
import { refuse } from "../core/errors.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { mapTree } from "../core/tree.ts"
import { add } from "../ops/add.ts"
import { cast } from "../ops/cast.ts"
import { full } from "../ops/full.ts"
import { type Rate, type Scalar, scheduleOf } from "./schedules.ts"

export type Count = Tensor<[], "i32">
/** Counters (i32 scalars: exact to 2^31 steps, on GPUs to 2^24) by name, and moments: trees like the parameters. */
export type OptimizerState<Moments extends string, Counters extends string, P> = {
  readonly [K in Moments | Counters]: K extends Counters ? Count : P
}
/** Methods, so that an optimizer with known moments is one with any. */
export interface Optimizer<Moments extends string = string, Counters extends string = string> {
  /** The state before the first step: counters 0, moments 0 (some: where said). */
  init<P>(params: P): OptimizerState<Moments, Counters, P>
  /** New parameters, and the state that goes with them. Trees of another structure are refused. */
  update<P>(grads: P, state: OptimizerState<Moments, Counters, P>, params: P): [P, OptimizerState<Moments, Counters, P>]
}

/** What a rule sees: one leaf at a time. */
export interface Leaf<Moments extends string> {
  readonly grad: RawTensor
  readonly param: RawTensor
  readonly path: string
  readonly moments: { readonly [M in Moments]: RawTensor }
  /** The learning rate of this step, in the parameter's dtype. */
  readonly lr: RawTensor
  /** Number of this step, from 1. */
  readonly t: Scalar
}
export interface Stepped<Moments extends string> {
  readonly param: unknown
  readonly moments: { readonly [M in Moments]: unknown }
}
export const zerosLike = <P>(params: P): P => mapTree(params, (x) => full(x.shape, 0, x.dtype))
export const counter = (): Count => full([], 0, "i32") as Count
export const next = (c: Count): Count => raw(add(raw(c), 1)) as RawTensor as unknown as Count
export const asFloat = (c: Count): Scalar => raw(cast(raw(c), "f32")) as RawTensor as unknown as Scalar

/** An optimizer from what happens to a leaf. */
export const leafwise = <Moments extends string>(
  names: readonly Moments[],
  lr: Rate,
  step: (leaf: Leaf<Moments>) => Stepped<Moments>,
): Optimizer<Moments, "step"> => {
  if (typeof lr === "number" && !(lr >= 0)) refuse(`optimizer: a learning rate of ${lr}; it must be 0 or more`)
  const schedule = scheduleOf(lr)
  return {
    init: <P>(params: P) =>
      Object.fromEntries([["step", counter()], ...names.map((m) => [m, zerosLike(params)] as const)]) as OptimizerState<
        Moments,
        "step",
        P
      >,
    update: <P>(grads: P, state: OptimizerState<Moments, "step", P>, params: P) => {
      const count = state["step"] as Count
      const done = next(count)
      const [rate, t] = [raw(schedule(asFloat(count))), asFloat(done)]
      const out = new Map<string, Stepped<Moments>>()
      const moved = mapTree(
        params,
        (param, path, grad, ...held) => {
          const moments = Object.fromEntries(names.map((m, k) => [m, held[k]!])) as Leaf<Moments>["moments"]
          const r = step({ grad: grad!, param, path, moments, lr: raw(cast(rate, param.dtype)), t })
          out.set(path, r)
          return r.param
        },
        grads,
        ...names.map((m) => state[m]),
      )
      const kept = names.map((m) => [m, mapTree(params, (_, path) => out.get(path)!.moments[m])] as const)
      return [moved, Object.fromEntries([["step", done], ...kept]) as OptimizerState<Moments, "step", P>]
    },
  }
}
/** The state of an optimizer O for parameters P. */
export type StateOf<O, P> = O extends Optimizer<infer M, infer C> ? OptimizerState<M, C, P> : never
