// Arithmetic in types against BigInt: one generated file. A wrong result is a compile error at its line.
import { type Random, random } from "./random.ts"

/** Of the cases below. */
export const seed = 20_260
// Above 2^53 some whole numbers are still literals, exactly; the others are unknown.
const number = (n: bigint): string => (String(Number(n)) === String(n) ? String(n) : "number")
const less = (a: bigint, b: bigint): boolean => a < b

type Case = readonly [type: string, value: string]
const pair = (r: Random): Case[] => {
  const [a, b] = [r.digits(15), r.digits(15)]
  const [low, high] = less(a, b) ? [a, b] : [b, a]
  const [m, n] = [r.digits(9), r.digits(9)]
  const [d, e] = [BigInt(r.between(1, 9)), r.digits(5)]
  const [x, y] = [r.digits(30), r.digits(30)]
  return [
    [`Add<${a}, ${b}>`, number(a + b)],
    [`Sub<${high}, ${low}>`, number(high - low)],
    [`Sub<${low}, ${high}>`, low === high ? "0" : "never"],
    [`Mul<${m}, ${n}>`, number(m * n)],
    [`FloorDiv<${a}, ${d}>`, number(a / d)],
    [`FloorDiv<${a}, ${e}>`, number(a / e)],
    [`CeilDiv<${a}, ${d}>`, number((a + d - 1n) / d)],
    [`CeilDiv<${m}, ${e}>`, number((m + e - 1n) / e)],
    [`Mod<${a}, ${d}>`, number(a % d)],
    [`Mod<${m}, ${e}>`, number(m % e)],
    [`Compare<${a}, ${b}>`, a < b ? '"<"' : a > b ? '">"' : '"="'],
    [`Min<${a}, ${b}>`, number(low)],
    [`Max<${a}, ${b}>`, number(high)],
    [`AddD<"${x}", "${y}">`, `"${x + y}"`],
    [`MulD<"${x}", "${y}">`, `"${x * y}"`],
  ]
}
const shape = (r: Random): Case[] => {
  const s = Array.from({ length: r.between(1, 5) }, () => BigInt(r.between(1, 70_000)))
  const product = s.reduce((a, b) => a * b, 1n)
  const regrouped = s.length > 2 ? [s[0]! * s[1]!, ...s.slice(2)] : [...s].reverse()
  const near = [...regrouped.slice(0, -1), regrouped.at(-1)! + 1n]
  return [
    [`ProductD<[${s}]>`, `"${product}"`],
    [`Product<[${s}]>`, number(product)],
    [`SameProduct<[${s}], [${regrouped}]>`, "true"],
    [`SameProduct<[${s}], [${near}]>`, "false"],
  ]
}
/** Windows along an axis: explicit padding of both sides, of each side, and "same". */
const windows = (r: Random): Case => {
  const [n, k, stride, dilation] = [r.between(1, 1024), r.between(1, 11), r.between(1, 4), r.between(1, 3)]
  const [low, high] = [r.upto(6), r.upto(6)]
  const covered = k === 1 ? 1 : dilation * (k - 1) + 1
  const padding = ['"valid"', `${low}`, `[${low}, ${high}]`, '"same"'][r.upto(4)]!
  const size = n + (padding === '"valid"' ? 0 : padding.startsWith("[") ? low + high : 2 * low)
  const count =
    padding === '"same"'
      ? `${Math.ceil(n / stride)}`
      : size >= covered
        ? `${Math.floor((size - covered) / stride) + 1}`
        : `"pool: a window that covers ${covered} does not fit in ${size}${size === n ? "" : " with the padding"}; pad the input, or use a smaller window"`
  return [`Windows<"pool", ${n}, ${k}, ${stride}, ${padding}, ${dilation}>`, count]
}
const edges: Case[] = [
  ["Add<9007199254740991, 0>", "9007199254740991"],
  ["Add<9007199254740990, 1>", "9007199254740991"],
  ["Add<9007199254740991, 2>", "number"],
  ["Add<number, 1>", "number"],
  ["Add<1, number>", "number"],
  ["Sub<number, 1>", "number"],
  ["Sub<0, 0>", "0"],
  ["Sub<1000, 999>", "1"],
  ["Mul<0, number>", "0"],
  ["Mul<number, 2>", "number"],
  ["FloorDiv<0, 7>", "0"],
  ["FloorDiv<7, 0>", "never"],
  ["FloorDiv<number, 2>", "number"],
  ["CeilDiv<0, 7>", "0"],
  ["Mod<7, number>", "number"],
  ["Compare<1, number>", "Order"],
  ["Min<number, 2>", "number"],
  ["Product<[]>", "1"],
  ["Product<[3, number]>", "number"],
  ["Product<[3, 0, 5]>", "0"],
  ["SameProduct<[3, number], [7]>", "true"],
  ["SameProduct<[65536, 65536, 65536, 65536, 3], [4294967296, 4294967296, 3]>", "true"],
  ["SameProduct<[65536, 65536, 65536, 65536, 3], [4294967296, 4294967297, 3]>", "false"],
  ["NotASize<0 | 3 | 224 | 1234567890123456 | 9007199254740991>", "never"],
  ["NotASize<number>", "never"],
  ["NotASize<-1 | 2.5 | 1e21 | 9007199254740992 | 1e-7>", '"-1" | "2.5" | "1e+21" | "9007199254740992" | "1e-7"'],
]

const r = random(seed)
const cases: readonly Case[] = [
  ...edges,
  ...Array.from({ length: 100 }, () => [...pair(r), ...shape(r)]).flat(),
  ...Array.from({ length: 400 }, () => windows(r)),
]
/** How many cases there are of each operation. */
export const counts: ReadonlyMap<string, number> = cases.reduce((seen, [type]) => {
  const name = type.slice(0, type.indexOf("<"))
  return seen.set(name, (seen.get(name) ?? 0) + 1)
}, new Map<string, number>())

const head = `import type { Windows } from "../../../typelevel/conv.ts"
import type { ${[...counts.keys()].filter((n) => n !== "Windows").join(", ")}, Order } from "../../../typelevel/nat.ts"
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
`
/** Every case as a line; compiles without a word. */
export const right = head + cases.map(([type, value], k) => `export const t${k}: Same<${type}, ${value}> = true`).join("\n")
/** The same with one wrong value, in its last line. */
export const wrong = `${head}export const t: Same<Add<2, 2>, 5> = true`
