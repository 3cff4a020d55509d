// What plain JavaScript can pass and the types would refuse: it is refused with a sentence, not computed with, and not a TypeError.
import { describe, expect, it } from "vitest"
import { lower, noLimits } from "../../src/compiler/index.ts"
import { ShapeError } from "../../src/core/errors.ts"
import { trace } from "../../src/core/program.ts"
import type { AnyTensor, RawTensor } from "../../src/core/tensor.ts"
import { Net } from "../../src/nn/index.ts"
import * as typed from "../../src/tensor.ts"
import { grad as typedGrad } from "../../src/transform/index.ts"
import { tensorOf, valuesOf } from "./_helpers.ts"

const T = typed as unknown as Record<string, (...args: unknown[]) => AnyTensor>
const grad = typedGrad as unknown as (f: unknown) => (...args: unknown[]) => AnyTensor
const L = Net as unknown as Record<string, (...args: unknown[]) => unknown>
/** A layer in a network of images, where its sizes are planned. */
const shaped = (layer: unknown): unknown => L["network"]!([1, 5, 5, 1], layer)
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
    ["sum(x, string)", () => T["sum"]!(x, "a"), /^sum: axis a is outside \[2\], which has rank 1; count axes from 0, or/],
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
    [
      "fromArray(rows, dtype)",
      () =>
        T["fromArray"]!(
          [
            [1, 2],
            [3, 4],
          ],
          "i32",
        ),
      /^fromArray: the shape is i32; give a list of sizes, for instance \[2, 3\] \(the dtype is the third argument\)$/,
    ],
    ["fromArray(numbers, size)", () => T["fromArray"]!([1], 1), /^fromArray: the shape is 1; give a list of sizes/],
    ["take(x, 2)", () => T["take"]!(x, 2), /^take: indices must be a tensor, not 2; fromArray makes a tensor of numbers$/],
    ["take(x, array)", () => T["take"]!(x, [0, 1]), /^take: indices must be a tensor, not \[0, 1\]; fromArray/],
    ["take(array, indices)", () => T["take"]!([1], x), /^take: x must be a tensor, not \[1\]; fromArray/],
    ["grad(3)", () => grad(3), /a transformation was given number, not a function; give it the function/],
    [
      "grad(f)(3)",
      () => grad((v: AnyTensor) => typed.sum(v))(3),
      /^grad: argument 0 is a number; only tensors have gradients; full/,
    ],
  ] as const)("%s", (_, f, message) => expect(sentence(f)).toMatch(message))

  describe("lists of another length than there are axes", () => {
    const image = typed.zeros([5, 5, 1])
    const kernel = typed.zeros([2, 2, 1, 1])
    const many = (op: string, field: string): string =>
      `${op}: ${field} has 3 entries for 2 axes; give one number, or one for each axis`
    it.each([
      ["conv2d", "stride"],
      ["conv2d", "dilation"],
      ["convTranspose2d", "stride"],
      ["convTranspose2d", "dilation"],
      ["convTranspose2d", "outputPadding"],
    ])("%s: %s", (op, field) => expect(sentence(() => T[op]!(image, kernel, { [field]: [1, 1, 1] }))).toBe(many(op, field)))
    it.each(["maxPool2d", "avgPool2d"])("%s", (op) => {
      expect(sentence(() => T[op]!(image, [1, 2, 3]))).toBe(many(op, "window"))
      expect(sentence(() => T[op]!(image, 2, { stride: [1, 2, 3] }))).toBe(many(op, "stride"))
    })
    it.each(["adaptiveMaxPool2d", "adaptiveAvgPool2d"])("%s", (op) =>
      expect(sentence(() => T[op]!(image, [1, 2, 3]))).toBe(many(op, "size")),
    )
    it.each([
      ["one entry", "conv2d: stride has 1 entry for 2 axes;", () => T["conv2d"]!(image, kernel, { stride: [1] })],
      ["no entry", "conv2d: stride has 0 entries for 2 axes;", () => T["conv2d"]!(image, kernel, { stride: [] })],
      ["one axis", "maxPool1d: window has 2 entries for 1 axis;", () => T["maxPool1d"]!(typed.zeros([5, 1]), [1, 2])],
      ["parts left out", "adaptiveMaxPool2d: size has 1 entry for 2 axes;", () => T["adaptiveMaxPool2d"]!(image, [1])],
      ["padding", "conv2d: [1, 2, 3] is no padding; give", () => T["conv2d"]!(image, kernel, { padding: [1, 2, 3] })],
      [
        "padding of pairs",
        "maxPool3d: [[1, 1], [1, 1]] is no padding; give",
        () =>
          T["maxPool3d"]!(typed.zeros([5, 5, 5, 1]), 2, {
            padding: [
              [1, 1],
              [1, 1],
            ],
          }),
      ],
    ] as const)("%s", (_, message, f) => expect(sentence(f).slice(0, message.length)).toBe(message))
    it.each([
      ["conv2d", "kernel", () => L["conv2d"]!({ filters: 1, kernel: [1, 2, 3] })],
      ["conv2d", "stride", () => shaped(L["conv2d"]!({ filters: 1, kernel: 2, stride: [1, 2, 3] }))],
      ["convTranspose2d", "kernel", () => L["convTranspose2d"]!({ filters: 1, kernel: [1, 2, 3] })],
      [
        "convTranspose2d",
        "outputPadding",
        () => shaped(L["convTranspose2d"]!({ filters: 1, kernel: 2, outputPadding: [0, 0, 0] })),
      ],
      ["depthwiseConv2d", "kernel", () => L["depthwiseConv2d"]!({ kernel: [1, 2, 3] })],
      ["maxPool2d", "window", () => L["maxPool2d"]!([1, 2, 3])],
      ["maxPool2d", "stride", () => shaped(L["maxPool2d"]!(2, { stride: [1, 2, 3] }))],
      ["adaptiveMaxPool2d", "size", () => L["adaptiveMaxPool2d"]!([1, 2, 3])],
      ["crop2d", "size", () => L["crop2d"]!([1, 2, 3])],
      ["upsample2d", "factor", () => L["upsample2d"]!([1, 2, 3])],
    ] as const)("layer %s: %s", (op, field, f) => expect(sentence(f)).toBe(many(op, field)))
  })

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

describe("sizes beyond 2^53", () => {
  const half = typed.zeros([2 ** 52 + 2 ** 51, 0])
  it.each([
    ["concat", () => T["concat"]!([half, half])],
    ["tile", () => T["tile"]!(half, [2, 1])],
    ["pad", () => T["pad"]!(half, [2 ** 52, 0])],
  ] as const)("%s says so", (name, f) =>
    expect(sentence(f)).toMatch(new RegExp(`^${name}: \\d+ is not a size; a size is a whole number from 0 to 9007199254740991$`)),
  )
})
