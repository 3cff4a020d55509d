// Attention, lookups and parts, broken: rules of the type level, and what they compute.
import { batchesOf, derivativesOf, type Mutant, tests } from "./suites.ts"

export const attentionTypes: readonly Mutant[] = [
  {
    name: "attention: heads that do not divide",
    file: "src/ops/_attentionRule.ts",
    find: `? Fault<"heads", notDivisible<"attention", W, H>>`,
    replace: "? { lead: L; time: T; heads: H; size: number; width: W }",
    suite: "wrong programs",
  },
  {
    name: "attention: key heads that do not divide the others",
    file: "src/ops/_attentionRule.ts",
    find: `? Fault<"key", groupsMisfit<S, K, Q["heads"], G, H>>`,
    replace: "? { length: T; groups: G }",
    suite: "wrong programs",
  },
  {
    name: "attention: a mask aligned at the first axis",
    file: "src/ops/_attentionRule.ts",
    find: "? W extends readonly [...infer Q extends Shape, infer Y extends Dim]",
    replace: "? W extends readonly [infer Y extends Dim, ...infer Q extends Shape]",
    suite: "wrong programs",
  },
  {
    name: "multiHeadAttention: a memory of other batches",
    file: "src/nn/attention.ts",
    find: `SameSizes<Lead<B["shape"]>, Lead<A["shape"]>> extends false`,
    replace: `SameSizes<Lead<A["shape"]>, Lead<A["shape"]>> extends false`,
    suite: "wrong programs",
  },
  {
    name: "positionEmbedding: a table that is too short",
    file: "src/nn/tokens.ts",
    find: `? Compare<T, M> extends ">"`,
    replace: `? Compare<T, T> extends ">"`,
    suite: "wrong programs",
  },
  {
    name: "split: sizes that add up to something else",
    file: "src/ops/split.ts",
    find: "? Fits<T, S[A]> extends true",
    replace: "? Fits<T, T> extends true",
    suite: "wrong programs",
  },
  {
    name: "chunk: the last part as large as the others",
    file: "src/ops/chunk.ts",
    find: "? [...P, Last]",
    replace: "? L",
    suite: "wrong programs",
  },
  {
    name: "gather: more indices than there are places",
    file: "src/ops/gather.ts",
    find: `">" extends Compare<T, R>`,
    replace: `">" extends Compare<R, R>`,
    suite: "wrong programs",
  },
]

export const attentionDerivatives: readonly Mutant[] = [
  {
    name: "attention: sees what comes later",
    file: "src/ops/_attention.ts",
    find: "greaterEqual(iota([t, s], 0), iota([t, s], 1))",
    replace: "greaterEqual(iota([t, s], 1), iota([t, s], 0))",
    suite: tests("ops/attention"),
  },
  {
    name: "attention: the mask hides what it should leave",
    file: "src/ops/_attention.ts",
    find: "where(own, scores, lowest) : add(scores, own)",
    replace: "where(own, lowest, scores) : add(scores, own)",
    suite: tests("ops/attention"),
  },
  {
    name: "attention: weights that sum to 1 over the query",
    file: "src/ops/_attention.ts",
    find: "{ axes: [scores.shape.length - 1] }",
    replace: "{ axes: [scores.shape.length - 2] }",
    suite: tests("ops/attention"),
  },
  {
    name: "multiHeadAttention: heads of key and value taken for those of the query",
    file: "src/nn/attention.ts",
    find: "k === 0 ? heads : groups",
    replace: "k === 2 ? groups : heads",
    suite: tests("nn/attention"),
  },
  {
    name: "prependToken: the token at the end",
    file: "src/nn/tokens.ts",
    find: "concat([raw(first), x], -2)",
    replace: "concat([x, raw(first)], -2)",
    suite: tests("nn/attention"),
  },
  {
    name: "scatter: an update for places that have none",
    file: "src/ops/scatter.ts",
    find: "greater(which, 0)",
    replace: "greater(which, -1)",
    suite: tests("ops/gather", "scatter"),
  },
  {
    name: "scatterMax: equal values do not share",
    file: "src/ops/scatterMax.ts",
    find: "onto(fromU, fromX)",
    replace: "fromX",
    suite: derivativesOf("scatterMax"),
  },
  {
    name: "scatterMax: a batch that is not counted",
    file: "src/ops/scatterMax.ts",
    find: "batch: a.attrs.batch + 1",
    replace: "batch: a.attrs.batch",
    suite: batchesOf("scatterMax"),
  },
  {
    name: "takeAlongAxis: the axis not put back",
    file: "src/ops/takeAlongAxis.ts",
    find: "return moveAxis(taken, last, axis)",
    replace: "return moveAxis(taken, axis, last)",
    suite: tests("ops/gather", "takeAlongAxis"),
  },
  {
    name: "split: parts that begin at the beginning",
    file: "src/ops/_pieces.ts",
    find: "[from, (from += n)] as const",
    replace: "[0, n] as const",
    suite: tests("ops/split"),
  },
]
