// The language of einops at run time: the twin of typelevel/einops.ts, and the plan that a pattern is lowered to.
import type { DType } from "../../typelevel/dtype.ts"
import type { AxisSizes, EinopsOp } from "../../typelevel/einops.ts"
import type { Fault, TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { isTensor, type RawTensor, raw, refuse, same, show, size, spelled, tensorsIn, textIn } from "../core/index.ts"
import { notPositive } from "../core/messages.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { reshape } from "./reshape.ts"
import { type Alike, alike, stack } from "./stack.ts"
import { transpose } from "./transpose.ts"

// ---- one tensor or several -----------------------------------------------------------------------------------------

/** A tensor, or a list of tensors of one shape, which get a common leading axis. */
export type OneOrMore = TensorLike | readonly TensorLike[]
/** The shape; `never` for tensors that differ, so that nothing else is said. */
export type ShapeOf<Op extends string, X extends OneOrMore> = X extends TensorLike
  ? X["shape"]
  : X extends readonly [infer H extends TensorLike, ...infer T extends readonly TensorLike[]]
    ? [H] extends [never]
      ? never
      : Differing<Op, [H, ...T]> extends false
        ? number extends H["shape"]["length"]
          ? Shape
          : [X["length"], ...H["shape"]]
        : never
    : Shape
/** The list with a sentence in it, or false. */
type Differing<Op extends string, L extends readonly TensorLike[]> =
  Alike<Op, L> extends infer M ? (L extends M ? false : M) : never
export type DTypeOf<X extends OneOrMore> = X extends TensorLike
  ? X["dtype"]
  : X extends readonly TensorLike[]
    ? X[number]["dtype"]
    : DType
/** X; or the sentence, at the tensor or at the tensor of the list that differs. (A test of X itself would keep the list from being a tuple.) */
export type AtTensors<Op extends string, X extends OneOrMore, R> = [Refused<Op, X, R>] extends [never]
  ? X
  : Refused<Op, X, R> extends infer M
    ? M
    : never
type Refused<Op extends string, X extends OneOrMore, R> = X extends readonly TensorLike[]
  ? Differing<Op, [...X]> extends infer M
    ? M extends false
      ? AtTensor<R>
      : M
    : never
  : AtTensor<R>
type AtTensor<R> = R extends Fault<"x", infer M> ? M : never
export const joined = (op: string, x: unknown): RawTensor => {
  if (!Array.isArray(x)) return isTensor(x) ? x : refuse(`${op}: ${spelled(x)} is no tensor; give a tensor or a list of them`)
  const all = tensorsIn(op, x)
  alike(op, all)
  return raw(stack(all))
}

// ---- sentences -----------------------------------------------------------------------------------------------------

const oneArrow = (op: string, p: string): string => `${op}: '${p}': one '->' stands between the axes before and after`
const closesNothing = (pre: string): string => `${pre}: a parenthesis closes nothing; open it first`
const notClosed = (pre: string): string => `${pre}: a parenthesis is not closed; close it`
const nested = (pre: string): string => `${pre}: parentheses inside parentheses; one level is allowed`
export const notAnAxis = (pre: string, w: string): string =>
  `${pre}: '${w}' is no axis; names have letters, digits and inner underscores, lengths are whole numbers of 1 or more`
export const namedTwice = (pre: string, n: string): string => `${pre}: ${n} stands twice on one side; name each axis once`
const splitsEllipsis = (pre: string): string => `${pre}: ... is inside parentheses on the left; name the axes there`
const ellipsisAlone = (pre: string): string => `${pre}: ... is on the right alone; it stands for axes of the left`
const onLeftAlone = (op: string, pre: string, x: Word): string =>
  `${pre}: ${x} is on the left alone; ${op} keeps every axis; reduce folds one`
const onRightAlone = (op: string, pre: string, x: Word): string =>
  `${pre}: ${x} is on the right alone; ${op} adds no axis; repeat does`
const sizeUnknown = (pre: string, n: Word): string => `${pre}: ${n} has no size; give it, for instance { ${n}: 2 }`
const sizesUnknown = (pre: string, n: Word, m: Word): string =>
  `${pre}: ${n} and ${m} share an axis and have no size; give one of them`
const noSuchAxis = (pre: string, n: string): string =>
  `${pre}: a size is given for ${n}, which is no axis of it; leave it out, or name it in the pattern`
export const misfit = (op: string, s: readonly number[], p: string, why: string): string =>
  `${op}: ${show(s)} does not fit '${p}': ${why}; change one of them`

// ---- patterns ------------------------------------------------------------------------------------------------------

/** A name, `...`, or a length. */
type Word = string | number
/** A group in parentheses, a lone word as a group of one, or `...` outside of parentheses. */
type PatternAxis = readonly Word[] | "..."
interface Pattern {
  readonly left: readonly PatternAxis[]
  readonly right: readonly PatternAxis[]
}

/** Words that are names have none of these; neither do they begin with a digit, nor have underscores at their ends. */
const odd = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~\t\n\r]|^_|_$|^\d/
export const isName = (w: string): boolean => !odd.test(w)
const lengthOf = (w: string): number | undefined =>
  /^[1-9]\d*$/.test(w) && Number.isSafeInteger(Number(w)) ? Number(w) : undefined

