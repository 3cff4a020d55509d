import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import {
  type Axis, axis, type Buf, call, div, dyn, type Expr, flat, guard, idx, inside, type Ix, ix, type Kernel, type Kind, mod, num, plus, read, reduce, reduceOver, type Stmt, times, unflat,
} from "../../../src/core/ir/index.ts"
import { castTo } from "../../../src/scalar/cast.ts"
import * as S from "./_scalars.ts"
import { devices } from "./_devices.ts"
import { arg, both, lowered, mapped, out, prng, size, temp, worst } from "./_run.ts"

const numbers = (n: number, seed = 1): number[] => {
  const r = prng(seed)
  return Array.from({ length: n }, () => Math.fround(2 * r() - 1))
}
const kernel = (to: Buf, axes: readonly Axis[], at: readonly Ix[], value: Expr, accumulate?: Kind): Kernel => ({
  k: "kernel", out: to, axes, at, value, ...(accumulate ? { accumulate } : {}),
})
const doubled = (e: Expr): Expr => call(S.mul, [e, num(2, "f32")])

for (const d of devices)
  describe(`statements on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    /** Same numbers as the interpreter, within f32 rounding of sums of the sizes used here. */
    const same = async (stmts: readonly Stmt[], args: readonly Buf[], outs: readonly Buf[], inputs?: readonly (readonly number[])[], bound = 2e-6) => {
      const given = inputs ?? args.map((a, k) => numbers(size(a), k + 1))
      const { got, want, listing } = await both(b, lowered(stmts, args, outs), given)
      got.forEach((g, k) => expect(worst(g, want[k]!), `output ${k}: ${g.slice(0, 8)} not ${want[k]!.slice(0, 8)}\n${listing}`).toBeLessThanOrEqual(bound))
      return { got, listing }
    }

    describe("stores", () => {
      const x = arg([4, 6])
      test("transposed: the axes are put in the order of memory", async () => {
        const o = out([6, 4])
        const [i, j] = [axis(4), axis(6)]
        const { listing } = await same([kernel(o, [i, j], [ix(j), ix(i)], read(x, [ix(i), ix(j)]))], [x], [o], undefined, 0)
        expect(listing.match(/kernel/g)).toHaveLength(1)
      })
      test("backwards and with an axis of one", async () => {
        const o = out([4, 1, 6])
        const [i, u, j] = [axis(4), axis(1), axis(6)]
        await same([kernel(o, [i, u, j], [plus(3, times(i, -1)), ix(u), ix(j)], read(x, [ix(i), ix(j)]))], [x], [o], undefined, 0)
      })
      test("split axes meet again", async () => {
        const o = out([8, 6])
        const [i, a, j] = [axis(4), axis(2), axis(6)]
        await same([kernel(o, [i, j, a], [plus(times(i, 2), a), ix(j)], call(S.mul, [read(x, [ix(i), ix(j)]), idx(plus(a, 1), "f32")]))], [x], [o])
      })
      test("into a part: contiguous, strided, scattered by i div 2 and i mod 2; the rest stays", async () => {
        for (const at of [
          (i: Axis, j: Axis) => [plus(i, 3), ix(j)],
          (i: Axis, j: Axis) => [times(i, 2), plus(j, 1)],
          (i: Axis, j: Axis) => [plus(times(div(i, 2), 4), mod(i, 2)), ix(j)],
        ]) {
          const o = out([8, 7])
          const [i, j, p, q] = [axis(4), axis(6), axis(8), axis(7)]
          await same(
            [kernel(o, [p, q], [ix(p), ix(q)], num(5, "f32")), kernel(o, [i, j], at(i, j), read(x, [ix(i), ix(j)]))],
            [x], [o], undefined, 0,
          )
        }
      })
      test("of u32 in parts", async () => {
        const w = arg([5], "u32")
        const o = out([12], "u32")
        const [p, i, j] = [axis(12), axis(5), axis(5)]
        await same(
          [kernel(o, [p], [ix(p)], num(4000000000, "u32")), kernel(o, [i], [plus(i, 1)], read(w, [ix(i)])), kernel(o, [j], [plus(times(j, 2), 2)], read(w, [ix(j)]))],
          [w], [o], [[1, 70000, 4294967295, 65536, 9]], 0,
        )
      })
      test("a kernel that reads what it writes sees the old values", async () => {
        const o = out([6])
        const [i, j] = [axis(6), axis(6)]
        const v = arg([6])
        await same([kernel(o, [i], [ix(i)], read(v, [ix(i)])), kernel(o, [j], [ix(j)], doubled(read(o, [ix(j)])))], [v], [o], undefined, 0)
      })
    })

    describe("scatters", () => {
      for (const kind of ["add", "max", "min", "mul"] as const)
        test(`${kind}: rows of a table`, async () => {
          const ids = arg([7], "i32")
          const rows = arg([7, 3])
          const o = out([5, 3])
          const [p, q, n, f] = [axis(5), axis(3), axis(7), axis(3)]
          const at = [dyn(read(ids, [ix(n)]), 5), ix(f)]
          await same([kernel(o, [p, q], [ix(p), ix(q)], num(0.5, "f32")), kernel(o, [n, f], at, read(rows, [ix(n), ix(f)]), kind)], [ids, rows], [o], [
            [0, 3, 3, 1, -2, 9, 3],
            numbers(21),
          ])
        })
      test("with a batch axis shared by ids and output, and a partial axis", async () => {
        const ids = arg([2, 4], "i32")
        const v = arg([2, 4, 2])
        const o = out([2, 3, 5])
        const [p, q, r, n, s, f] = [axis(2), axis(3), axis(5), axis(2), axis(4), axis(2)]
        const at = [ix(n), dyn(read(ids, [ix(n), ix(s)]), 3), ix(f)]
        await same(
          [kernel(o, [p, q, r], [ix(p), ix(q), ix(r)], num(0, "f32")), kernel(o, [n, s, f], at, read(v, [ix(n), ix(s), ix(f)]), "add")],
          [ids, v], [o], [[0, 1, 1, 2, 2, 2, 0, 1], numbers(16)],
        )
      })
      test("u32 counts of computed places; affine overlapping adds", async () => {
        const x = arg([9], "u32")
        const o = out([4], "u32")
        const w = out([6])
        const y = arg([4, 3])
        const [p, n, z, i, j] = [axis(4), axis(9), axis(6), axis(4), axis(3)]
        await same(
          [
            kernel(o, [p], [ix(p)], num(4294967290, "u32")),
            kernel(o, [n], [dyn(call(S.and, [read(x, [ix(n)]), num(3, "u32")]), 4)], num(3, "u32"), "add"),
            kernel(w, [z], [ix(z)], num(1, "f32")),
            kernel(w, [i, j], [plus(i, j)], read(y, [ix(i), ix(j)]), "add"),
          ],
          [x, y], [o, w], [[1, 5, 9, 2, 3, 7, 70003, 0, 1], numbers(12)],
        )
      })
    })

    describe("nests and loops", () => {
      test("softmax by rows in a nest of four kernels with row-local temporaries", async () => {
        const x = arg([3, 2, 7])
        const o = out([3, 2, 7])
        const [m, s] = [temp([], "f32"), temp([], "f32")]
        const e = temp([7])
        const [i, j, a, c] = [axis(3), axis(2), axis(7), axis(7)]
        const body = [
          kernel(m, [], [], reduce("max", [7], ([k]) => read(x, [ix(i), ix(j), k!]))),
          kernel(e, [a], [ix(a)], call(S.exp, [call(S.sub, [read(x, [ix(i), ix(j), ix(a)]), read(m, [])])])),
          kernel(s, [], [], reduce("add", [7], ([k]) => read(e, [k!]))),
          kernel(o, [c], [ix(i), ix(j), ix(c)], call(S.div, [read(e, [ix(c)]), read(s, [])])),
        ]
        await same([{ k: "nest", axes: [i, j], body }], [x], [o])
      })
      for (const reverse of [false, true])
        test(`a recurrence h = tanh(h W + x[t]) with its states stacked${reverse ? ", backwards" : ""}`, async () => {
          const [x, w, h0] = [arg([11, 4]), arg([4, 4]), arg([4])]
          const [last, ys] = [out([4]), out([11, 4])]
          const [h, next] = [temp([4]), temp([4])]
          const t = axis(11)
          const copy = (from: Buf, to: Buf): Stmt => mapped(to, (i) => read(from, i))
          const [i, j] = [axis(4), axis(4)]
          const sum = reduce("add", [4], ([k]) => call(S.mul, [read(h, [k!]), read(w, [k!, ix(i)])]))
          const body: Stmt[] = [
            kernel(next, [i], [ix(i)], call(S.tanh, [call(S.add, [sum, read(x, [ix(t), ix(i)])])])),
            kernel(ys, [j], [ix(t), ix(j)], call(S.mul, [read(next, [ix(j)]), idx(plus(t, 1), "f32")])),
            copy(next, h),
          ]
          await same([copy(h0, h), { k: "loop", t, reverse, body }, copy(h, last)], [x, w, h0], [last, ys])
        })
      test("a loop in a loop: both indices in values and in stores", async () => {
        const o = out([3, 4, 2])
        const acc = temp([2])
        const [t, u, i, j, z] = [axis(3), axis(4), axis(2), axis(2), axis(2)]
        const inner: Stmt[] = [
          kernel(acc, [i], [ix(i)], call(S.add, [read(acc, [ix(i)]), idx(plus(times(t, 10), u, i), "f32")])),
          kernel(o, [j], [ix(t), ix(u), ix(j)], read(acc, [ix(j)])),
        ]
        await same([kernel(acc, [z], [ix(z)], num(0, "f32")), { k: "loop", t, reverse: false, body: [{ k: "loop", t: u, reverse: true, body: inner }] }], [], [o], [], 0)
      })
      test("a scatter in a loop into the slab of its iteration", async () => {
        const ids = arg([3, 4], "i32")
        const v = arg([3, 4])
        const o = out([3, 5])
        const [t, p, n] = [axis(3), axis(5), axis(4)]
        const body = [
          kernel(o, [p], [ix(t), ix(p)], num(0, "f32")),
          kernel(o, [n], [ix(t), dyn(read(ids, [ix(t), ix(n)]), 5)], read(v, [ix(t), ix(n)]), "add"),
        ]
        await same([{ k: "loop", t, reverse: false, body }], [ids, v], [o], [[0, 4, 4, 2, 1, 1, 1, 1, 3, 2, 1, 0], numbers(12)])
      })
    })

    describe("expressions", () => {
      test("prefix sums; reductions inside reductions; products", async () => {
        const x = arg([5, 9])
        const o = out([5, 9])
        const q = out([5])
        const [i, j] = [axis(5), axis(9)]
        const k = axis(9)
        const prefix = reduceOver("add", [k], read(x, [ix(i), ix(k)]), ix(j))
        const nested = mapped(q, ([r]) =>
          reduce("max", [9], ([c]) => call(S.add, [read(x, [r!, c!]), reduce("mul", [3], ([z]) => call(S.add, [read(x, [r!, z!]), num(2, "f32")]))])))
        await same([kernel(o, [i, j], [ix(i), ix(j)], prefix), nested], [x], [o, q])
      })
      test("guards keep out what is outside: padding, zero-dilation, concatenation", async () => {
        const [x, y] = [arg([4, 5]), arg([3, 5])]
        const [pad, dilated, joined] = [out([7, 8]), out([7, 5]), out([7, 5])]
        await same(
          [
            mapped(pad, ([i, j]) => guard([inside(plus(i!, -1), 4), inside(plus(j!, -2), 5)], read(x, [plus(i!, -1), plus(j!, -2)]), 7)),
            mapped(dilated, ([i, j]) => guard([{ e: i!, by: 2 }], read(x, [div(i!, 2), j!]), 0)),
            mapped(joined, ([i, j]) => call(S.add, [guard([inside(i!, 4)], read(x, [i!, j!]), 0), guard([inside(plus(i!, -4), 3)], read(y, [plus(i!, -4), j!]), 0)])),
          ],
          [x, y], [pad, dilated, joined], undefined, 0,
        )
      })
      test("reshapes: quotients and remainders by 3, 7, 10, 12 of every index", async () => {
        const x = arg([6, 35, 12])
        const shapes = [[2520], [7, 360], [10, 252], [3, 840], [12, 21, 10]]
        const outs = shapes.map((s) => out(s))
        await same(outs.map((o) => mapped(o, (i) => read(x, unflat(flat(i, o.shape), x.shape)))), [x], outs, undefined, 0)
      })
      test("2^21 elements: no index is off by one", async () => {
        const n = 3 * 7 * 99991 // 2,099,811
        const o = out([n], "i32")
        const q = out([n], "i32")
        const run = await both(b, lowered([mapped(o, ([i]) => idx(mod(i!, 1001), "i32")), mapped(q, ([i]) => idx(div(i!, 21), "i32"))], [], [o, q]), [])
        expect(run.got[0]!.findIndex((v, i) => v !== i % 1001)).toBe(-1)
        expect(run.got[1]!.findIndex((v, i) => v !== Math.floor(i / 21))).toBe(-1)
      })
      test("a sum of 10^5 tenths, one thread, to 1e-6", async () => {
        const x = arg([100_000])
        const o = out([])
        const { got } = await both(b, lowered([mapped(o, () => reduce("add", [100_000], ([k]) => read(x, [k!])))], [x], [o]), [Array(100_000).fill(0.1)])
        expect(Math.abs(got[0]![0]! / 10000 - 1)).toBeLessThan(1e-6)
      })
      test("a sum of a prime number of terms, and over three axes", async () => {
        const x = arg([1009])
        const y = arg([6, 9, 11])
        const [o, p] = [out([]), out([])]
        await same(
          [mapped(o, () => reduce("add", [1009], ([k]) => read(x, [k!]))), mapped(p, () => reduce("add", [6, 9, 11], (k) => read(y, k)))],
          [x, y], [o, p],
        )
      })
      test("infinities as constants, as units of max and min, and through where", async () => {
        const x = arg([2, 3])
        const outs = [out([2]), out([2]), out([2, 3])]
        const row = (kind: Kind) => ([i]: readonly Ix[]) => reduce(kind, [3], ([k]) => read(x, [i!, k!]))
        const masked = (i: readonly Ix[]) => call(S.where, [call(S.lt, [read(x, i), num(0, "f32")]), num(-Infinity, "f32"), read(x, i)])
        const { got } = await both(b, lowered([mapped(outs[0]!, row("max")), mapped(outs[1]!, row("min")), mapped(outs[2]!, masked)], [x], outs), [
          [-Infinity, -Infinity, -Infinity, 1, -2, 3],
        ])
        expect(got).toEqual([[-Infinity, 3], [-Infinity, -2], [-Infinity, -Infinity, -Infinity, 1, -Infinity, 3]])
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
          [mapped(none, (i) => read(x, i)), mapped(sums, ([j]) => reduce("add", [0], ([k]) => read(x, [k!, j!]))), mapped(scalar, () => doubled(read(y, [ix(0)])))],
          [x, y], [none, sums, scalar], undefined, 0,
        )
      })
      test("bool and i32 arrays come back in their own dtypes", async () => {
        const x = arg([4], "i32")
        const p = arg([4], "bool")
        const outs = [out([4], "bool"), out([4], "i32")]
        await same(
          [mapped(outs[0]!, (i) => call(S.and, [call(S.lt, [read(x, i), num(3, "i32")]), call(S.not, [read(p, i)])])), mapped(outs[1]!, (i) => call(S.add, [castTo(read(p, i), "i32"), call(S.mul, [read(x, i), num(-4095, "i32")])]))],
          [x, p], outs, [[1, 2, 3, 4095], [0, 1, 0, 1]], 0,
        )
      })
    })
  })
