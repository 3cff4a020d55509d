// Keys of caches: sequences of numbers, words and marks. Two are equal if they are element by element; a sum over them finds the few
// that may be. No text is made of anything: to look a small expression up takes less time than to run it.
import type { Program } from "./tensor.ts"

let objects = 0
const identities = new WeakMap<object, number>()
/** A number for an object, the same as long as the object lives; never 0. */
export const idOf = (o: object): number => {
  let id = identities.get(o)
  if (id === undefined) identities.set(o, (id = ++objects))
  return id
}
const isProgram = (o: object): o is Program => "params" in o && "outs" in o
/** What follows: so many entries, so many names with entries, the number of an object, a program. */
const list = Symbol("list")
const record = Symbol("record")
const object = Symbol("object")
const program = Symbol("program")
const float = new Float64Array(1)
const halves = new Int32Array(float.buffer)

export class Key {
  readonly parts: unknown[] = []
  hash = 0
  private mix(n: number): void {
    const h = Math.imul(this.hash ^ n, 0x9e3779b1)
    this.hash = h ^ (h >>> 15)
  }
  number(n: number): this {
    this.parts.push(n)
    if ((n | 0) === n) this.mix(n)
    else {
      float[0] = n
      this.mix(halves[0]!)
      this.mix(halves[1]!)
    }
    return this
  }
  numbers(ns: readonly number[]): this {
    this.number(ns.length)
    for (const n of ns) this.number(n)
    return this
  }
  text(s: string): this {
    this.parts.push(s)
    for (let k = 0; k < s.length; k++) this.mix(s.charCodeAt(k))
    return this
  }
  /** Lists and records by content, programs as `put` has it, anything else by identity. */
  data(a: unknown, put: (p: Program, to: Key) => void = byIdentity): this {
    if (typeof a === "number") return this.number(a)
    if (typeof a === "string") return this.text(a)
    if (typeof a === "function") byIdentity(a, this)
    else if (typeof a !== "object" || a === null) this.parts.push(a)
    else if (Array.isArray(a)) {
      this.parts.push(list)
      this.number(a.length)
      for (const v of a) this.data(v, put)
    } else if (isProgram(a)) {
      this.parts.push(program)
      put(a, this)
    } else {
      const proto = Object.getPrototypeOf(a)
      if (proto === Object.prototype || proto === null) this.record(a as Readonly<Record<string, unknown>>, put)
      else byIdentity(a, this)
    }
    return this
  }
  private record(a: Readonly<Record<string, unknown>>, put: (p: Program, to: Key) => void): void {
    const names = Object.keys(a)
    if (names.length > 1) names.sort()
    this.parts.push(record)
    this.number(names.length)
    for (const name of names) this.text(name).data(a[name], put)
  }
  key(k: Key): this {
    for (const p of k.parts) this.parts.push(p)
    this.mix(k.hash)
    return this
  }
  same(k: Key): boolean {
    const [a, b] = [this.parts, k.parts]
    if (this.hash !== k.hash || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
    return true
  }
}
const byIdentity = (o: object, to: Key): void => {
  to.parts.push(object)
  to.number(idOf(o))
}

interface Slot<V> {
  readonly key: Key
  value: V
  next: Slot<V> | undefined
}
/** A map by keys. */
export class Table<V> {
  private readonly slots = new Map<number, Slot<V>>()
  private slot(key: Key): Slot<V> | undefined {
    let s = this.slots.get(key.hash)
    while (s && !s.key.same(key)) s = s.next
    return s
  }
  get(key: Key): V | undefined {
    return this.slot(key)?.value
  }
  set(key: Key, value: V): void {
    const s = this.slot(key)
    if (s) s.value = value
    else this.slots.set(key.hash, { key, value, next: this.slots.get(key.hash) })
  }
  delete(key: Key): void {
    let rest: Slot<V> | undefined
    for (let s = this.slots.get(key.hash); s; s = s.next) if (!s.key.same(key)) rest = { ...s, next: rest }
    if (rest) this.slots.set(key.hash, rest)
    else this.slots.delete(key.hash)
  }
}