const side = (pre: string, text: string): readonly PatternAxis[] => {
  const axes: PatternAxis[] = []
  const names = new Set<string>()
  let group: Word[] | undefined
  for (const w of text.match(/[()]|[^() ]+/g) ?? []) {
    if (w === "(") {
      if (group) refuse(nested(pre))
      group = []
    } else if (w === ")") {
      axes.push(group ?? refuse(closesNothing(pre)))
      group = undefined
    } else {
      if (names.has(w)) refuse(namedTwice(pre, w))
      const word = w === "..." || isName(w) ? w : (lengthOf(w) ?? refuse(notAnAxis(pre, w)))
      if (typeof word === "string") names.add(word)
      if (group) group.push(...(word === 1 ? [] : [word]))
      else axes.push(word === "..." ? word : word === 1 ? [] : [word])
    }
  }
  if (group) refuse(notClosed(pre))
  return axes
}
const wordsOf = (axes: readonly PatternAxis[]): readonly Word[] => axes.flat()
const isLength = (w: Word): w is number => typeof w === "number"

/** The two sides, or the sentence: what is wrong with a pattern whatever tensor it is for. */
const parse = (op: EinopsOp, p: string): Pattern => {
  const pre = `${op}: '${textIn(op, "the pattern", p)}'`
  const [before, after, more] = p.split("->")
  if (before === undefined || after === undefined || more !== undefined) return refuse(oneArrow(op, p))
  const [left, right] = [side(pre, before), side(pre, after)]
  const [from, to] = [wordsOf(left), wordsOf(right)]
  if (to.includes("...") && !from.includes("...")) refuse(ellipsisAlone(pre))
  if (left.some((a) => a !== "..." && a.includes("..."))) refuse(splitsEllipsis(pre))
  const lost = from.find((w) => isLength(w) || !to.includes(w))
  if (op !== "reduce" && lost !== undefined) refuse(onLeftAlone(op, pre, lost))
  const added = to.find((w) => isLength(w) || !from.includes(w))
  if (op !== "repeat" && added !== undefined) refuse(onRightAlone(op, pre, added))
  return { left, right }
}

// ---- plans ---------------------------------------------------------------------------------------------------------

/** What a pattern does to a shape: reshape, fold axes, permute what is left, repeat along new axes, reshape. */
export interface Plan {
  /** The shape with one axis per word of the left side. */
  readonly split: readonly number[]
  /** Axes of it that are folded. */
  readonly folded: readonly number[]
  /** The order of the others. */
  readonly order: readonly number[]
  /** Sizes in the words of the right side, new axes included, and which are new. */
  readonly wide: readonly number[]
  readonly added: readonly number[]
  readonly to: readonly number[]
}

