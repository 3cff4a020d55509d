// Sentences that several ops share: `op: what was given; what was wrong; what to do`. Each has a run-time twin of the same name
// in src/core/messages.ts that gives the same text for the same arguments (test/types/messages.test.ts).
import type { Dim, ShowDim } from "./dim.ts"
import type { Shape, Show } from "./shape.ts"

type Text = string | number

export type axisOutside<Op extends string, S extends Shape, Axis extends number> =
  `${Op}: axis ${Axis} is outside ${Show<S>}, which has rank ${S["length"]}; count axes from 0, or from the end with -1`
export type axisTwice<Op extends string, S extends Shape, Axis extends number> =
  `${Op}: axis ${Axis} of ${Show<S>} is named twice; name each axis once`
export type needsRank<Op extends string, Wanted extends Text, S extends Shape> =
  `${Op}: needs rank ${Wanted}, got ${Show<S>}; expandDims adds axes, reshape takes them away`
export type needsFloat<Op extends string, D extends string> = `${Op}: needs a floating-point tensor, got ${D}; cast it first`
export type dtypesDiffer<Op extends string, D extends string, E extends string> =
  `${Op}: dtypes differ: ${D} and ${E}; cast one of them first`
export type numberMisfit<Op extends string, V extends number, D extends string> =
  `${Op}: the number ${V} does not fit dtype ${D}; cast the tensor first`
export type twoNumbers<Op extends string> = `${Op}: both operands are numbers; one must be a tensor`
export type noBroadcast<Op extends string, A extends Shape, B extends Shape, X extends Dim, Y extends Dim> =
  `${Op}: shapes do not broadcast: ${Show<A>} x ${Show<B>}: ${ShowDim<X>} is not ${ShowDim<Y>}; make them equal, or one of them 1`
export type notASize<Op extends string, N extends Text> =
  `${Op}: ${N} is not a size; a size is a whole number from 0 to 9007199254740991`
export type notPositive<Op extends string, Field extends string, N extends Text> =
  `${Op}: ${Field} is ${N}; it must be a whole number of 1 or more`
export type wrongPermutation<Op extends string, S extends Shape, Axes extends readonly Dim[]> =
  `${Op}: axes ${Show<Axes>} do not name each axis of ${Show<S>} once; give every axis once, in the new order`
export type elementsDiffer<Op extends string, S extends Shape, T extends Shape, N extends Text, M extends Text> =
  `${Op}: ${Show<S>} has ${N} elements, ${Show<T>} has ${M}; let -1 find one size`
export type dimsDiffer<Op extends string, S extends Shape, T extends Shape> =
  `${Op}: ${Show<S>} and ${Show<T>} have different named dimensions; keep the names, or give sizes`
export type notDivisible<Op extends string, S extends Shape, T extends Shape, N extends Text, M extends Text> =
  `${Op}: ${Show<S>} does not fit ${Show<T>}: ${N} is not divisible by ${M}; change a size, or pad first`
export type notMultiple<Op extends string, S extends Shape, T extends Shape, A extends Dim, B extends Dim> =
  `${Op}: ${Show<S>} does not fit ${Show<T>}: ${ShowDim<A>} is not known to be a multiple of ${ShowDim<B>}; declare it, or give the sizes`
export type inferredTwice<Op extends string, T extends Shape> =
  `${Op}: ${Show<T>} leaves more than one dimension (-1) to be inferred; give all but one`
export type inferredFromNothing<Op extends string, T extends Shape> =
  `${Op}: ${Show<T>} has a dimension of 0, so -1 could be any size; give that size`
export type ranksDiffer<Op extends string, S extends Shape, T extends Shape> =
  `${Op}: ranks differ: ${Show<S>} and ${Show<T>}; expandDims adds an axis`
export type ofNothing<Op extends string> = `${Op}: of no tensors; it needs at least one`
export type shapesDiffer<
  Op extends string, S extends Shape, T extends Shape, Axis extends number, X extends Dim, Y extends Dim
> =
  `${Op}: shapes differ outside axis ${Axis}: ${Show<S>} and ${Show<T>}: ${ShowDim<X>} is not ${ShowDim<Y>}; pad or slice one of them`
export type windowTooLarge<Op extends string, Covered extends Text, Size extends Text> =
  `${Op}: a window that covers ${Covered} does not fit in ${Size}; pad the input, or use a smaller window`
export type doesNotFit<Op extends string, S extends Shape, Wanted extends Shape, Why extends string> =
  `${Op}: ${Show<S>} does not fit ${Show<Wanted>}: ${Why}; change one of them`
export type wrongDType<Op extends string, D extends string, Wanted extends string> =
  `${Op}: an argument is ${D} where ${Wanted} is wanted; cast it`
export type notScalar<Op extends string, S extends Shape> =
  `${Op}: the function must return a scalar (shape []), it returns ${Show<S>}; use vjp, or sum it`
