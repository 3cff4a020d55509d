import type { DType } from "../../typelevel/dtype.ts"
import type { PackPlace, Unpack } from "../../typelevel/pack.ts"
import type { Nothing } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, makeAll, type OpDef, raw, refuse, show, size, tensorIn, listIn } from "../core/index.ts"
import { notASize } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import { misfit } from "./_einops.ts"
import { around, badPatterns } from "./_pack.ts"
import { reshape } from "./reshape.ts"
import { sizesIn } from "./_sizes.ts"
import { slice } from "./slice.ts"

export type UnpackRule<S extends Shape, L extends readonly Shape[], P extends string> = Unpack<S, L, P>
type Unpacked<R, D extends DType> = [R] extends [never]
  ? Nothing
  : R extends readonly unknown[]
    ? { [K in keyof R]: Of<R[K], D> }
    : Nothing

const holdsOther = (s: readonly number[], n: number, total: number): string =>
  `unpack: the shapes hold ${total} elements, the packed axis of ${show(s)} has ${n}; give the shapes that pack gave`
const inferredTwice = "unpack: the shapes leave more than one dimension (-1) to be inferred; give all but one"
const noMultiple = (rest: number, q: number): string =>
  `unpack: ${rest} elements are left for a shape whose other dimensions hold ${q}; give the shapes that pack gave`

/** The shapes without -1, or the sentence. */
const inferred = (s: readonly number[], axis: number, shapes: readonly (readonly number[])[]): (readonly number[])[] => {
  let hole: number | undefined
  let total = 0
  for (const t of shapes) {
    const others = t.filter((n) => n !== -1)
    if (others.length < t.length && (hole !== undefined || others.length + 1 < t.length)) refuse(inferredTwice)
    for (const n of others) if (!Number.isSafeInteger(n) || n < 0) refuse(notASize("unpack", n))
    if (others.length < t.length) hole = size(others)
    else total += size(others)
  }
  const rest = s[axis]! - total
  if (rest < 0 || (hole === undefined && rest > 0)) refuse(holdsOther(s, s[axis]!, total))
  if (hole !== undefined && (hole === 0 || rest % hole !== 0)) refuse(noMultiple(rest, hole))
  return shapes.map((t) => t.map((n) => (n === -1 ? rest / hole! : n)))
}

interface Attrs {
  readonly axis: number
  readonly shapes: readonly (readonly number[])[]
}
/** Attributes: the axis, and what it becomes in each output. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "unpack",
  shape: ([x], { axis, shapes }) => shapes.map((t) => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(axis, 1, ...t) })),
  expand: ([x], { axis, shapes }) => {
    let from = 0
    return shapes.map((t) => {
      const range = [from, (from += size(t))] as const
      const part = raw(
        slice(
          x!,
          x!.shape.map((_, k) => (k === axis ? range : null)),
        ),
      )
      return raw(reshape(part, x!.shape.toSpliced(axis, 1, ...t)))
    })
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const outer = g.shape(0, 2).map((n) => Math.min(n, 3))
    const axis = g.int(0, outer.length)
    const shapes: number[][] = Array.from({ length: g.int(1, 3) }, () => g.shape(0, 2))
    const n = shapes.reduce((a, t) => a + size(t), 0)
    const open = g.int(0, shapes.length * 2)
    const some = shapes.map((t, k) => (k === open && t.length > 0 && !t.includes(0) ? t.with(g.int(0, t.length - 1), -1) : t))
    const names = ["b", "channels"].slice(0, outer.length)
    const x = g.tensor(outer.toSpliced(axis, 0, n), g.pick(["f32", "f32", "i32", "bool"]))
    return [x, some, names.toSpliced(axis, 0, "*").join(" ")]
  },
  refused: [
    ...badPatterns.map((p): Calls["examples"] => (g) => [g.tensor([2, g.int(2, 4)]), [[2]], p]),
    (g) => [g.tensor(g.pick([[2], [2, 3, 4]])), [[3]], "b *"],
    (g) => [g.tensor([2, 9]), [[2, 3], [g.int(4, 6)]], "b *"],
    (g) => [g.tensor([2, 9]), [[2, 3], [], [g.int(0, 1)]], "b *"],
    (g) => [g.tensor([2, 9]), [[2, g.int(5, 7)], [-1]], "b *"],
    (g) => [g.tensor([2, 9]), [[-1], g.pick([[-1], [2, -1]])], "b *"],
    (g) => [g.tensor([2, 9]), [[2], [-1, g.int(2, 4), -1]], "b *"],
    (g) => [g.tensor([9, 2]), [[2], [-1, g.pick([2, 3, 5])]], "* c"],
    (g) => [g.tensor([9, 2]), [[2], [-1, 0]], "* c"],
    (g) => [g.tensor([9, 2]), [[12], [g.int(-9, -2)]], "* c"],
  ],
})

/**
 * Tensors out of a packed one: parts of the axis at `*`, each with a shape of its own instead of that axis. The inverse of `pack`.
 *
 * One dimension of the shapes may be -1 and is inferred. Every dtype. Refuses shapes that do not hold all elements of the axis.
 * Rogozhnikov, einops `unpack`.
 * @example unpack(zeros([2, 4, 4]), [[3], []], "b * c")[1] // [2, 4]
 */
export function unpack<S extends Shape, D extends DType, const L extends readonly Shape[], const P extends string>(
  x: Or<PackPlace<UnpackRule<S, L, P>, "x">, Tensor<S, D>>,
  shapes: Or<PackPlace<UnpackRule<S, L, P>, "sizes">, L>,
  pattern: Or<PackPlace<UnpackRule<S, L, P>, "pattern">, P>,
): Unpacked<UnpackRule<S, L, P>, D> {
  const t = tensorIn("unpack", x)
  const { before, behind } = around("unpack", pattern as string)
  const rank = before + 1 + behind
  if (t.shape.length !== rank) refuse(misfit("unpack", t.shape, pattern as string, `it has rank ${t.shape.length}, not ${rank}`))
  const all = inferred(
    t.shape,
    before,
    listIn("unpack", "the shapes", shapes).map((t) => sizesIn("unpack", t)),
  )
  return makeAll(op, [t], { axis: before, shapes: all }) as unknown as Unpacked<UnpackRule<S, L, P>, D>
}