/** Sizes of the words of one axis of size n, one of which may be inferred. */
const solve = (
  n: number,
  group: readonly Word[],
  sizes: AxisSizes,
  says: { readonly unfit: (why: string) => string; readonly unknown: (a: Word, b: Word) => string },
): readonly number[] => {
  const given = group.map((w) => (isLength(w) ? w : (sizes[w] as number | undefined)))
  const holes = group.filter((_, k) => given[k] === undefined)
  if (holes.length > 1) refuse(says.unknown(holes[0]!, holes[1]!))
  const known = size(given.map((v) => v ?? 1))
  if (holes.length === 0 && n !== known)
    refuse(
      says.unfit(
        typeof group[0] === "string" && group.length === 1 ? `${group[0]} is ${n}, not ${known}` : `${n} is not ${known}`,
      ),
    )
  if (holes.length === 1 && n % known !== 0) refuse(says.unfit(`${n} is not a multiple of ${known}`))
  return given.map((v) => v ?? n / known)
}

const checkSizes = (op: EinopsOp, p: string, words: readonly Word[], sizes: AxisSizes): void => {
  const stranger = Object.keys(sizes).find((n) => !words.includes(n))
  if (stranger !== undefined) refuse(noSuchAxis(`${op}: '${p}'`, stranger))
  for (const [n, v] of Object.entries(sizes)) if (!Number.isSafeInteger(v) || (v as number) < 1) refuse(notPositive(op, n, v))
}

/** The plan of a pattern for a shape, or the sentence. */
export const planOf = (op: EinopsOp, s: readonly number[], p: string, given: AxisSizes | undefined): Plan => {
  const sizes = given ?? {}
  const pre = `${op}: '${textIn(op, "the pattern", p)}'`
  const { left, right } = parse(op, p)
  const [from, to] = [wordsOf(left), wordsOf(right)]
  const sizeless = to.find((w) => !isLength(w) && !from.includes(w) && !Object.hasOwn(sizes, w))
  if (sizeless !== undefined) refuse(sizeUnknown(pre, sizeless))
  checkSizes(
    op,
    p,
    [...from, ...to].filter((w) => w !== "..."),
    sizes,
  )
  const named = left.filter((a) => a !== "...").length
  const more = s.length - named
  if (named === left.length ? more !== 0 : more < 0)
    refuse(misfit(op, s, p, `it has rank ${s.length}, not ${named}${named === left.length ? "" : " or more"}`))

  // `...` becomes as many words as it stands for
  const dots = Array.from({ length: Math.max(more, 0) }, (_, k) => `...${k}`)
  const spelled = (axes: readonly PatternAxis[]): readonly (readonly Word[])[] =>
    axes.flatMap((a) => (a === "..." ? dots.map((d) => [d]) : [a.flatMap((w) => (w === "..." ? dots : [w]))]))
  const says = { unfit: (why: string) => misfit(op, s, p, why), unknown: (a: Word, b: Word) => sizesUnknown(pre, a, b) }
  const groups = spelled(left)
  const split = groups.flatMap((g, k) => solve(s[k]!, g, sizes, says))
  const before = groups.flat()
  const after = spelled(right)
  const sizeIn = (w: Word): number => (isLength(w) ? w : (split[before.indexOf(w)] ?? (sizes[w] as number)))
  const flat = after.flat()
  const isNew = (w: Word): boolean => isLength(w) || !before.includes(w)
  const kept = before.flatMap((w, k) => (flat.includes(w) && !isLength(w) ? [k] : []))
  return {
    split,
    folded: before.flatMap((_, k) => (kept.includes(k) ? [] : [k])),
    order: flat.filter((w) => !isNew(w)).map((w) => kept.indexOf(before.indexOf(w))),
    wide: flat.map(sizeIn),
    added: flat.flatMap((w, k) => (isNew(w) ? [k] : [])),
    to: after.map((g) => size(g.map(sizeIn))),
  }
}

/** x as the plan says; `fold` folds axes, in order. */
export const carryOut = (x: RawTensor, plan: Plan, fold?: (x: RawTensor, axes: readonly number[]) => RawTensor): RawTensor => {
  const split = raw(reshape(x, plan.split))
  const folded = fold ? fold(split, plan.folded) : split
  const ordered = raw(transpose(folded, plan.order))
  const ones = plan.wide.map((n, k) => (plan.added.includes(k) ? 1 : n))
  const wide = same(ones, plan.wide) ? ordered : raw(broadcastTo(reshape(ordered, ones), plan.wide))
  return raw(reshape(wide, plan.to))
}
