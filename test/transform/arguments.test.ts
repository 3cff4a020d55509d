import { expect, test } from "vitest"
import { evaluate } from "../../src/backends/reference/index.ts"
import { grad } from "../../src/transform/index.ts"
import * as T from "../../src/tensor.ts"

const numbers = (t: T.AnyTensor): number[] => [...evaluate([t as never])[0]!]
const f = (a: T.Tensor<[2]>, b: T.Tensor<[]>) => T.mul(T.sum(T.square(a)), b)
const a = T.fromArray([1, 2])
const b = T.fromArray(3)

test("argnums in any order: gradients come in the order asked for", () => {
  const [db, da] = grad(f, { argnums: [1, 0] })(a, b)
  expect(numbers(da)).toEqual([6, 12])
  expect(numbers(db)).toEqual([5])
})
test("an argument named twice is refused", () => {
  expect(() => grad(f, { argnums: [0, 0] } as never)(a, b)).toThrow(
    "grad: argnums [0, 0] names an argument twice; list each once",
  )
})
test("a tensor is text in JSON", () => {
  expect(JSON.stringify({ a })).toBe('{"a":"Tensor f32[2] (value)"}')
})
