// The patterns of pack and unpack at run time: the twin of typelevel/pack.ts.
import { refuse, textIn } from "../core/index.ts"
import { isName, namedTwice } from "./_einops.ts"

const oneStar = (pre: string): string => `${pre}: one * stands for the axes that are packed`
const notAName = (pre: string, w: string): string => `${pre}: '${w}' is no name; names have letters, digits and inner underscores`

/** How many axes are before *, and how many behind it. */
export interface Around {
  readonly before: number
  readonly behind: number
}
export const around = (op: string, p: string): Around => {
  const pre = `${op}: '${textIn(op, "the pattern", p)}'`
  const words = p.split(" ").filter((w) => w !== "")
  const seen = new Set<string>()
  for (const w of words) {
    if (w === "*" && seen.has(w)) refuse(oneStar(pre))
    if (seen.has(w)) refuse(namedTwice(pre, w))
    if (w !== "*" && !isName(w)) refuse(notAName(pre, w))
    seen.add(w)
  }
  const before = words.indexOf("*")
  if (before < 0) refuse(oneStar(pre))
  return { before, behind: words.length - before - 1 }
}
/** The axes before *, those of * and those behind it. */
export const cut = (s: readonly number[], { before, behind }: Around): readonly [number[], number[], number[]] => [
  s.slice(0, before),
  s.slice(before, s.length - behind),
  s.slice(s.length - behind),
]

/** Patterns that fit no tensor. */
export const badPatterns: readonly string[] = ["b c", "b * *", "b * b", "b * c_", "2 *", "b ... *", "(b) *", "b *c"]
