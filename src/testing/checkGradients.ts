// Derivatives against finite differences, in float64.
import { evaluate, evaluator } from "../backends/reference/index.ts"
import { isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { show, size, upto } from "../core/shape.ts"
import { flatten, paths } from "../core/tree.ts"
import { type AnyFunction, pureOf, traceTree } from "../transform/call.ts"
import { uniform } from "./gen.ts"
import { floatsOf, jvpOf, vjpOf } from "./programs.ts"

export interface CheckOptions {
  /** Largest allowed error, relative to 1 + |derivative|. Default 1e-6. */
  readonly tolerance?: number
  /** Step of the finite difference, relative to max(1, |x|). Default 1e-4: the error of the five-point formula is of the order of
   *  step^4, its rounding error 1e-12. */
  readonly step?: number
  /** At most this many elements of each argument are checked, evenly spread. Default 64. */
  readonly elements?: number
  /** Of the random cotangent. Default 1. */
  readonly seed?: number
}
/** A derivative that the finite difference contradicts. */
export class GradientMismatch extends Error {
  readonly _tag = "GradientMismatch"
  override readonly name = "GradientMismatch"
  readonly rule: "jvp" | "vjp"
  /** Path of the argument, "0/kernel", and the index of its element. */
  readonly argument: string
  readonly element: readonly number[]
  readonly got: number
  readonly expected: number
  constructor(rule: "jvp" | "vjp", argument: string, element: readonly number[], got: number, expected: number) {
    super(
      `checkGradients: argument ${argument}, element ${show(element)}: ${rule} gives ${got}, the finite difference ${expected}; check the rule, or keep the arguments away from kinks`,
    )
    this.rule = rule
    this.argument = argument
    this.element = element
    this.got = got
    this.expected = expected
  }
}
/** The derivative of t -> f(t) at 0 by the five-point formula: error h^4 f^(5) / 30. */
export const difference = (f: (t: number) => Float64Array, h: number): Float64Array => {
  const [a, b, c, d] = [f(-2 * h), f(-h), f(h), f(2 * h)] as const
  return a.map((v, k) => (8 * (c[k]! - b[k]!) - (d[k]! - v)) / (12 * h))
}
const indexOf = (flat: number, shape: readonly number[]): number[] => {
  const out: number[] = []
  let rest = flat
  for (const n of [...shape].reverse()) {
    out.unshift(rest % n)
    rest = Math.floor(rest / n)
  }
  return out
}
const unit = (n: number, k: number): Float64Array => {
  const e = new Float64Array(n)
  e[k] = 1
  return e
}
const close = (got: number, want: number, tolerance: number): boolean =>
  Math.abs(got - want) <= tolerance * (1 + Math.abs(want)) || Object.is(got, want)

/**
 * Checks forward and reverse derivatives of f at `args` against central finite differences, element by element, in float64.
 *
 * Arguments are trees of closed tensors; every float leaf is checked, against every float output. Throws GradientMismatch, which names
 * the argument and the element, and ShapeError if nothing has a derivative.
 * @example checkGradients((x, w) => T.tanh(T.matmul(x, w)), [x, w])
 */
export const checkGradients = <A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckOptions = {},
): void => {
  const { tolerance = 1e-6, step = 1e-4, elements = 64, seed = 1 } = options
  const { leaves, spec } = flatten(args)
  const names = paths(args)
  const { program } = traceTree(pureOf(f as AnyFunction), spec, leaves)
  const active = floatsOf(leaves)
  const outs = program.outs.flatMap((t, k) => (isFloat(t.dtype) ? [k] : []))
  if (!active.includes(true) || outs.length === 0)
    refuse("checkGradients: no floating-point argument, or no floating-point result; there is nothing to check")
  const x = evaluate(leaves)
  const value = evaluator(program)
  const forward = evaluator(jvpOf(program))
  const reverse = evaluator(vjpOf(program))
  const next = uniform(seed)
  const cts = outs.map((k) => Float64Array.from({ length: size(program.outs[k]!.shape) }, () => 2 * next() - 1))
  const pulled = reverse([...x, ...cts])
  const at = leaves.flatMap((_, k) => (active[k] ? [k] : []))
  const joined = (ys: readonly Float64Array[]): Float64Array => Float64Array.from(ys.flatMap((y) => [...y]))
  const weights = joined(cts)
  at.forEach((arg, j) => {
    const n = x[arg]!.length
    const some = n <= elements ? upto(n) : upto(elements).map((k) => Math.floor((k * n) / elements))
    for (const e of some) {
      const element = indexOf(e, leaves[arg]!.shape)
      const h = step * Math.max(1, Math.abs(x[arg]![e]!))
      const moved = (t: number): Float64Array => {
        const y = value(x.map((v, k) => (k === arg ? v.map((w, i) => (i === e ? w + t : w)) : v)))
        return joined(outs.map((k) => y[k]!))
      }
      const want = difference(moved, h)
      const column = joined(
        forward([...x, ...at.map((k) => (k === arg ? unit(n, e) : new Float64Array(x[k]!.length)))]).slice(program.outs.length),
      )
      column.forEach((got, k) => {
        if (!close(got, want[k]!, tolerance)) throw new GradientMismatch("jvp", names[arg]!, element, got, want[k]!)
      })
      const expected = want.reduce((s, d, k) => s + d * weights[k]!, 0)
      if (!close(pulled[j]![e]!, expected, tolerance))
        throw new GradientMismatch("vjp", names[arg]!, element, pulled[j]![e]!, expected)
    }
  })
}
