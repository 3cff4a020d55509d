/** A map that forgets what was not used for longest, and drops whatever it forgets. */
export class Lru<V> {
  private readonly map = new Map<string, V>()
  private readonly most: number
  private readonly drop: (v: V) => void
  constructor(most: number, drop: (v: V) => void) {
    this.most = most
    this.drop = drop
  }
  get(key: string): V | undefined {
    const v = this.map.get(key)
    if (v !== undefined) {
      this.map.delete(key)
      this.map.set(key, v)
    }
    return v
  }
  /** What stood under the key before is dropped. */
  set(key: string, v: V): void {
    const before = this.map.get(key)
    this.map.delete(key)
    this.map.set(key, v)
    if (before !== undefined && before !== v) this.drop(before)
    if (this.map.size <= this.most) return
    const [oldest, old] = this.map.entries().next().value as [string, V]
    this.map.delete(oldest)
    this.drop(old)
  }
  get size(): number {
    return this.map.size
  }
  clear(): void {
    for (const v of this.map.values()) this.drop(v)
    this.map.clear()
  }
}
