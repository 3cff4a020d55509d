import type { Calls, Gen, OpDef, RawTensor } from "../core/index.ts"
import { upto, tensorIn, optionsIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import {
  type Common,
  type Dot,
  dot,
  dotOp,
  type Multiplied,
  multiplied,
  type Paired,
  paired,
  type Places,
  places,
  type Product,
} from "./_dot.ts"

type List = readonly number[]
export interface DotGeneralOptions {
  /** Axes of a and axes of b that are summed over, pair by pair. Default: none. */
  readonly contract?: readonly [List, List]
  /** Axes of a and axes of b that are one axis of the result, pair by pair, in front. Default: none. */
  readonly batch?: readonly [List, List]
}

// ---- type rule -----------------------------------------------------------------------------------------------------
/** The pairs of an option; none where it is left out. */
type Pairs<O, Key extends "contract" | "batch"> = Key extends keyof O ? Paired<"dotGeneral", Key, O[Key]> : [[], []]
/** Axes of a and of b, batch first, with their number; or the sentence about the options. null: not known. */
type Axes<A extends Shape, B extends Shape, O> =
  Pairs<O, "contract"> extends infer C
    ? C extends string
      ? C
      : Pairs<O, "batch"> extends infer T
        ? T extends string
          ? T
          : [C, T] extends [
                readonly [infer C0 extends List, infer C1 extends List],
                readonly [infer T0 extends List, infer T1 extends List],
              ]
            ? Placed<A, B, [...T0, ...C0], [...T1, ...C1], T0["length"]>
            : null
        : never
    : never
type Placed<A extends Shape, B extends Shape, P extends List, Q extends List, N> =
  Places<"dotGeneral", A, P> extends infer X
    ? X extends string
      ? X
      : Places<"dotGeneral", B, Q> extends infer Y
        ? Y extends string
          ? Y
          : [X, Y] extends [List, List]
            ? { a: X; b: Y; n: N }
            : null
        : never
    : never
type First<S extends Shape, N, Acc extends Shape = []> = Acc["length"] extends N
  ? Acc
  : S extends readonly [infer H extends Shape[number], ...infer T extends Shape]
    ? First<T, N, [...Acc, H]>
    : Acc
/** The result's shape, or the sentence about b. */
export type DotGeneralRule<A extends Shape, D extends DType, B extends Shape, E extends DType, O> =
  Multiplied<"dotGeneral", D, E> extends infer M extends string
    ? M
    : Axes<A, B, O> extends infer X
      ? X extends { a: infer P extends List; b: infer Q extends List; n: infer N }
        ? Common<"dotGeneral", A, B, P, Q> extends infer K
          ? K extends Shape
            ? Product<A, B, First<K, N>, P, Q>
            : K
          : never
        : X extends string
          ? never
          : Shape
      : never
/** Shape, or the sentence about the options. */
export type DotGeneralAxes<A extends Shape, D extends DType, B extends Shape, E extends DType, O> =
  Multiplied<"dotGeneral", D, E> extends string ? never : Axes<A, B, O> extends infer X extends string ? X : Shape

// ---- run time ------------------------------------------------------------------------------------------------------
/** Pairs of axes of two tensors of equal sizes, at random places; some of them counted from the end. */
const drawn = (g: Gen): readonly [RawTensor, RawTensor, DotGeneralOptions] => {
  const dtype = g.pick(["f32", "f32", "f32", "i32"])
  const sizes = g.shape(1, 4)
  const kinds = sizes.map(() => g.pick(["batch", "contract", "contract", "a", "b"] as const))
  const side = (own: "a" | "b"): { readonly x: RawTensor; readonly axis: (k: number) => number } => {
    const order = upto(sizes.length).filter((k) => kinds[k] !== (own === "a" ? "b" : "a"))
    if (g.bool()) order.reverse()
    const back = g.bool() ? order.length : 0
    return {
      x: g.tensor(
        order.map((k) => sizes[k]!),
        dtype,
      ),
      axis: (k) => order.indexOf(k) - back,
    }
  }
  const [a, b] = [side("a"), side("b")]
  const pairs = (kind: string): [number[], number[]] => {
    const those = upto(sizes.length).filter((k) => kinds[k] === kind)
    return [those.map(a.axis), those.map(b.axis)]
  }
  const [contract, batch] = [pairs("contract"), pairs("batch")]
  return [a.x, b.x, batch[0].length === 0 && g.bool() ? { contract } : { contract, batch }]
}
export const op: OpDef<Dot> = dotOp("dotGeneral", {
  spelling: { onnx: "Einsum", stablehlo: "dot_general" },
})
export const calls = (): Calls => ({
  examples: drawn,
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9), 5]), { contract: [[1], [0]] }],
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9), 3]), { batch: [[0], [0]], contract: [[1], [1]] }],
    (g) => [g.tensor([2, 3]), g.tensor([3, 2]), { contract: [[0, 1], [g.pick([0, 1])]] }],
    (g) => [g.tensor([2, 3]), g.tensor([3, 2]), { batch: [[], [g.pick([0, 1])]] }],
    (g) => [g.tensor([2, 3]), g.tensor([3, 2]), { contract: [[g.pick([2, -3])], [0]] }],
    (g) => [g.tensor([2, 3]), g.tensor([3, 2]), { contract: [[1], [g.pick([2, -3])]] }],
    (g) => [g.tensor([2, 2]), g.tensor([2, 2]), { contract: [[0], [0]], batch: [[g.pick([0, -2])], [1]] }],
    (g) => [g.tensor([2, 3]), g.tensor([3, 2], g.pick(["i32", "f64"])), { contract: [[1], [0]] }],
    (g) => [g.tensor([2, 3], "bool"), g.tensor([3, g.int(1, 3)], "bool"), { contract: [[1], [0]] }],
  ],
})

