// The cells of the gradual table (test/types/fixtures/gradual.fx.ts) that the compiler leaves to the run time: each call compiles, because
// a size or a rank is unknown, and throws what the compiler says where it is known.
import { expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { grad, jvp, shaped, vjp, vmap } from "../../src/transform/index.ts"
import * as T from "../../src/tensor.ts"
import type { AnyTensor, Tensor } from "../../src/tensor.ts"

const three = T.ones([3])
const four: Tensor<[number]> = T.ones([4])
const untyped: AnyTensor = T.ones([4])
const rows: Tensor<[number, 3]> = T.ones([5, 3])
const exact = shaped([[3]], (x) => x)
const both = shaped([["k"], ["k"]], (x, y) => T.add(x, y))
const vary: Tensor<["n"]> = T.ones([3]) as AnyTensor as Tensor<["n"]>
const sum3 = (x: Tensor<[number]>) => T.sum(T.mul(x, three))

const cells: readonly (readonly [sentence: string, call: () => unknown])[] = [
  [
    "matmul: inner dimensions differ: [3] x [4]: 3 is not 4; transpose one of them, or make them equal",
    () => T.matmul(three, four),
  ],
  [
    "matmul: inner dimensions differ: [4] x [3]: 4 is not 3; transpose one of them, or make them equal",
    () => T.matmul(four, three),
  ],
  [
    "matmul: inner dimensions differ: [3] x [4]: 3 is not 4; transpose one of them, or make them equal",
    () => T.matmul(vary, four),
  ],
  [
    "matmul: inner dimensions differ: [3] x [4]: 3 is not 4; transpose one of them, or make them equal",
    () => T.matmul(vary, untyped),
  ],
  [
    "matmul: inner dimensions differ: [4] x [5, 3]: 4 is not 5; transpose one of them, or make them equal",
    () => T.matmul(untyped, rows),
  ],
  ["add: shapes do not broadcast: [3] x [4]: 3 is not 4; make them equal, or one of them 1", () => T.add(three, four)],
  ["add: shapes do not broadcast: [4] x [3]: 4 is not 3; make them equal, or one of them 1", () => T.add(four, vary)],
  ["add: shapes do not broadcast: [3] x [4]: 3 is not 4; make them equal, or one of them 1", () => T.add(three, untyped)],
  [
    "concat: shapes differ outside axis 0: [5, 3] and [2, 4]: 3 is not 4; pad or slice one of them",
    () => T.concat([rows, T.ones([2, 4]) as Tensor<[2, number]>]),
  ],
  ["reshape: [4] has 4 elements, [3, 1] has 3; let -1 find one size", () => T.reshape(four, [3, 1])],
  ["reshape: [4] does not fit [3, -1]: 4 is not divisible by 3; change a size, or pad first", () => T.reshape(four, [3, -1])],
  ["shaped: [4] does not fit [3]: 4 is not 3; change one of them", () => exact(four)],
  [
    "shaped: [3, 5] does not fit [3]: the rank is too large; change one of them",
    () => exact(T.ones([3, 5]) as AnyTensor as Tensor),
  ],
  ["shaped: [4] does not fit [k]: k is 3 in an earlier argument and 4 here; change one of them", () => both(three, four)],
  ["shaped: [3] does not fit [k]: k is 4 in an earlier argument and 3 here; change one of them", () => both(four, vary)],
  ["mul: shapes do not broadcast: [4] x [3]: 4 is not 3; make them equal, or one of them 1", () => sum3(four)],
  ["mul: shapes do not broadcast: [4] x [3]: 4 is not 3; make them equal, or one of them 1", () => grad(sum3)(four)],
  [
    "jvp: the tangent at 0 is f32[3], its argument is f32[4]; they must agree",
    () => jvp((x: Tensor<[number]>) => x, [four], [three]),
  ],
  ["vjp: the cotangent is f32[3], the result is f32[4]; they must agree", () => vjp((x: Tensor<[number]>) => x, four)[1](three)],
  [
    "vmap: batch sizes differ: 4 and 5 (axis 0 of [5, 3]); batched arguments must agree",
    () => vmap((a: Tensor<[]>, b: Tensor<[3]>) => T.mul(a, b))(four, rows),
  ],
  [
    "scan: the carry is f32[3] before a step and f32[4] after it; it must not change",
    () => T.scan((h) => [T.mul(four, T.sum(h)), h], three, null, { length: 2 }),
  ],
  ["scan: the first axes of the xs differ: 4 and 5; give all one length", () => T.scan((h) => [h, h], three, [four, rows])],
]
test.each(cells)("%s", (sentence, call) => {
  expect(call).toThrow(new ShapeError(sentence))
})
test("and what fits, passes", () => {
  const unknown: Tensor<[number]> = T.ones([3])
  expect(T.matmul(three, unknown).shape).toEqual([])
  expect(T.add(unknown, vary).shape).toEqual([3])
  expect(exact(unknown).shape).toEqual([3])
  expect(both(vary, unknown).shape).toEqual([3])
  expect(T.reshape(unknown, [3, 1]).shape).toEqual([3, 1])
  expect(grad(sum3)(unknown).shape).toEqual([3])
})
