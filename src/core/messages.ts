// Sentences that several ops share, as functions: the twins of typelevel/messages.ts, which give the same text for the same arguments
// (test/types/messages.test.ts). `op: what was given; what was wrong; what to do`.
import { show, text } from "./shape.ts"

type Dims = readonly (number | string)[]
type Text = string | number

export const axisOutside = (op: string, s: Dims, axis: number): string =>
  `${op}: axis ${text(axis)} is outside ${show(s)}, which has rank ${s.length}; count axes from 0, or from the end with -1`
export const axisTwice = (op: string, s: Dims, axis: number): string =>
  `${op}: axis ${text(axis)} of ${show(s)} is named twice; name each axis once`
export const needsRank = (op: string, wanted: Text, s: Dims): string =>
  `${op}: needs rank ${text(wanted)}, got ${show(s)}; expandDims adds axes, reshape takes them away`
export const needsFloat = (op: string, d: string): string => `${op}: needs a floating-point tensor, got ${d}; cast it first`
export const dtypesDiffer = (op: string, d: string, e: string): string =>
  `${op}: dtypes differ: ${d} and ${e}; cast one of them first`
export const numberMisfit = (op: string, v: number, d: string): string =>
  `${op}: the number ${text(v)} does not fit dtype ${d}; cast the tensor first`
export const twoNumbers = (op: string): string => `${op}: both operands are numbers; one must be a tensor`
export const noBroadcast = (op: string, a: Dims, b: Dims, x: Text, y: Text): string =>
  `${op}: shapes do not broadcast: ${show(a)} x ${show(b)}: ${text(x)} is not ${text(y)}; make them equal, or one of them 1`
export const notASize = (op: string, n: Text): string =>
  `${op}: ${text(n)} is not a size; a size is a whole number from 0 to 9007199254740991`
export const notPositive = (op: string, field: string, n: Text): string =>
  `${op}: ${field} is ${text(n)}; it must be a whole number of 1 or more`
export const wrongPermutation = (op: string, s: Dims, axes: Dims): string =>
  `${op}: axes ${show(axes)} do not name each axis of ${show(s)} once; give every axis once, in the new order`
export const elementsDiffer = (op: string, s: Dims, t: Dims, n: Text, m: Text): string =>
  `${op}: ${show(s)} has ${text(n)} elements, ${show(t)} has ${text(m)}; let -1 find one size`
export const dimsDiffer = (op: string, s: Dims, t: Dims): string =>
  `${op}: ${show(s)} and ${show(t)} have different named dimensions; keep the names, or give sizes`
export const notDivisible = (op: string, s: Dims, t: Dims, n: Text, m: Text): string =>
  `${op}: ${show(s)} does not fit ${show(t)}: ${text(n)} is not divisible by ${text(m)}; change a size, or pad first`
export const notMultiple = (op: string, s: Dims, t: Dims, a: Text, b: Text): string =>
  `${op}: ${show(s)} does not fit ${show(t)}: ${text(a)} is not known to be a multiple of ${text(b)}; declare it, or give the sizes`
export const inferredTwice = (op: string, t: Dims): string =>
  `${op}: ${show(t)} leaves more than one dimension (-1) to be inferred; give all but one`
export const inferredFromNothing = (op: string, t: Dims): string =>
  `${op}: ${show(t)} has a dimension of 0, so -1 could be any size; give that size`
export const ranksDiffer = (op: string, s: Dims, t: Dims): string =>
  `${op}: ranks differ: ${show(s)} and ${show(t)}; expandDims adds an axis`
export const ofNothing = (op: string): string => `${op}: of no tensors; it needs at least one`
export const shapesDiffer = (op: string, s: Dims, t: Dims, axis: number, x: Text, y: Text): string =>
  `${op}: shapes differ outside axis ${text(axis)}: ${show(s)} and ${show(t)}: ${text(x)} is not ${text(y)}; pad or slice one of them`
export const windowTooLarge = (op: string, covered: Text, size: Text): string =>
  `${op}: a window that covers ${text(covered)} does not fit in ${text(size)}; pad the input, or use a smaller window`
export const doesNotFit = (op: string, s: Dims, wanted: Dims, why: string): string =>
  `${op}: ${show(s)} does not fit ${show(wanted)}: ${why}; change one of them`
export const wrongDType = (op: string, d: string, wanted: string): string =>
  `${op}: an argument is ${d} where ${text(wanted)} is wanted; cast it`
export const notScalar = (op: string, s: Dims): string =>
  `${op}: the function must return a scalar (shape []), it returns ${show(s)}; use vjp, or sum it`