/**
 * Products of a and b, summed over pairs of axes, along pairs of batch axes.
 *
 * `y[batch, free a, free b] = sum a[batch, free a, contract] b[batch, free b, contract]`: batch axes in the order given, then the other
 * axes of a, then those of b. Two tensors of one dtype, of numbers; axes may be negative. Refuses axes that do not exist, are named
 * twice or have no partner, and sizes that differ. StableHLO `dot_general`, JAX `lax.dot_general`.
 * @example dotGeneral(ones([8, 2, 3]), ones([3, 8, 5]), { contract: [[2], [0]], batch: [[0], [1]] }) // [8, 2, 5]
 */
export function dotGeneral<A extends Shape, D extends DType, B extends Shape, E extends DType, const O extends DotGeneralOptions>(
  a: Tensor<A, D>,
  b: Or<DotGeneralRule<A, D, B, E, O>, Tensor<B, E>>,
  options: Or<DotGeneralAxes<A, D, B, E, O>, O>,
): Of<DotGeneralRule<A, D, B, E, O>, D & E> {
  const [x, y] = [tensorIn("dotGeneral", a, "a"), tensorIn("dotGeneral", b, "b")]
  const given = optionsIn<DotGeneralOptions>("dotGeneral", options, ["contract", "batch"])
  multiplied("dotGeneral", x, y)
  const contract = paired("dotGeneral", "contract", given.contract ?? [[], []])
  const batch = paired("dotGeneral", "batch", given.batch ?? [[], []])
  const p = places("dotGeneral", x.shape, [...batch[0], ...contract[0]])
  const q = places("dotGeneral", y.shape, [...batch[1], ...contract[1]])
  const n = batch[0].length
  return dot(op, x, y, {
    batch: [p.slice(0, n), q.slice(0, n)],
    contract: [p.slice(n), q.slice(n)],
  }) as Of<DotGeneralRule<A, D, B, E, O>, D & E>
}
