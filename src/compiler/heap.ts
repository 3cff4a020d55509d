/** Gives back first what is `before` all others. */
export class Heap<T> {
  private readonly all: T[] = []
  private readonly before: (a: T, b: T) => boolean
  constructor(before: (a: T, b: T) => boolean) {
    this.before = before
  }
  push(x: T): void {
    const { all, before } = this
    let at = all.length
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!before(x, all[up]!)) break
      all[at] = all[up]!
      at = up
    }
    all[at] = x
  }
  pop(): T | undefined {
    const { all, before } = this
    const top = all[0]
    const x = all.pop()
    if (all.length === 0 || x === undefined) return top
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= all.length) break
      if (down + 1 < all.length && before(all[down + 1]!, all[down]!)) down++
      if (!before(all[down]!, x)) break
      all[at] = all[down]!
      at = down
    }
    all[at] = x
    return top
  }
}
