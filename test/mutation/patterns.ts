// Rules of patterns, ranges of axes and packing, broken.
import type { Mutant } from "./suites.ts"

export const patterns: readonly Mutant[] = [
  {
    name: "einops: the inferred size is that of the axis",
    file: "typelevel/einops.ts",
    find: "{ env: Env & Sized<Hole & string, Q> }",
    replace: "{ env: Env & Sized<Hole & string, D> }",
    suite: "wrong programs",
  },
  {
    name: "einops: axes lost on the right",
    file: "typelevel/einops.ts",
    find: "[L[1], L[2]] extends [R[1], never]",
    replace: "[R[1], never] extends [R[1], never]",
    suite: "wrong programs",
  },
  {
    name: "einops: any rank",
    file: "typelevel/einops.ts",
    find: `S["length"] extends L["length"] ? true : false`,
    replace: `S["length"] extends L["length"] ? true : true`,
    suite: "wrong programs",
  },
  {
    name: "einops: a name twice",
    file: "typelevel/einops.ts",
    find: "W extends Names ? namedTwice<Pre, W>",
    replace: "W extends never ? namedTwice<Pre, W>",
    suite: "wrong programs",
  },
  {
    name: "einops: a reduction of no elements",
    file: "typelevel/einops.ts",
    find: "N extends R[1] ? false : None<E[N]>",
    replace: "N extends R[1] ? false : false",
    suite: "wrong programs",
  },
  {
    name: "pack: one element for each tensor",
    file: "typelevel/pack.ts",
    find: "Plus<N, ProductOf<M>>",
    replace: "Plus<N, 1>",
    suite: "wrong programs",
  },
  {
    name: "unpack: shapes that do not hold all",
    file: "typelevel/pack.ts",
    find: ": Fits<N, Total> extends true ? Outer",
    replace: ": true extends true ? Outer",
    suite: "wrong programs",
  },
  {
    name: "flatten: the size of the last axis",
    file: "typelevel/flatten.ts",
    find: "Within<T, To, Head, Times<P, D>, [...Seen, D]>",
    replace: "Within<T, To, Head, D, [...Seen, D]>",
    suite: "wrong programs",
  },
  {
    name: "transpose: axes that are not named come first",
    file: "typelevel/ellipsis.ts",
    find: "[...Acc, ...Rest]>",
    replace: "[...Rest, ...Acc]>",
    suite: "wrong programs",
  },
]
