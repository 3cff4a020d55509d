// Arguments of ops along a diagonal.
import type { Args, DType, Gen } from "../core/index.ts"

export const diagonalExamples =
  (dtypes: readonly DType[]) =>
  (g: Gen): Args => {
    const s = g.shape(2, 4)
    const x = g.tensor(s, g.pick(dtypes))
    const from = g.int(0, s.length - 1)
    const to = (from + g.int(1, s.length - 1)) % s.length
    const side = (k: number): number => (g.bool() ? k : k - s.length)
    return g.pick([[x], [x, g.int(-2, 2)], [x, 0, side(from), side(to)], [x, g.int(-3, 3), side(from), side(to)]])
  }
export const diagonalRefused: readonly ((g: Gen) => Args)[] = [
  (g) => [g.tensor(g.pick([[], [3]]))],
  (g) => [g.tensor([2, g.int(2, 4)]), g.pick([0.5, -1.5])],
  (g) => [g.tensor([2, g.int(2, 4)]), 0, g.pick([2, -3])],
  (g) => [g.tensor([2, g.int(2, 4)]), 0, 0, g.pick([2, -3])],
  (g) => [g.tensor([2, g.int(2, 4)]), 1, g.pick([1, -1]), 1],
  (g) => [g.tensor([2, g.int(2, 4)]), 0, g.pick([1, -1])],
]
