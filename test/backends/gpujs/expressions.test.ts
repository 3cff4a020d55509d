import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import {
  axis,
  call,
  div,
  type Expr,
  flat,
  guard,
  idx,
  inside,
  type Ix,
  ix,
  type Kind,
  mod,
  num,
  plus,
  read,
  reduce,
  reduceOver,
  unflat,
} from "../../../src/core/ir/index.ts"
import { castTo } from "../../../src/scalar/cast.ts"
import * as S from "./_scalars.ts"
import { devices } from "./_devices.ts"
import { arg, both, comparing, kernel, lowered, mapped, out } from "./_run.ts"

const doubled = (e: Expr): Expr => call(S.mul, [e, num(2, "f32")])

for (const d of devices)
  describe(`expressions on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    const same = comparing(() => b)

    test("prefix sums; reductions inside reductions; products", async () => {
      const x = arg([5, 9])
      const o = out([5, 9])
      const q = out([5])
      const [i, j] = [axis(5), axis(9)]
      const k = axis(9)
      const prefix = reduceOver("add", [k], read(x, [ix(i), ix(k)]), ix(j))
      const nested = mapped(q, ([r]) =>
        reduce("max", [9], ([c]) =>
          call(S.add, [read(x, [r!, c!]), reduce("mul", [3], ([z]) => call(S.add, [read(x, [r!, z!]), num(2, "f32")]))]),
        ),
      )
      await same([kernel(o, [i, j], [ix(i), ix(j)], prefix), nested], [x], [o, q])
    })
    test("guards keep out what is outside: padding, zero-dilation, concatenation", async () => {
      const [x, y] = [arg([4, 5]), arg([3, 5])]
      const [pad, dilated, joined] = [out([7, 8]), out([7, 5]), out([7, 5])]
      await same(
        [
          mapped(pad, ([i, j]) =>
            guard([inside(plus(i!, -1), 4), inside(plus(j!, -2), 5)], read(x, [plus(i!, -1), plus(j!, -2)]), 7),
          ),
          mapped(dilated, ([i, j]) => guard([{ e: i!, by: 2 }], read(x, [div(i!, 2), j!]), 0)),
          mapped(joined, ([i, j]) =>
            call(S.add, [
              guard([inside(i!, 4)], read(x, [i!, j!]), 0),
              guard([inside(plus(i!, -4), 3)], read(y, [plus(i!, -4), j!]), 0),
            ]),
          ),
        ],
        [x, y],
        [pad, dilated, joined],
        undefined,
        0,
      )
    })
    test("reshapes: quotients and remainders by 3, 7, 10, 12 of every index", async () => {
      const x = arg([6, 35, 12])
      const shapes = [[2520], [7, 360], [10, 252], [3, 840], [12, 21, 10]]
      const outs = shapes.map((s) => out(s))
      await same(
        outs.map((o) => mapped(o, (i) => read(x, unflat(flat(i, o.shape), x.shape)))),
        [x],
        outs,
        undefined,
        0,
      )
    })
    // 1/d rounded to f32 is too small for these: 41 * f32(1/41) < 1.
    for (const d of [41, 47, 55, 61, 97])
      test(`quotients and remainders by ${d}`, async () => {
        const [q, r] = [out([9 * d], "i32"), out([9 * d], "i32")]
        await same(
          [mapped(q, ([i]) => idx(div(i!, d), "i32")), mapped(r, ([i]) => idx(mod(i!, d), "i32"))],
          [],
          [q, r],
          undefined,
          0,
        )
      })
    test("2^21 elements: no index is off by one", async () => {
      const n = 3 * 7 * 99991 // 2,099,811
      const o = out([n], "i32")
      const q = out([n], "i32")
      const run = await both(
        b,
        lowered([mapped(o, ([i]) => idx(mod(i!, 1001), "i32")), mapped(q, ([i]) => idx(div(i!, 21), "i32"))], [], [o, q]),
        [],
      )
      expect(run.got[0]!.findIndex((v, i) => v !== i % 1001)).toBe(-1)
      expect(run.got[1]!.findIndex((v, i) => v !== Math.floor(i / 21))).toBe(-1)
    })
    test("a sum of 10^5 tenths, one thread, to 1e-6", async () => {
      const x = arg([100_000])
      const o = out([])
      const { got } = await both(b, lowered([mapped(o, () => reduce("add", [100_000], ([k]) => read(x, [k!])))], [x], [o]), [
        Array(100_000).fill(0.1),
      ])
      expect(Math.abs(got[0]![0]! / 10000 - 1)).toBeLessThan(1e-6)
    })
    test("a sum of a prime number of terms, and over three axes", async () => {
      const x = arg([1009])
      const y = arg([6, 9, 11])
      const [o, p] = [out([]), out([])]
      await same(
        [
          mapped(o, () => reduce("add", [1009], ([k]) => read(x, [k!]))),
          mapped(p, () => reduce("add", [6, 9, 11], (k) => read(y, k))),
        ],
        [x, y],
        [o, p],
      )
    })
    test("infinities as constants, as units of max and min, and through where", async () => {
      const x = arg([2, 3])
      const outs = [out([2]), out([2]), out([2, 3])]
      const row =
        (kind: Kind) =>
        ([i]: readonly Ix[]) =>
          reduce(kind, [3], ([k]) => read(x, [i!, k!]))
      const masked = (i: readonly Ix[]) =>
        call(S.where, [call(S.lt, [read(x, i), num(0, "f32")]), num(-Infinity, "f32"), read(x, i)])
      const { got } = await both(
        b,
        lowered([mapped(outs[0]!, row("max")), mapped(outs[1]!, row("min")), mapped(outs[2]!, masked)], [x], outs),
        [[-Infinity, -Infinity, -Infinity, 1, -2, 3]],
      )
      expect(got).toEqual([
        [-Infinity, 3],
        [-Infinity, -2],
        [-Infinity, -Infinity, -Infinity, 1, -Infinity, 3],
      ])
    })
    test("a chain x = x * x of 60 shared nodes is 60 statements", async () => {
      const x = arg([3])
      const o = out([3])
      const chain = mapped(o, (i) => {
        let e: Expr = read(x, i)
        for (let k = 0; k < 60; k++) e = call(S.mul, [e, e])
        return e
      })
      const { listing } = await both(b, lowered([chain], [x], [o]), [[1, 0, -1]])
      expect(listing.split("\n").length).toBeLessThan(80)
    })
    test("what a loop does not change stands in front of it", async () => {
      const [x, y] = [arg([3]), arg([40])]
      const o = out([3])
      const e = mapped(o, ([i]) => reduce("add", [40], ([k]) => call(S.mul, [call(S.exp, [read(x, [i!])]), read(y, [k!])])))
      const { listing } = await same([e], [x, y], [o], undefined, 1e-5)
      expect(listing.indexOf("Math.exp")).toBeLessThan(listing.indexOf("for("))
    })
    test("arrays with no elements, axes of one, results without axes", async () => {
      const x = arg([0, 3])
      const y = arg([1])
      const [none, sums, scalar] = [out([0, 3]), out([3]), out([])]
      await same(
        [
          mapped(none, (i) => read(x, i)),
          mapped(sums, ([j]) => reduce("add", [0], ([k]) => read(x, [k!, j!]))),
          mapped(scalar, () => doubled(read(y, [ix(0)]))),
        ],
        [x, y],
        [none, sums, scalar],
        undefined,
        0,
      )
    })
    test("bool and i32 arrays come back in their own dtypes", async () => {
      const x = arg([4], "i32")
      const p = arg([4], "bool")
      const outs = [out([4], "bool"), out([4], "i32")]
      await same(
        [
          mapped(outs[0]!, (i) => call(S.and, [call(S.lt, [read(x, i), num(3, "i32")]), call(S.not, [read(p, i)])])),
          mapped(outs[1]!, (i) => call(S.add, [castTo(read(p, i), "i32"), call(S.mul, [read(x, i), num(-4095, "i32")])])),
        ],
        [x, p],
        outs,
        [
          [1, 2, 3, 4095],
          [0, 1, 0, 1],
        ],
        0,
      )
    })
  })
