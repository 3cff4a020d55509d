// What the scatters ask of their arguments, updates of the shape that `take` would give for these indices; and what they store.
import { type Args, axisOf, type BodyArgs, type Gen, ir, type RawTensor, refuse, same, show, type Store } from "../core/index.ts"
import { dtypesDiffer } from "../core/messages.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer } from "../../typelevel/messages.ts"
import type { Axis, Rankless, SameShape, SameSizes, Shape, Show, Splice } from "../../typelevel/shape.ts"
import { integersOnly } from "./_dtypes.ts"
import { someIndices } from "./_examples.ts"
import type { Lookup } from "./take.ts"

/** S, or the sentence where updates U are not as many as the indices I name places on axis X. */
export type ScatterRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  I extends Shape,
  U extends Shape,
  E extends DType,
  X extends number,
> = [D & E] extends [never]
  ? DTypesDiffer<Op, D, E>
  : SameShape<Op, S, X> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? Shape
      : Rankless<I> extends true
        ? S
        : number extends Axis<S, X>
          ? S
          : S[Axis<S, X>] extends 0
            ? nowhere<Op, S, Axis<S, X>>
            : Splice<S, Axis<S, X>, I> extends infer W extends Shape
              ? SameSizes<U, W> extends true
                ? S
                : misfit<Op, S, I, U, W>
              : never
type misfit<
  Op extends string,
  S,
  I,
  U,
  W,
> = `${Op}: updates ${Show<U>} do not fit: indices ${Show<I>} into ${Show<S>} need ${Show<W>}; reshape the updates`
const misfit = (op: string, s: readonly number[], i: readonly number[], u: readonly number[], w: readonly number[]): string =>
  `${op}: updates ${show(u)} do not fit: indices ${show(i)} into ${show(s)} need ${show(w)}; reshape the updates`
type nowhere<
  Op extends string,
  S extends Shape,
  X extends number,
> = `${Op}: axis ${X} of ${Show<S>} is empty; there is no place for updates`
const nowhere = (op: string, s: readonly number[], axis: number): string =>
  `${op}: axis ${axis} of ${show(s)} is empty; there is no place for updates`

/** The axis, non-negative, or the sentence. */
export const checkScatter = (op: string, x: RawTensor, i: RawTensor, u: RawTensor, axis: unknown): number => {
  // the order of the arguments: what is wrong with the first axis stands at the tensor
  if (axis === 0) axisOf(op, x.shape, 0)
  integersOnly(op)([i])
  const k = axisOf(op, x.shape, axis as number)
  if (x.dtype !== u.dtype) refuse(dtypesDiffer(op, x.dtype, u.dtype))
  if (x.shape[k] === 0) refuse(nowhere(op, x.shape, k))
  const wanted = x.shape.toSpliced(k, 1, ...i.shape)
  if (!same(u.shape, wanted)) refuse(misfit(op, x.shape, i.shape, u.shape, wanted))
  return k
}

export interface Scattering extends Lookup {
  readonly size: number
}
/** i [B, I], u [B, P, I, S] and a base [B, P, n, S]: the base (0 where there is none), then each update joined to its place. */
export const storeOf =
  (accumulate: ir.Kind) =>
  ([j, u, base]: readonly ir.Access[], { attrs: { axis, batch, size }, ins, i: o }: BodyArgs<Scattering>): Store => {
    const axes = ins[1]!.shape.map(ir.axis)
    const i = axes.map(ir.ix)
    const rank = ins[0]!.shape.length - batch
    const row = ir.dyn(j!([...i.slice(0, batch), ...i.slice(axis, axis + rank)]), size)
    const init = base ? base(o) : ir.num(0, ins[1]!.dtype)
    return { init, axes, at: i.toSpliced(axis, rank, row), value: u!(i), accumulate }
  }
export const scatteredShape = (
  [j, u]: readonly { readonly shape: readonly number[] }[],
  { axis, batch, size }: Scattering,
): number[] => u!.shape.toSpliced(axis, j!.shape.length - batch, size)

/** x, indices, updates and perhaps the axis. */
export const someScatter =
  (...dtypes: readonly DType[]) =>
  (g: Gen): Args => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const shape = s.with(axis, Math.max(1, s[axis]!))
    const i = someIndices(g, shape[axis]!)
    const dtype = g.pick(dtypes)
    const args = [g.tensor(shape, dtype), i, g.tensor(shape.toSpliced(axis, 1, ...i.shape), dtype)]
    return axis === 0 && g.bool() ? args : [...args, g.bool() ? axis : axis - s.length]
  }
/** What all scatters refuse: updates of another shape or rank, indices that are no integers, other dtypes, other axes, an empty axis. */
export const misplaced: readonly ((g: Gen) => Args)[] = [
  (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([g.int(5, 9), 3])],
  (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([4])],
  (g) => [g.tensor([5, 3]), g.tensor([4], g.pick(["f32", "bool"])), g.tensor([4, 3])],
  (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([4, 3], g.pick(["i32", "u32"]))],
  (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([5, 4]), g.pick([2, -3])],
  (g) => [g.tensor([0, 3]), g.tensor([g.int(1, 4)], "i32"), g.tensor([4, 3])],
]
/** What those refuse that need numbers. */
export const notNumbers: readonly ((g: Gen) => Args)[] = [
  (g) => [g.tensor([5, 3], "bool"), g.tensor([g.pick([4])], "i32"), g.tensor([4, 3], "bool")],
]
