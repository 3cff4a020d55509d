// A cache of bounded size.
import { type Key, Table } from "../core/key.ts"

interface Kept<V> {
  readonly key: Key
  readonly value: V
  /** When it was last asked for. */
  used: number
}
/** A map that forgets what was not used for longest, and drops whatever it forgets. */
export class Lru<V> {
  private readonly table = new Table<Kept<V>>()
  private readonly all = new Set<Kept<V>>()
  private readonly most: number
  private readonly drop: (v: V) => void
  private time = 0
  constructor(most: number, drop: (v: V) => void) {
    this.most = most
    this.drop = drop
  }
  get(key: Key): V | undefined {
    const kept = this.table.get(key)
    if (!kept) return undefined
    kept.used = ++this.time
    return kept.value
  }
  /** What stood under the key before is dropped. */
  set(key: Key, value: V): void {
    const before = this.table.get(key)
    const kept = { key, value, used: ++this.time }
    this.table.set(key, kept)
    this.all.add(kept)
    if (before) {
      this.all.delete(before)
      if (before.value !== value) this.drop(before.value)
    }
    if (this.all.size > this.most) this.forget([...this.all].reduce((a, b) => (a.used < b.used ? a : b)))
  }
  private forget(kept: Kept<V>): void {
    this.table.delete(kept.key)
    this.all.delete(kept)
    this.drop(kept.value)
  }
  get size(): number {
    return this.all.size
  }
  clear(): void {
    for (const kept of this.all) this.forget(kept)
  }
}
