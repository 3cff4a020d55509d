// Contractions that are tiled on webgpu: every transposition, ragged sizes, convolutions and their gradients, epilogues, split sums.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { gpujs } from "../../../src/backends/gpujs/index.ts"
import {
  axis,
  type Buf,
  call,
  type Expr,
  type Ix,
  ix,
  num,
  plus,
  read,
  reduce,
  type Stmt,
  times,
} from "../../../src/core/ir/index.ts"
import * as S from "./_scalars.ts"
import { webgpuHere } from "./_devices.ts"
import { arg, both, lowered, mapped, out, prng, size, temp, worst } from "./_run.ts"

const product = (a: Expr, b: Expr): Expr => call(S.mul, [a, b])
const numbers = (n: number, seed: number): number[] => {
  const r = prng(seed)
  return Array.from({ length: n }, () => Math.fround(2 * r() - 1))
}
describe.skipIf(!webgpuHere)("tiled contractions on gpujs-webgpu", () => {
  let b: Backend
  beforeAll(async () => {
    b = await gpujs({ mode: "webgpu", adapter: "software" })
  })
  afterAll(() => b.close())
  const same = async (stmts: readonly Stmt[], args: readonly Buf[], outs: readonly Buf[]): Promise<string> => {
    const { got, want, listing } = await both(
      b,
      lowered(stmts, args, outs),
      args.map((a, k) => numbers(size(a), k + 1)),
    )
    // Sums of up to 900 products of order 1/3 in f32, in blocks of 16.
    got.forEach((g, k) => expect(worst(g, want[k]!), `output ${k}`).toBeLessThan(3e-6))
    expect(listing).toContain("workgroupBarrier")
    return listing
  }
  for (const [m, n, k] of [
    [64, 64, 64],
    [70, 41, 53],
    [8, 300, 64],
    [201, 9, 90],
    [65, 129, 17],
  ] as const)
    for (const [ta, tb] of m % 2
      ? ([
          [true, false],
          [false, true],
        ] as const)
      : ([
          [false, false],
          [true, true],
        ] as const))
      test(`${m} x ${k} by ${k} x ${n}${ta ? ", A transposed" : ""}${tb ? ", B transposed" : ""}`, async () => {
        const a = arg(ta ? [k, m] : [m, k])
        const c = arg(tb ? [n, k] : [k, n])
        const o = out([m, n])
        const at = (t: boolean, i: Ix, j: Ix): Ix[] => (t ? [j, i] : [i, j])
        await same(
          [mapped(o, ([i, j]) => reduce("add", [k], ([r]) => product(read(a, at(ta, i!, r!)), read(c, at(tb, r!, j!)))))],
          [a, c],
          [o],
        )
      })
  test("a batch, with an epilogue and an output whose M is innermost", async () => {
    const [a, c, bias] = [arg([3, 40, 32]), arg([3, 32, 48]), arg([48])]
    const o = out([3, 48, 40])
    await same(
      [
        mapped(o, ([z, j, i]) =>
          call(S.tanh, [
            call(S.add, [reduce("add", [32], ([r]) => product(read(a, [z!, i!, r!]), read(c, [z!, r!, j!]))), read(bias, [j!])]),
          ]),
        ),
      ],
      [a, c, bias],
      [o],
    )
  })
  test("a strided convolution, its filter gradient with a split sum", async () => {
    const [x, w, dy] = [arg([4, 19, 19, 8]), arg([3, 3, 8, 16]), arg([4, 9, 9, 16])]
    const [y, dw] = [out([4, 9, 9, 16]), out([3, 3, 8, 16])]
    const listing = await same(
      [
        mapped(y, ([n, i, j, f]) =>
          reduce("add", [8, 3, 3], ([c, p, q]) =>
            product(read(x, [n!, plus(times(i!, 2), p!), plus(times(j!, 2), q!), c!]), read(w, [p!, q!, c!, f!])),
          ),
        ),
        mapped(dw, ([p, q, c, f]) =>
          reduce("add", [4, 9, 9], ([n, i, j]) =>
            product(read(x, [n!, plus(p!, times(i!, 2)), plus(q!, times(j!, 2)), c!]), read(dy, [n!, i!, j!, f!])),
          ),
        ),
      ],
      [x, w, dy],
      [y, dw],
    )
    expect(listing.match(/@compute/g)!.length).toBe(2)
  })
  test("a sum long enough to be cut into chunks", async () => {
    const [a, c] = [arg([900, 16]), arg([900, 24])]
    const o = out([16, 24])
    const listing = await same(
      [
        mapped(o, ([i, j]) =>
          call(S.mul, [reduce("add", [900], ([r]) => product(read(a, [r!, i!]), read(c, [r!, j!]))), num(0.5, "f32")]),
        ),
      ],
      [a, c],
      [o],
    )
    expect(listing).toContain("[6, 16, 24]") // six chunks of 150
  })
  test("operands that begin inside their arrays", async () => {
    const [a, c] = [arg([70, 60]), arg([60, 80])]
    const o = out([64, 72])
    await same(
      [
        mapped(o, ([i, j]) =>
          reduce("add", [48], ([r]) => product(read(a, [plus(i!, 3), plus(r!, 5)]), read(c, [plus(r!, 7), plus(j!, 2)]))),
        ),
      ],
      [a, c],
      [o],
    )
  })
  test("in a loop, with the iteration in the address of A", async () => {
    const [xs, w] = [arg([5, 64, 32]), arg([32, 72])]
    const ys = out([5, 64, 72])
    const t = axis(5)
    const h = temp([64, 72])
    const [i, j] = [axis(64), axis(72)]
    const body: Stmt[] = [
      mapped(h, ([i, j]) => reduce("add", [32], ([r]) => product(read(xs, [ix(t), i!, r!]), read(w, [r!, j!])))),
      { k: "kernel", out: ys, axes: [i, j], at: [ix(t), ix(i), ix(j)], value: read(h, [ix(i), ix(j)]) },
    ]
    await same([{ k: "loop", t, reverse: true, body }], [xs, w], [ys])
  })
})
