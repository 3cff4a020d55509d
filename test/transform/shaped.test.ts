// Transformations of functions over named dimensions, at run time: the sentences of test/types/fixtures/transformsShaped.fx.ts, and the
// shapes that its types promise.
import { describe, expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { isTensor } from "../../src/core/tensor.ts"
import * as T from "../../src/tensor.ts"
import { grad, jvp, shaped, valueAndGrad, vjp, vmap } from "../../src/transform/index.ts"
import type { Spec } from "../../src/transform/shaped.ts"

const energy = shaped([["n", "d"], ["d"]], (x, w) => T.sum(T.square(T.matmul(x, w))))
const scores = shaped(
  [
    ["t", "d"],
    ["s", "d"],
  ],
  (q, k) => T.matmul(q, T.transpose(k)),
)
const affine = shaped([{ kernel: ["n", "m"], bias: ["m"] }, ["b", "n"]], ({ kernel, bias }, x) =>
  T.add(T.matmul(x, kernel), bias),
)
const fit = shaped([{ kernel: ["n", "m"], bias: ["m"] }, ["b", "n"]], ({ kernel, bias }, x) =>
  T.sum(T.add(T.matmul(x, kernel), bias)),
)
const looked = shaped([["v", "d"], { shape: ["n"], dtype: "i32" }], (table, ids) => T.sum(T.take(table, ids)))
const x73 = T.ones([7, 3])
const w3 = T.ones([3])
const tree = { kernel: T.ones([3, 4]), bias: T.ones([4]) }
const ids = T.zeros([2], "i32")

type Plain = (...args: readonly unknown[]) => unknown
const plain = (f: unknown): Plain => f as Plain
const shapes = (v: unknown): unknown =>
  isTensor(v)
    ? v.shape
    : Array.isArray(v)
      ? v.map(shapes)
      : Object.fromEntries(Object.entries(v as object).map(([k, w]) => [k, shapes(w)]))

describe("shapes", () => {
  const given: readonly (readonly [what: string, got: unknown, wanted: unknown])[] = [
    ["grad", grad(energy)(x73, w3), [7, 3]],
    ["grad, argnums", grad(energy, { argnums: [1, 0] })(x73, w3), [[3], [7, 3]]],
    ["valueAndGrad", valueAndGrad(energy)(x73, w3), [[], [7, 3]]],
    ["grad of a tree", grad(fit)(tree, x73), { kernel: [3, 4], bias: [4] }],
    [
      "jvp",
      jvp(affine, [tree, x73], [tree, x73]),
      [
        [7, 4],
        [7, 4],
      ],
    ],
    [
      "vjp",
      vjp(scores, x73, T.ones([2, 3]))[1](T.ones([7, 2])),
      [
        [7, 3],
        [2, 3],
      ],
    ],
    ["vmap", vmap(scores, [1, null], 1)(T.ones([7, 5, 3]), T.ones([2, 3])), [7, 5, 2]],
    ["vmap, last axes", vmap(scores, -1, -1)(T.ones([7, 3, 5]), T.ones([2, 3, 5])), [7, 2, 5]],
    ["vmap of vmap", vmap(vmap(scores, [0, null]), [0, null])(T.ones([6, 5, 7, 3]), T.ones([2, 3])), [6, 5, 7, 2]],
    ["vmap of grad", vmap(grad(energy), [0, null])(T.ones([5, 7, 3]), w3), [5, 7, 3]],
    ["vmap of a tree", vmap(affine)({ kernel: T.ones([5, 3, 4]), bias: T.ones([5, 4]) }, T.ones([5, 7, 3])), [5, 7, 4]],
  ] // prettier-ignore
  test.each(given)("%s", (_, got, wanted) => {
    expect(shapes(got)).toEqual(wanted)
  })
})
describe("declarations", () => {
  const h = "h*(d/h)"
  const untold: readonly (readonly [name: string, expression: string, specs: readonly Spec[]])[] = [
    ["m", "n+m", [["n+m"]]],
    ["m", "n*m", [["n*m"]]],
    ["h", h, [[h]]],
    ["m", "n+m", [["n+m"], { from: [["n"], ["m"]], to: [] }]],
    ["s", "s*t", [{ kernel: ["s*t"], bias: ["s+t"] }]],
  ]
  test.each(untold)("%s in %s is told by nothing", (name, expression, specs) => {
    expect(() => plain(shaped)(specs, () => 0)).toThrow(
      new ShapeError(`shaped: nothing tells what ${name} is in ${expression}; give it a dimension of its own`),
    )
  })
  test.each(["2n", "2**n", "b*", "", "3", "(a+b)*c", "n/2/3", "2/n", "1.5*n", "n)", "007*n", "a+", " 2n"])(
    "%j is refused",
    (d) => {
      expect(() => plain(shaped)([["n", "a", "b", "c", d]], () => 0)).toThrow(
        new ShapeError(
          `shaped: ${d || "the empty text"} is no dimension; write a size, a name, or sums, products and quotients of them: 2*n, t+1, d/h`,
        ),
      )
    },
  )
  const right: readonly (readonly Spec[])[] = [
    [["c"], ["b+c"], ["a+b"]],
    [["n*m"], ["m"], { from: [["n*m"]], to: ["k"] }, ["k+j"]],
    [["2 * n + (d/4)", "10-n", "d"]],
    [["h", h, "d/h"]],
    [["-n+s", "s", 3, "n_2"]],
  ]
  test.each(right)("%j", (...specs) => {
    expect(plain(shaped)(specs, () => 0)).toHaveProperty("rule.in", specs)
  })
})
describe("sentences", () => {
  const told: readonly (readonly [sentence: string, call: () => unknown])[] = [
    [
      "grad: the function must return a scalar (shape []), it returns [7, 2]; use vjp, or sum it",
      () => plain(plain(grad)(scores))(x73, T.ones([2, 3])),
    ],
    [
      "grad: argument 1 is i32; only floating-point tensors have gradients; pass it as another argument",
      () => plain(plain(grad)(looked, { argnums: [0, 1] }))(T.ones([9, 5]), ids),
    ],
    [
      "valueAndGrad: argnums 2 is no argument of a call with 2; count from 0",
      () => plain(plain(valueAndGrad)(energy, { argnums: 2 }))(x73, w3),
    ],
    [
      "shaped: [4] does not fit [d]: d is 3 in an earlier argument and 4 here; change one of them",
      () => plain(grad(energy, { argnums: [0, 1] }))(x73, T.ones([4])),
    ],
    [
      "shaped: [4] does not fit [d]: d is 3 in an earlier argument and 4 here; change one of them",
      () => plain(valueAndGrad(energy))(x73, T.ones([4])),
    ],
    [
      "shaped: [7, 2] does not fit [b, n]: n is 3 in an earlier argument and 2 here; change one of them",
      () => plain(grad(fit))(tree, T.ones([7, 2])),
    ],
    [
      "shaped: [2, 4] does not fit [s, d]: d is 3 in an earlier argument and 4 here; change one of them",
      () => plain(jvp)(scores, [x73, T.ones([2, 4])], [x73, T.ones([2, 4])]),
    ],
    [
      "jvp: the tangent at 1 is f32[3], its argument is f32[2, 3]; they must agree",
      () => plain(jvp)(scores, [x73, T.ones([2, 3])], [x73, w3]),
    ],
    [
      "vjp: argument 1 is i32; only floating-point tensors have gradients; pass it as another argument",
      () => plain(vjp)(looked, T.ones([9, 5]), ids),
    ],
    [
      "shaped: [4, 2, 3] does not fit [vmap, s, d]: vmap is 5 in an earlier argument and 4 here; change one of them",
      () => plain(vmap(scores))(T.ones([5, 7, 3]), T.ones([4, 2, 3])),
    ],
    [
      "vmap: axis 3 is outside the batched argument, which has one axis more than [s, d]; count axes from 0, or from the end with -1",
      () => plain(vmap)(scores, [0, 3]),
    ],
    [
      "vmap: axis 2 is outside the batched argument, which has one axis more than [m]; count axes from 0, or from the end with -1",
      () => plain(vmap)(affine, 2),
    ],
    [
      "vmap: axis 3 is outside [5, 7, 2], which has rank 3; count axes from 0, or from the end with -1",
      () => plain(plain(vmap)(scores, 0, 3))(T.ones([5, 7, 3]), T.ones([5, 2, 3])),
    ],
    ["vmap: 1 axes for 2 arguments; give one axis, or null, for each argument", () => plain(plain(vmap)(scores, [0]))(x73, x73)],
  ]
  test.each(told)("%s", (sentence, call) => {
    expect(call).toThrow(new ShapeError(sentence))
  })
})
