import type { Fits } from "../../typelevel/dim.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import {
  type Calls,
  defineOp,
  type DType,
  emit,
  ir,
  lift,
  make,
  type OpDef,
  refuse,
  show,
  type Tensor,
  tensorIn,
  wordIn,
} from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { eq } from "../scalar/eq.ts"
import { where } from "../scalar/where.ts"
import { xor } from "../scalar/xor.ts"
import { cipher } from "./_threefry.ts"

/** Which of the two words that a counter gives: one, both mixed by exclusive or, or both along a new last axis. */
export type Word = "mix" | "first" | "second" | "pair"
type wrongKey<S> = `threefry: a key has shape [2], got ${Show<S>}; split or fold one key instead`
const wrongKey = (s: readonly number[]): string => `threefry: a key has shape [2], got ${show(s)}; split or fold one key instead`
type needsU32<D extends string> = `threefry: needs u32 tensors, got ${D}; cast it first`
const needsU32 = (d: string): string => `threefry: needs u32 tensors, got ${d}; cast it first`

type U32<S extends Shape, D extends DType> = [D & "u32"] extends [never] ? needsU32<D> : S
export type KeyRule<S extends Shape, D extends DType> =
  U32<S, D> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? S
      : S extends readonly [infer N]
        ? Fits<N, 2> extends true
          ? S
          : wrongKey<S>
        : wrongKey<S>
export type ThreefryRule<K extends Shape, E extends DType, S extends Shape, D extends DType, W extends Word> =
  KeyRule<K, E> extends string
    ? never
    : U32<S, D> extends infer R
      ? R extends Shape
        ? W extends "pair"
          ? [...R, 2]
          : R
        : R
      : never

/** Inputs: keys [...b, 2] and counters [...b, ...s], with `batch` shared axes b. */
interface Attrs {
  readonly batch: number
  readonly word: Word
}
/** ~110 operations of 32 bits per element, as one body. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "threefry",
  shape: ([key, counter], { batch, word }) => {
    for (const x of [key!, counter!]) if (x.dtype !== "u32") refuse(needsU32(x.dtype))
    const k = key!.shape.slice(batch)
    if (k.length !== 1 || k[0] !== 2) refuse(wrongKey(k))
    return { shape: word === "pair" ? [...counter!.shape, 2] : counter!.shape, dtype: "u32" }
  },
  body: ([key, counter], { i, attrs: { batch, word } }) => {
    const at = word === "pair" ? i.slice(0, -1) : i
    const lead = i.slice(0, batch)
    const [first, second] = cipher(key!([...lead, ir.ix(0)]), key!([...lead, ir.ix(1)]), ir.num(0, "u32"), counter!(at))
    if (word === "mix") return ir.call(xor, [first, second])
    if (word !== "pair") return word === "first" ? first : second
    return ir.call(where, [ir.call(eq, [ir.idx(i.at(-1)!, "u32"), ir.num(0, "u32")]), first, second])
  },
  jvp: "none",
  batch: (b) => make(op, lift(b), { ...b.attrs, batch: b.attrs.batch + 1 }),
})
export const calls = (): Calls => ({
  examples: (g) => [
    g.tensor([2], "u32", { lo: 0, hi: 4294967295 }),
    g.tensor(g.shape(0, 3), "u32", { lo: 0, hi: 4294967295 }),
    g.pick(["mix", "first", "second", "pair"]),
  ],
  refused: [
    (g) => [g.tensor([g.int(3, 9)], "u32"), g.tensor([2], "u32")],
    (g) => [g.tensor([2, 2], "u32"), g.tensor([2], "u32")],
    (g) => [g.tensor([2], "i32"), g.tensor([2], "u32")],
    (g) => [g.tensor([2], "u32"), g.tensor([2], "i32")],
  ],
})

/**
 * Random bits: the counters (0, c), element-wise, enciphered under a key: [2] u32 and [...s] u32 to [...s] u32 ([...s, 2] for
 * "pair").
 *
 * Equal keys and counters give equal bits on every backend; with counters 0 to n-1 and "mix" these are the bits of JAX's
 * `random.bits`. Refuses a key that is not [2], and dtypes other than u32.
 * Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3 (Threefry-2x32, 20 rounds).
 * @example threefry(zeros([2], "u32"), iota([4], 0, "u32")) // [4] u32
 */
export function threefry<K extends Shape, E extends DType, S extends Shape, D extends DType, const W extends Word = "mix">(
  key: Or<KeyRule<K, E>, Tensor<K, E>>,
  counter: Or<U32<S, D>, Tensor<S, D>>,
  word?: W,
): Of<ThreefryRule<K, E, S, D, W>, "u32"> {
  const k = tensorIn("threefry", key, "key")
  if (k.dtype === "u32" && (k.shape.length !== 1 || k.shape[0] !== 2)) refuse(wrongKey(k.shape))
  return emit(op, [key, counter], {
    batch: 0,
    word: wordIn("threefry", "word", word ?? "mix", ["mix", "first", "second", "pair"]),
  })
}
