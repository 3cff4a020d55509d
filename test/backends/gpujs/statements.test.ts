import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import {
  type Axis,
  axis,
  type Buf,
  call,
  div,
  dyn,
  type Expr,
  idx,
  ix,
  mod,
  num,
  plus,
  read,
  reduce,
  type Stmt,
  times,
} from "../../../src/core/ir/index.ts"
import * as S from "./_scalars.ts"
import { devices } from "./_devices.ts"
import { arg, comparing, kernel, mapped, numbers, out, temp } from "./_run.ts"

const doubled = (e: Expr): Expr => call(S.mul, [e, num(2, "f32")])

for (const d of devices)
  describe(`statements on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    const same = comparing(() => b)

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
        await same(
          [kernel(o, [i, j, a], [plus(times(i, 2), a), ix(j)], call(S.mul, [read(x, [ix(i), ix(j)]), idx(plus(a, 1), "f32")]))],
          [x],
          [o],
        )
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
            [x],
            [o],
            undefined,
            0,
          )
        }
      })
      test("of u32 in parts", async () => {
        const w = arg([5], "u32")
        const o = out([12], "u32")
        const [p, i, j] = [axis(12), axis(5), axis(5)]
        await same(
          [
            kernel(o, [p], [ix(p)], num(4000000000, "u32")),
            kernel(o, [i], [plus(i, 1)], read(w, [ix(i)])),
            kernel(o, [j], [plus(times(j, 2), 2)], read(w, [ix(j)])),
          ],
          [w],
          [o],
          [[1, 70000, 4294967295, 65536, 9]],
          0,
        )
      })
      test("a kernel that reads what it writes sees the old values", async () => {
        const o = out([6])
        const [i, j] = [axis(6), axis(6)]
        const v = arg([6])
        await same(
          [kernel(o, [i], [ix(i)], read(v, [ix(i)])), kernel(o, [j], [ix(j)], doubled(read(o, [ix(j)])))],
          [v],
          [o],
          undefined,
          0,
        )
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
          await same(
            [kernel(o, [p, q], [ix(p), ix(q)], num(0.5, "f32")), kernel(o, [n, f], at, read(rows, [ix(n), ix(f)]), kind)],
            [ids, rows],
            [o],
            [[0, 3, 3, 1, -2, 9, 3], numbers(21)],
          )
        })
      test("with a batch axis shared by ids and output, and a partial axis", async () => {
        const ids = arg([2, 4], "i32")
        const v = arg([2, 4, 2])
        const o = out([2, 3, 5])
        const [p, q, r, n, s, f] = [axis(2), axis(3), axis(5), axis(2), axis(4), axis(2)]
        const at = [ix(n), dyn(read(ids, [ix(n), ix(s)]), 3), ix(f)]
        await same(
          [
            kernel(o, [p, q, r], [ix(p), ix(q), ix(r)], num(0, "f32")),
            kernel(o, [n, s, f], at, read(v, [ix(n), ix(s), ix(f)]), "add"),
          ],
          [ids, v],
          [o],
          [[0, 1, 1, 2, 2, 2, 0, 1], numbers(16)],
        )
      })
      test("along a diagonal", async () => {
        for (const dtype of ["f32", "u32"] as const) {
          const x = arg([5], dtype)
          const o = out([5, 6], dtype)
          const [p, q, i] = [axis(5), axis(6), axis(5)]
          const fill = kernel(o, [p, q], [ix(p), ix(q)], num(1, dtype))
          const given = [[3, 1, 4, 1, 5]]
          await same([fill, kernel(o, [i], [ix(i), ix(i)], read(x, [ix(i)]), "add")], [x], [o], given, 0)
          await same([fill, kernel(o, [i], [ix(i), plus(i, 1)], read(x, [ix(i)]), "max")], [x], [o], given, 0)
        }
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
          [x, y],
          [o, w],
          [[1, 5, 9, 2, 3, 7, 70003, 0, 1], numbers(12)],
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
          kernel(
            m,
            [],
            [],
            reduce("max", [7], ([k]) => read(x, [ix(i), ix(j), k!])),
          ),
          kernel(e, [a], [ix(a)], call(S.exp, [call(S.sub, [read(x, [ix(i), ix(j), ix(a)]), read(m, [])])])),
          kernel(
            s,
            [],
            [],
            reduce("add", [7], ([k]) => read(e, [k!])),
          ),
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
        await same(
          [
            kernel(acc, [z], [ix(z)], num(0, "f32")),
            { k: "loop", t, reverse: false, body: [{ k: "loop", t: u, reverse: true, body: inner }] },
          ],
          [],
          [o],
          [],
          0,
        )
      })
      test("what a loop reads early in each iteration keeps its memory to the end of the last", async () => {
        const [x, o] = [arg([5]), out([4, 5])]
        const [fixed, early, late] = [temp([5]), temp([5]), temp([5])]
        const t = axis(4)
        const twice = (from: Buf, to: Buf): Stmt => mapped(to, (i) => doubled(read(from, i)))
        const [i] = [axis(5)]
        const last = kernel(o, [i], [ix(t), ix(i)], call(S.add, [read(late, [ix(i)]), idx(ix(t), "f32")]))
        await same(
          [twice(x, fixed), { k: "loop", t, reverse: false, body: [twice(fixed, early), twice(early, late), last] }],
          [x],
          [o],
        )
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
  })
