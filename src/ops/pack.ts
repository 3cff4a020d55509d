import type { Pack, PackPlace } from "../../typelevel/pack.ts"
import type { Nothing, TensorLike } from "../../typelevel/rule.ts"
import {
  type Calls,
  defineOp,
  make,
  type OpDef,
  type RawTensor,
  raw,
  refuse,
  same,
  show,
  size,
  tensorsIn,
} from "../core/index.ts"
import { dtypesDiffer, ofNothing } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import { misfit } from "./_einops.ts"
import { type Around, around, badPatterns, cut } from "./_pack.ts"
import { concat } from "./concat.ts"
import { reshape } from "./reshape.ts"

export type PackRule<L extends readonly TensorLike[], P extends string> = Pack<L, P>
/** The list; or, with a sentence where a tensor does not fit, the list that is asked for. */
type Tensors<L extends readonly TensorLike[], R> = [Refused<R>] extends [never]
  ? readonly [...L]
  : Refused<R> extends infer M
    ? M
    : never
type Refused<R> = R extends { list: infer M } ? M : never
type Packed<R, D extends TensorLike["dtype"]> = [R] extends [never]
  ? Nothing
  : R extends { shape: infer S; packed: infer M }
    ? [Of<S, D>, M]
    : Nothing

const outerDiffer = (s: readonly number[], t: readonly number[], x: number, y: number): string =>
  `pack: ${show(s)} and ${show(t)} differ outside of *: ${x} is not ${y}; pad or slice one of them`
const check = (all: readonly RawTensor[], pattern: string, places: Around): void => {
  const first = all[0] ?? refuse(ofNothing("pack"))
  for (const x of all) {
    if (x.dtype !== first.dtype) refuse(dtypesDiffer("pack", first.dtype, x.dtype))
    const least = places.before + places.behind
    if (x.shape.length < least) refuse(misfit("pack", x.shape, pattern, `it has rank ${x.shape.length}, not ${least} or more`))
    const outer = (t: RawTensor): number[] => [...cut(t.shape, places)[0], ...cut(t.shape, places)[2]]
    const [s, t] = [outer(first), outer(x)]
    const at = s.findIndex((n, k) => n !== t[k])
    if (!same(s, t)) refuse(outerDiffer(first.shape, x.shape, s[at]!, t[at]!))
  }
}
/** The shape with the axes of * as one. */
const joined = (s: readonly number[], places: Around): number[] => {
  const [head, middle, tail] = cut(s, places)
  return [...head, size(middle), ...tail]
}

/** Attributes: how many axes are shared before and behind. */
export const op: OpDef<Around> = defineOp<Around>({
  name: "pack",
  shape: (ins, places) => {
    const all = ins.map((x) => joined(x.shape, places)[places.before]!)
    return {
      dtype: ins[0]!.dtype,
      shape: joined(ins[0]!.shape, places).with(
        places.before,
        all.reduce((a, b) => a + b, 0),
      ),
    }
  },
  expand: (ins, places) =>
    raw(
      concat(
        ins.map((x) => raw(reshape(x, joined(x.shape, places)))),
        places.before,
      ),
    ),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const outer = g.shape(0, 2).map((n) => Math.min(n, 3))
    const before = g.int(0, outer.length)
    const dtype = g.pick(["f32", "f32", "i32", "bool"])
    const shape = (): number[] => [...outer.slice(0, before), ...g.shape(0, 2), ...outer.slice(before)]
    const names = ["b", "channels"].slice(0, outer.length)
    const pattern = [...names.slice(0, before), "*", ...names.slice(before)].join(g.pick([" ", "  "]))
    return [Array.from({ length: g.int(1, 3) }, () => g.tensor(shape(), dtype)), pattern]
  },
  refused: [
    (g) => [[], g.pick(["a *", "* b"])],
    ...badPatterns.map((p): Calls["examples"] => (g) => [[g.tensor([2, g.int(2, 4)])], p]),
    (g) => [[g.tensor([2, 3]), g.tensor([g.int(2, 4)])], "b * c"],
    (g) => [[g.tensor([2, 3]), g.tensor([g.int(3, 5), 3])], "b *"],
    (g) => [[g.tensor([2, 3]), g.tensor([3]), g.tensor([2, 5, g.int(4, 6)])], "* c"],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3], g.pick(["i32", "bool"]))], "b *"],
  ],
})

/**
 * Tensors that share some axes, put one behind the other along one axis that stands for all others: `[packed, shapes]`.
 *
 * In the pattern names stand for shared axes and `*` for any number of others, which become one axis. `shapes` are those at `*`:
 * `unpack(packed, shapes, pattern)` gives the tensors back. One dtype, any. Refuses tensors that differ outside of `*`.
 * Rogozhnikov, einops `pack`.
 * @example pack([zeros([2, 3, 4]), ones([2, 4])], "b * c")[0] // [2, 4, 4]
 */
export function pack<const L extends readonly TensorLike[], const P extends string>(
  tensors: Tensors<L, PackRule<L, P>>,
  pattern: Or<PackPlace<PackRule<L, P>, "pattern">, P>,
): Packed<PackRule<L, P>, L[number]["dtype"]> {
  const all = tensorsIn("pack", tensors)
  const places = around("pack", pattern as string)
  check(all, pattern as string, places)
  const shapes = all.map((x) => cut(x.shape, places)[1])
  return [make(op, all, places), shapes] as unknown as Packed<PackRule<L, P>, L[number]["dtype"]>
}
