// What names stand for: learnt from shapes, axis by axis and argument by argument. The run-time twin of typelevel/unify.ts.
import type { Dim } from "../../typelevel/dim.ts"
import { evaluate, evaluateValue, fits, isExpression, type Names, namesOfValue, quotientsOf, solve, UNKNOWN } from "./dims.ts"
import { refuse } from "./errors.ts"
import { doesNotFit } from "./messages.ts"

type Shape = readonly Dim[]
/** What names stand for, and the expressions that wait until they can be judged, with the dimensions that they must be. */
export interface Bindings {
  readonly names: Names
  readonly waiting: readonly (readonly [string, Dim])[]
}
export const unbound: Bindings = { names: {}, waiting: [] }

const count = (b: Bindings): number => Object.keys(b.names).length
const has = (names: Names, name: string): boolean => Object.hasOwn(names, name)

/** What is told by x being y, or the text that says why it cannot be. */
const told = (x: string, y: Dim, b: Bindings): Bindings | string => {
  const [u, ...more] = namesOfValue(x).filter((n) => !has(b.names, n))
  const later = { ...b, waiting: [...b.waiting, [x, y] as const] }
  if (more.length > 0) return later
  let names = b.names
  if (u === undefined) {
    const v = evaluateValue(x, names)
    if (v === undefined) return `${x} has no size`
    if (!fits(v, y)) return `${x} is ${v} and ${y} here`
  } else {
    const v = solve(x, u, y, names)
    if (v === undefined) return `no size of ${u} makes ${x} ${y}`
    if (v === null) return later
    names = { ...names, [u]: v }
  }
  let open = false
  for (const [n, m] of quotientsOf(x)) {
    if (!has(names, n) || (typeof m === "string" && !has(names, m))) open = true
    else if (evaluate(`${n}/${m}`, names) === undefined)
      return `${n} is ${names[n]}, which is not a multiple of ${m}${typeof m === "string" ? `, ${names[m]}` : ""}`
  }
  return open ? { ...later, names } : { ...b, names }
}

/** Bindings and what a shape adds to them where the pattern is wanted, or the sentence. */
export const unify = (
  op: string,
  pattern: Shape,
  shape: Shape,
  earlier: Bindings,
  shown: readonly [Shape, Shape] = [shape, pattern],
): Bindings => {
  const misfit = (why: string): never => refuse(doesNotFit(op, ...shown, why))
  let b = earlier
  const tell = (x: string, y: Dim): void => {
    const r = told(x, y, b)
    if (typeof r === "string") misfit(r)
    else b = r
  }
  pattern.forEach((x, k) => {
    const y = shape[k]
    if (y === undefined) return misfit("the rank is too small")
    if (typeof x === "number") return fits(x, y) ? undefined : misfit(`${y} is not ${x}`)
    if (!has(b.names, x)) return isExpression(x) ? tell(x, y) : void (b = { ...b, names: { ...b.names, [x]: y } })
    const known = b.names[x]!
    if (!fits(known, y))
      misfit(`${x} is ${known} ${has(earlier.names, x) ? "in an earlier argument" : "on an earlier axis"} and ${y} here`)
    if (known === UNKNOWN) b = { ...b, names: { ...b.names, [x]: y } }
  })
  if (shape.length > pattern.length) misfit("the rank is too large")
  for (let before = -1; b.waiting.length > 0 && before < count(b); ) {
    before = count(b)
    const { waiting } = b
    b = { ...b, waiting: [] }
    for (const [x, y] of waiting) tell(x, y)
  }
  return b
}
/** One dimension of a result; UNKNOWN where a name is not known. */
export const replaced = (d: Dim, names: Names): Dim => (typeof d === "string" ? (evaluate(d, names) ?? UNKNOWN) : d)
