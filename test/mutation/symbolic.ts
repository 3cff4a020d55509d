// Expressions over names and what calls tell of them, broken: types alone, their run-time twins, and functions as parameters.
import { type Mutant, tests } from "./suites.ts"

const symbolic = tests("types/symbolic")
const shaped = tests("transform/expressions")

export const symbolicTypes: readonly Mutant[] = [
  {
    name: "symbolic: terms in the order of writing",
    file: "typelevel/symbolic.ts",
    find: `: O extends "<" ? [...Seen, T, H, ...R] : Insert<R, T, [...Seen, H]>`,
    replace: `: Insert<R, T, [...Seen, H]>`,
    suite: symbolic,
  },
  {
    name: "symbolic: factors in the order of writing",
    file: "typelevel/symbolic.ts",
    find: `? Order<F, H> extends "<" ? [...Seen, F, H, ...R] : InsertFactor<R, F, [...Seen, H]>`,
    replace: `? InsertFactor<R, F, [...Seen, H]>`,
    suite: symbolic,
  },
  {
    name: "symbolic: a negative coefficient added",
    file: "typelevel/symbolic.ts",
    find: `D extends "negative" ? [[T[0], SubD<T[1], H[1]>, H[2]]]`,
    replace: `D extends "negative" ? [[H[0], SubD<T[1], H[1]>, H[2]]]`,
    suite: symbolic,
  },
  {
    name: "symbolic: signs of products",
    file: "typelevel/symbolic.ts",
    find: `[T[0] extends H[0] ? "+" : "-", MulD<T[1], H[1]>`,
    replace: `["+", MulD<T[1], H[1]>`,
    suite: symbolic,
  },
  {
    name: "symbolic: quotients of coefficients with a remainder",
    file: "typelevel/symbolic.ts",
    find: `? DivD<H[1], T[1]> extends [infer C extends string, "0"]`,
    replace: `? DivD<H[1], T[1]> extends [infer C extends string, unknown]`,
    suite: symbolic,
  },
  {
    name: "symbolic: every name divides every other",
    file: "typelevel/symbolic.ts",
    find: `H extends F ? [...Seen, ...R] : Without<R, F, [...Seen, H]>
    : never`,
    replace: `H extends F ? [...Seen, ...R] : Without<R, F, [...Seen, H]>
    : Seen`,
    suite: symbolic,
  },
  {
    name: "symbolic: a declaration that is not cancelled",
    file: "typelevel/symbolic.ts",
    find: `[W] extends [never] ? Cancelled<G, C, R, [...Kept, H]> : Cancelled<G, C, [...W, N]>`,
    replace: `Cancelled<G, C, R, [...Kept, H]>`,
    suite: "wrong programs",
  },
  {
    name: "unify: a quotient that nobody judges",
    file: "typelevel/unify.ts",
    find: `V extends true ? E : V extends string ? V : Later<E, [X, Y]>`,
    replace: `V extends unknown ? E : never`,
    suite: "wrong programs",
  },
  {
    name: "unify: what waits is forgotten",
    file: "typelevel/unify.ts",
    find: `Actual extends readonly [] ? ("?" extends keyof E ? Settled<Op, P, A, E> : E)`,
    replace: `Actual extends readonly [] ? E`,
    suite: "wrong programs",
  },
  {
    name: "unify: what waits is settled once",
    file: "typelevel/unify.ts",
    find: `[keyof E] extends [Before] ? E : Settled<Op, P, A, E>`,
    replace: `[keyof E] extends [never] ? Settled<Op, P, A, E> : E`,
    suite: "wrong programs",
  },
  {
    name: "shaped: a square that tells its root",
    file: "typelevel/shaped.ts",
    find: `IsLinear<X, U> extends true ? U : never`,
    replace: `IsLinear<X, U> extends boolean ? U : never`,
    suite: "wrong programs",
  },
  {
    name: "shaped: a function that is not asked what it takes",
    file: "typelevel/shaped.ts",
    find: `[S] extends [never] ? notTaken<Op, A> : S extends Shape`,
    replace: `[S] extends [never] ? unknown : S extends Shape`,
    suite: "wrong programs",
  },
  {
    name: "shaped: a parameter's names bound anew in the body",
    file: "typelevel/shaped.ts",
    find: `: SameSizes<ShapeOf<P>, X["shape"]> extends true ? Agreed<PR, XR, [...Acc, X]>`,
    replace: `: [P] extends [unknown] ? Agreed<PR, XR, [...Acc, X]>`,
    suite: "wrong programs",
  },
]
export const symbolicTwins: readonly Mutant[] = [
  {
    name: "unify at run time: what waits is settled once",
    file: "src/core/unify.ts",
    find: "b.waiting.length > 0 && before < count(b)",
    replace: "b.waiting.length > 0 && before < 0",
    suite: tests("transform/settle"),
  },
  {
    name: "shaped at run time: a function before what it takes is never asked",
    file: "src/transform/shaped.ts",
    find: "later.push([op, spec, f])",
    replace: "void [op, spec, f, later]",
    suite: tests("transform/settle"),
  },
  {
    name: "symbolic at run time: h*(d/h) is not d",
    file: "src/core/dims.ts",
    find: "const value = (p: Sum): Sum => collect(p.map(cancelled))",
    replace: "const value = (p: Sum): Sum => collect(p.filter((t) => cancelled(t)))",
    suite: shaped,
  },
  {
    name: "symbolic at run time: the order of terms",
    file: "src/core/dims.ts",
    find: `(a === b ? 0 : a === "" ? 1 : b === "" ? -1 : order(a, b))`,
    replace: `(a === b ? 0 : order(a, b))`,
    suite: symbolic,
  },
  {
    name: "unify at run time: quotients are not judged",
    file: "src/core/unify.ts",
    find: "else if (evaluate(`${n}/${m}`, names) === undefined)",
    replace: "else if (evaluate(`${n}`, names) === undefined)",
    suite: shaped,
  },
  {
    name: "shaped at run time: what a function gives tells nothing",
    file: "src/transform/shaped.ts",
    find: "return matchTensor(op, to, given(",
    replace: "return b ?? matchTensor(op, to, given(",
    suite: shaped,
  },
]
