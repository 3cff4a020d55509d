// Reverse mode: transpose of the linearised program. Baydin et al. 2018; Radul et al. 2023, "You only linearize once".
import { isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { backward, jvpProgram } from "../core/interpret.ts"
import { placeholder } from "../core/leaf.ts"
import { inSession } from "../core/make.ts"
import { dense } from "../core/makers.ts"
import { same, show } from "../core/shape.ts"
import type { Maybe, RawTensor } from "../core/tensor.ts"
import { flatten, paths, specKey, type TreeSpec, unflatten } from "../core/tree.ts"
import { full } from "../ops/full.ts"
import { traceTree, scalarOf } from "./call.ts"

interface Pulled {
  readonly outs: readonly RawTensor[]
  readonly result: TreeSpec
  /** Cotangents of the leaves of the differentiated arguments. */
  readonly pull: (cts: readonly Maybe[]) => RawTensor[]
}
/** Linearises f at args with respect to the leaves of the arguments `wrt`, and returns the transposed linear map. */
export const pullback = (
  op: string,
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  wrt: readonly number[],
): Pulled => {
  const plain = wrt.find((a) => typeof args[a] === "number")
  if (plain !== undefined)
    refuse(`${op}: argument ${plain} is a number; only tensors have gradients; full([], x) makes one of a number`)
  const { leaves, spec } = flatten(args)
  const names = paths(args)
  const active = leaves.map((t, k) => {
    const on = wrt.some((a) => names[k] === String(a) || names[k]!.startsWith(`${a}/`))
    if (on && !isFloat(t.dtype))
      refuse(
        `${op}: argument ${names[k]!.replace("/", ", leaf ")} is ${t.dtype}; only floating-point tensors have gradients; pass it as another argument`,
      )
    return on
  })
  const { program, result } = traceTree(f, spec, leaves)
  const seeds = leaves.map((t, k) => (active[k] ? placeholder(t) : null))
  const { outs, tans } = jvpProgram(program, leaves, seeds)
  const wanted = seeds.filter((t): t is RawTensor => t !== null)
  return { outs, result, pull: (cts) => backward(tans, cts, wanted).map((c, k) => dense(c, wanted[k]!)) }
}
/** The differentiated arguments with their leaves (those of all of them, in the order of the call) replaced. One argument: its tree;
 *  several: a list of trees, in the order asked for. */
const likeArgs = (args: readonly unknown[], wrt: number | readonly number[], leaves: readonly RawTensor[]): unknown => {
  const trees = new Map<number, unknown>()
  let at = 0
  for (const a of ([wrt].flat() as number[]).sort((p, q) => p - q)) {
    const { leaves: own, spec } = flatten(args[a])
    trees.set(a, unflatten(spec, leaves.slice(at, (at += own.length))))
  }
  return typeof wrt === "number" ? trees.get(wrt) : wrt.map((a) => trees.get(a))
}

export interface GradOptions {
  /** Which arguments to differentiate; default the first. */
  readonly argnums?: number | readonly number[]
  /** The function returns [scalar, more]; `more` is handed through. */
  readonly aux?: boolean
}
/** Untyped core of grad and valueAndGrad. */
export const valueAndGradOf =
  (op: string, f: (...args: unknown[]) => unknown, options: GradOptions) =>
  (...args: unknown[]): readonly [unknown, unknown] =>
    inSession(() => {
      const argnums = options.argnums ?? 0
      const wrt = [argnums].flat() as number[]
      for (const a of wrt)
        if (!Number.isInteger(a) || a < 0 || a >= args.length)
          refuse(`${op}: argnums ${a} is no argument of a call with ${args.length}; count from 0`)
      if (new Set(wrt).size < wrt.length) refuse(`${op}: argnums ${show(wrt)} names an argument twice; list each once`)
      const { outs, result, pull } = pullback(op, f, args, wrt)
      const value = unflatten(result, outs)
      const loss = options.aux ? (value as readonly unknown[])[0] : value
      const scalar = scalarOf(op, loss)
      if (typeof scalar === "string") return refuse(scalar)
      if (!isFloat(scalar.dtype))
        return refuse(`${op}: the function returns ${scalar.dtype}, which has no derivative; return a floating-point scalar`)
      const at = outs.indexOf(scalar)
      const cts = outs.map((_, k) => (k === at ? (full([], 1, scalar.dtype) as RawTensor) : null))
      return [value, likeArgs(args, argnums, pull(cts))] as const
    })
/** Untyped core of vjp. */
export const vjpOf = (
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
): readonly [unknown, (ct: unknown) => unknown] => {
  const all = args.map((_, k) => k)
  const { outs, result, pull } = inSession(() => pullback("vjp", f, args, all))
  const back = (ct: unknown): unknown =>
    inSession(() => {
      const given = flatten(ct)
      if (specKey(given.spec) !== specKey(result))
        refuse(
          "vjp: the cotangent has another structure than the function's result; give one tensor for each tensor of the result",
        )
      given.leaves.forEach((c, k) => {
        const y = outs[k]!
        const path = (): string => paths(ct)[k]!.replace(/^(?=.)/, " at ")
        if (!same(c.shape, y.shape) || c.dtype !== y.dtype)
          refuse(
            `vjp: the cotangent${path()} is ${c.dtype}${show(c.shape)}, the result is ${y.dtype}${show(y.shape)}; they must agree`,
          )
      })
      return likeArgs(args, all, pull(given.leaves))
    })
  return [unflatten(result, outs), back] as const
}
