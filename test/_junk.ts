// Values that plain JavaScript can pass anywhere, and arguments with one of them somewhere inside.
import { isTensor } from "../src/core/tensor.ts"

const bare: object = Object.create(null)
/** Values that have no place in most places. */
export const values: readonly unknown[] = [
  undefined,
  null,
  "",
  "i32",
  "a b -> b",
  true,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  1e308,
  2 ** 53,
  2 ** 31,
  [],
  [null],
  ["a"],
  [NaN],
  [-1, 0.5],
  [[1, 2], [3]],
  [1, 2, 3, 4, 5, 6, 7],
  {},
  { length: 3 },
  { shape: [2], dtype: "f32" },
  bare,
  () => 1,
  Symbol("s"),
  10n,
  new Date(0),
]
/** Options and trees; not layers, which are values that nobody writes by hand. */
const isRecord = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && Object.getPrototypeOf(v) === Object.prototype && !("plan" in v)

/** v with one value inside replaced, left out or added. */
function* inside(v: unknown): Generator<unknown> {
  if (isTensor(v)) return
  if (Array.isArray(v)) {
    yield v.slice(0, -1)
    yield [...(v as unknown[]), ...(v as unknown[]).slice(-1)]
    for (const [k, w] of v.entries()) {
      for (const j of values) yield v.with(k, j)
      for (const j of inside(w)) yield v.with(k, j)
    }
  } else if (isRecord(v))
    for (const [k, w] of Object.entries(v)) {
      for (const j of values) yield { ...v, [k]: j }
      for (const j of inside(w)) yield { ...v, [k]: j }
    }
}
/** Arguments with one value somewhere inside replaced, or too few, or one too many. */
export function* junkOf(args: readonly unknown[]): Generator<readonly unknown[]> {
  for (const k of args.keys()) yield args.slice(0, k)
  for (const j of values) yield [...args, j]
  for (const [k, v] of args.entries()) {
    for (const j of values) yield args.with(k, j)
    for (const j of inside(v)) yield args.with(k, j)
  }
}
/** Arguments with an option more in each record. */
export function* misspelt(args: readonly unknown[]): Generator<readonly unknown[]> {
  // behind a function stand trees
  const from = typeof args[0] === "function" ? 3 : 0
  for (const [k, v] of args.entries()) if (k >= from && isRecord(v)) yield args.with(k, { ...v, mispelt: 1 })
}
