// What to do about the sentences that several ops share: why they are said, and the usual remedies. One for each, which the compiler demands.
import type * as messages from "../../src/core/messages.ts"

export const advice: Readonly<Record<keyof typeof messages, string>> = {
  axisOutside: "Axes count from 0, or from the last one backwards with -1. A scalar has none.",
  axisTwice: "Name each axis once; remember that -1 and the last index are the same axis.",
  needsRank:
    "Add axes of size 1 with `expandDims`, take some away with `squeeze` or `reshape`, or map the function over them with `vmap`.",
  needsFloat:
    'The function is defined on real numbers, or its result would not be whole. Say `T.cast(x, "f32")` where that is meant: nothing is converted in silence.',
  dtypesDiffer: 'Nothing is promoted in silence. Cast the one whose loss of precision is meant: `T.cast(x, "f32")`.',
  numberMisfit:
    "A plain number takes the dtype of the tensor beside it, and must have a meaning there: 0.5 has none among integers, 2 has none among bools.",
  twoNumbers: "Two plain numbers are JavaScript's own business. Make one a tensor: `T.fromArray(2)`.",
  noBroadcast:
    "Axes are compared from the last one backwards; they must be equal, or one of them 1 (NumPy's rule). Move axes with `transpose`, or add one where it is missing: `T.expandDims(b, -1)`. A name is equal to itself alone: two names may be different sizes in another call.",
  notASize: "Sizes are whole numbers. -1 (the size that is left) has a meaning only where the op says so, as in `reshape`.",
  notPositive: "Counts, strides and windows are whole numbers of 1 or more.",
  wrongPermutation: "Give every axis exactly once, in the new order. To move one axis and keep the others, use `moveAxis`.",
  elementsDiffer: "A reshape keeps all elements. Let one size be found with -1.",
  dimsDiffer:
    "Names cannot be multiplied out unless both sides hold the same ones. Keep the named axes in front and reshape behind them.",
  notDivisible: "The size that is left must come out whole: change the other sizes, or `pad` first.",
  notMultiple:
    'A quotient of names needs a proof that it is whole. Declare the one as a multiple of the other, `Multiple<"d", "h">`, or give sizes.',
  inferredTwice: "Only one size can follow from the others. Give all but one.",
  inferredFromNothing: "With a size of 0 every product is 0, so that nothing follows. Give the size.",
  ofNothing:
    "A list of tensors is empty. Give one tensor or more; where the list is computed, treat the empty case before the call.",
  ranksDiffer: "All must have the same number of axes; `expandDims` adds one.",
  shapesDiffer: "Along the axis named they may differ, elsewhere they must not. Check the axis, or `pad` or `slice` the others.",
  windowTooLarge: "The dilated window must fit into the padded input at least once.",
  doesNotFit: "The names in the wanted shape stand for one size each within a call. The sentence says which one has two.",
  wrongDType: "The signature names the dtype, f32 if none was given: cast the argument, or declare `{ shape, dtype }`.",
  notScalar:
    "A gradient belongs to one number. Sum or average the result, return `[scalar, more]` with `{ aux: true }`, or use `vjp` with a cotangent.",
}
