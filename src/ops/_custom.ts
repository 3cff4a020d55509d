// What functions with a derivative rule of their own have in common.
import { type AnyTensor, type Aval, isTensor, type Maybe, type RawTensor, raw, refuse, same, show } from "../core/index.ts"

/** One tensor, or several. */
export type Results = AnyTensor | readonly AnyTensor[]
export const list = (r: unknown): RawTensor[] => (isTensor(r) ? [r] : [...(r as readonly AnyTensor[])].map(raw))
export const text = (a: Aval): string => `${a.dtype}${show(a.shape)}`

const lost = (op: string): string =>
  `${op}: the function uses a tensor from outside that is being differentiated, for which the rule gives nothing; ` +
  "pass it as an argument"
/** The rule says nothing about tensors that the function took from outside: a tangent of one of them must not be lost. */
export const outsideIsConstant = (op: string, tans: readonly Maybe[]): void => {
  if (tans.some(Boolean)) refuse(lost(op))
}
/** Shapes and dtypes of what a rule gave, or the sentence. */
export const fits = (op: string, what: string, given: readonly Aval[], wanted: readonly Aval[]): void => {
  if (given.length !== wanted.length) refuse(`${op}: the rule gives ${given.length} ${what}s; it must give ${wanted.length}`)
  given.forEach((g, k) => {
    const w = wanted[k]!
    if (g.dtype !== w.dtype || !same(g.shape, w.shape))
      refuse(`${op}: the rule gives the ${what} ${text(g)} where ${text(w)} is wanted`)
  })
}
