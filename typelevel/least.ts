// The first of several strings in the order of their characters. Unions have no order that compilers agree on, and a message must name one.

/** The printable characters of ASCII in order; others come behind them, in whatever order the compiler keeps them. */
type Characters =
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
type First<C extends string, Rest extends string = Characters> =
  Rest extends `${infer H}${infer R}` ? (H extends C ? H : First<C, R>) : C
type Heads<U> = U extends `${infer C}${string}` ? C : never
type Tails<U, C extends string> = U extends `${C}${infer R}` ? R : never

/** The least of a union of strings; a string that begins another is less. */
export type Least<U extends string, Prefix extends string = ""> =
  [U] extends [never] ? Prefix // a path with a key that is not known
    : "" extends U ? Prefix
    : First<Heads<U>> extends infer C extends string ? Least<Tails<U, C>, `${Prefix}${C}`> : never

/**
 * Of pairs of a path and what is there, a sentence perhaps, that of the first path; `[]` where there is none, or where keys are not known:
 * then the run time says it.
 */
export type FirstOf<M> =
  [M] extends [never] ? []
    : At<M, Least<M extends readonly [infer P extends string, unknown] ? P : never>> extends infer S ? ([S] extends [never] ? [] : S) : never
type At<M, P> = M extends readonly [P, infer Sentence] ? Sentence : never
