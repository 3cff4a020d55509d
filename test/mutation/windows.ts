// Rules of sliding windows, convolutions and pools, broken.
import { type Mutant, twinsOf } from "./suites.ts"

export const windows: readonly Mutant[] = [
  {
    name: "one window too few",
    file: "typelevel/conv.ts",
    find: "Signed<Add<T, Stride>, C>",
    replace: "Signed<T, C>",
    suite: twinsOf("windows"),
  },
  {
    name: "a window as large as its axis refused",
    file: "typelevel/conv.ts",
    find: `M extends "negative" | "0" ? TooLarge`,
    replace: `M extends "negative" | "0" | "1" ? TooLarge`,
    suite: twinsOf("windows"),
  },
  {
    name: "dilation of all elements of a window",
    file: "typelevel/conv.ts",
    find: "Add<Mul<Dilation, Sub<K, 1>>, 1>",
    replace: "Mul<Dilation, K>",
    suite: twinsOf("windows"),
  },
  {
    name: "padding on one side",
    file: "typelevel/conv.ts",
    find: "P extends number ? Add<P, P>",
    replace: "P extends number ? P",
    suite: twinsOf("conv2d"),
  },
  {
    name: "'full' padding of whole windows",
    file: "typelevel/conv.ts",
    find: "Add<Sub<C, 1>, Sub<C, 1>>",
    replace: "Add<C, C>",
    suite: twinsOf("conv1d"),
  },
  {
    name: "an outputPadding of whole strides",
    file: "typelevel/conv.ts",
    find: `"<" extends Compare<Extra, Stride> | Compare<Extra, Dilation> ? 0`,
    replace: `"<" extends Compare<Extra, Add<Stride, 1>> | Compare<Extra, Dilation> ? 0`,
    suite: twinsOf("convTranspose2d"),
  },
  {
    name: "a transposed convolution keeps what padding takes",
    file: "typelevel/conv.ts",
    find: "Signed<Add<C, Extra>, Add<Stride, T>>",
    replace: "Signed<Add<C, Extra>, Stride>",
    suite: twinsOf("convTranspose2d"),
  },
  {
    name: "'same' padding without the stride",
    file: "typelevel/conv.ts",
    find: "(Stride extends 1 ? N : N extends number ? CeilDiv<N, Stride> : Known<Over<N, Stride>>)",
    replace: "N",
    suite: twinsOf("conv2d"),
  },
  {
    name: "the ceiling keeps a window that begins beyond",
    file: "typelevel/pool.ts",
    find: `"negative" ? Num<AddD<Q, "1">> : Num<Q>`,
    replace: `"negative" ? Num<AddD<Q, "1">> : Num<AddD<Q, "1">>`,
    suite: "wrong programs",
  },
  {
    name: "a pool whose windows see only padding above",
    file: "typelevel/pool.ts",
    find: "(R extends `${Op}: ${string}` ? R : Covers<Op, N, U, K, M>)",
    replace: "R",
    suite: "wrong programs",
  },
  {
    name: "an axis of unknown size has no elements",
    file: "typelevel/pool.ts",
    find: "(H extends 0 ? true : Hollow<R>)",
    replace: "(0 extends H ? true : Hollow<R>)",
    suite: "wrong programs",
  },
  {
    name: "parts of a named axis are unknown",
    file: "typelevel/pool.ts",
    find: "(M extends number ? M : H)",
    replace: "(H extends string ? H : M extends number ? M : H)",
    suite: "wrong programs",
  },
]
