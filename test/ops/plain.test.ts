// What plain JavaScript can pass and the types would refuse: it is refused with a sentence, not computed with, and not a TypeError.
import { describe, expect, it } from "vitest"
import { lower, noLimits } from "../../src/compiler/index.ts"
import { ShapeError } from "../../src/core/errors.ts"
import { trace } from "../../src/core/program.ts"
import type { AnyTensor, RawTensor } from "../../src/core/tensor.ts"
import * as typed from "../../src/tensor.ts"
import { grad as typedGrad } from "../../src/transform/index.ts"
import { tensorOf, valuesOf } from "./_helpers.ts"

const T = typed as unknown as Record<string, (...args: unknown[]) => AnyTensor>
const grad = typedGrad as unknown as (f: unknown) => (...args: unknown[]) => AnyTensor
const x = tensorOf([1, 2])
const sentence = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    expect(e).toBeInstanceOf(ShapeError)
    return (e as Error).message
  }
  return "not refused"
}

describe("plain JavaScript", () => {
  it.each([
    ["add(x, string)", () => T["add"]!(x, "1"), /^add: an operand is the string "1"; give a tensor or a number/],
    ["add(x, nothing)", () => T["add"]!(x), /^add: an operand is undefined; give/],
    ["add(array, array)", () => T["add"]!([1, 2], [3, 4]), /^add: an operand is an array; give .*fromArray/],
    ["maximum(null, x)", () => T["maximum"]!(null, x), /^maximum: an operand is null; give/],
    ["zeros(3)", () => T["zeros"]!(3), /^zeros: the shape is 3; give a list of sizes/],
    ["zeros()", () => T["zeros"]!(), /^zeros: the shape is undefined; give a list of sizes/],
    ["ones([2], dtype)", () => T["ones"]!([2], "float32"), /^ones: float32 is not a dtype; the dtypes are f32/],
    ["full([2], array)", () => T["full"]!([2], [1, 2]), /^full: the value is an object; give a number/],
    ["full([2], string)", () => T["full"]!([2], "1"), /^full: the value is "1"; give a number/],
    ["sum(x, string)", () => T["sum"]!(x, "a"), /^sum: axis a is outside \[2\], which has rank 1$/],
    ["fromArray(strings)", () => T["fromArray"]!(["1"]), /^fromArray: "1" is no number; give numbers or booleans$/],
    ["fromArray(null)", () => T["fromArray"]!(null), /^fromArray: null is no array of numbers; give/],
    ["fromArray(record)", () => T["fromArray"]!({ a: 1 }), /^fromArray: Object is no array of numbers; give/],
    [
      "fromArray(bytes)",
      () => T["fromArray"]!(Int8Array.of(1)),
      /^fromArray: Int8Array is no array of numbers; give .*Int32Array/,
    ],
    ["fromArray(hole)", () => T["fromArray"]!([1, undefined]), /^fromArray: undefined is no number; give/],
    ["fromArray(x, dtype)", () => T["fromArray"]!([1], [1], "int"), /^fromArray: int is not a dtype; the dtypes are f32/],
    ["grad(3)", () => grad(3), /a transformation was given number, not a function; give it the function/],
    [
      "grad(f)(3)",
      () => grad((v: AnyTensor) => typed.sum(v))(3),
      /^grad: argument 0 is a number; only tensors have gradients; full/,
    ],
  ] as const)("%s", (_, f, message) => expect(sentence(f)).toMatch(message))

  it("an argument kept from a traced function is refused where it is compiled", () => {
    let kept: RawTensor | undefined
    trace((v) => [(kept = typed.add(v!, 1) as RawTensor)], [x])
    const program = { params: [], outs: [kept!] }
    expect(sentence(() => lower(program, { limits: noLimits }))).toMatch(
      /^Tensor f32\[2\] \(placeholder\): this is an argument of a function that was traced, used outside of it; return/,
    )
  })
})

describe("NaN", () => {
  it.each(["argmax", "argmin"])("%s is the place of the first NaN", (name) => {
    expect(valuesOf(T[name]!(tensorOf([1, NaN, 3, NaN])))).toEqual([1])
    expect(valuesOf(T[name]!(tensorOf([NaN, NaN])))).toEqual([0])
  })
})
