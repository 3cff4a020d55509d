// A seeded generator (splitmix-like, 32 bits). A linear congruential one repeats small sizes, and the checker's cache then hides the cost.
export const random = (seed: number) => {
  let s = seed
  const upto = (n: number): number => {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  return {
    /** A whole number from 0 to n - 1. */
    upto,
    /** A whole number from a to b. */
    between: (a: number, b: number): number => a + upto(b - a + 1),
    /** A number of 1 to n digits. */
    digits: (n: number): bigint => {
      let text = String(1 + upto(9))
      for (let k = upto(n); k > 0; k--) text += upto(10)
      return BigInt(text)
    },
  }
}
export type Random = ReturnType<typeof random>
