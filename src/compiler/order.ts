// Statements in an order that is kept right while more of them are told to wait for others (Pearce and Kelly, "A dynamic topological sort
// algorithm for directed acyclic graphs", 2006): only what lies between the two is looked at.

/** before[j]: what must come before j, all of it smaller than j at first. Grows with what is added. */
export class Order {
  private readonly before: readonly Set<number>[]
  private readonly after: number[][]
  /** The place of each statement. */
  private readonly place: number[]
  constructor(before: readonly Set<number>[]) {
    this.before = before
    this.after = before.map(() => [])
    this.place = before.map((_, j) => j)
    before.forEach((s, j) => {
      for (const i of s) this.after[i]!.push(j)
    })
  }
  /** What comes after j because it must, j with it, up to a place. */
  followers(j: number, last: number = this.place.length): Set<number> {
    return this.reached([j], this.after, (i) => this.place[i]! <= last)
  }
  private reached(from: readonly number[], next: readonly Iterable<number>[], within: (i: number) => boolean): Set<number> {
    const seen = new Set(from)
    for (const j of seen) for (const i of next[j]!) if (within(i)) seen.add(i)
    return seen
  }
  /** Does one of `these` come behind j now? Otherwise j can wait for all of them without more ado. */
  behind(j: number, these: readonly number[]): boolean {
    return these.some((i) => this.place[i]! > this.place[j]!)
  }
  /** From now on j waits for all of `these`. None of them may be one of its followers. */
  wait(j: number, these: readonly number[]): void {
    const late = these.filter((i) => this.place[i]! > this.place[j]!)
    if (late.length > 0) {
      const first = this.place[j]!
      const last = late.reduce((most, i) => Math.max(most, this.place[i]!), 0)
      const earlier = this.reached(late, this.before, (i) => this.place[i]! > first)
      const sorted = (s: Iterable<number>): number[] => [...s].sort((p, q) => this.place[p]! - this.place[q]!)
      const now = [...sorted(earlier), ...sorted(this.followers(j, last))]
      const places = now.map((i) => this.place[i]!).sort((p, q) => p - q)
      now.forEach((i, k) => {
        this.place[i] = places[k]!
      })
    }
    for (const i of these) {
      this.before[j]!.add(i)
      this.after[i]!.push(j)
    }
  }
}
