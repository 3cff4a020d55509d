// `"..."` in a list about axes, at run time: the twin of typelevel/ellipsis.ts.
import { refuse } from "../core/index.ts"

const ellipsisTwice = (op: string): string => `${op}: ... stands twice; the axes that are not named have one place`

/** The list without its one "...". */
export const others = <T>(op: string, list: readonly (T | "...")[]): readonly T[] => {
  const rest = list.filter((v): v is T => v !== "...")
  if (rest.length + 1 !== list.length) refuse(ellipsisTwice(op))
  return rest
}
/** The list with `fill` in the place of "...". */
export const spread = <T>(list: readonly (T | "...")[], fill: readonly T[]): readonly T[] =>
  list.flatMap((v) => (v === "..." ? fill : [v as T]))
