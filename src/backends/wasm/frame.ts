// What the code of one WebAssembly function knows: where buffers are, which axes have which values, what has been computed.
import {
  type Atom,
  type Axis,
  axis,
  type Buf,
  type Cond,
  type Expr,
  flat,
  type Guard,
  type Ix,
  ix,
  plus,
  type Read,
  type Reduce,
  times,
  visit,
} from "../../core/ir/index.ts"
import type { Code, Func, Local } from "./asm.ts"
import type { Blas } from "./blas.ts"
import type { Rooms } from "./rooms.ts"
import type { Kernels } from "./microkernel.ts"
import { Division, type Team } from "./phases.ts"
import type { Type } from "./opcodes.ts"
import { Strands, type Vec } from "./strands.ts"

/** A buffer's place: an address in the table of pointers (arguments, results), or a byte of the arena. */
export type Place = { readonly slot: number } | { readonly offset: number }
/** Base address in a local, and constant bytes beyond it. */
export interface Pointer {
  readonly base: Local<"i32">
  readonly offset: number
}
/** Functions of the host: scalar functions in float64, by name. */
export type HostFunctions = ReadonlyMap<string, Func>

export const ARENA_SLOT = 0
export const SCRATCH_SLOT = 1
/** Bytes: of the temporaries (a multiple of 64), and of the scratch space behind them, for each thread. */
export interface Need {
  readonly arena: number
  scratch: number
}

/** One function under construction. */
export class Frame {
  readonly f: Code
  readonly kernels: Kernels
  readonly host: HostFunctions
  /** Takes large matrix products, where the program may call it. */
  readonly blas: Blas | undefined
  /** There is what the program needs of them. */
  readonly rooms: Rooms
  private readonly table: Local<"i32">
  private readonly places: ReadonlyMap<Buf, Place>
  private readonly slots = new Map<number, Local<"i32">>()
  /** Memory that only this function knows: strips of a matrix product. */
  private readonly own = new Map<Buf, Pointer>()
  /** Axes that were merged: the inner one stands for both, the outer one is gone. */
  private readonly renamed = new Map<Atom, Axis | undefined>()
  /** Buffers of one element that hold another value in each lane: in registers, along the axis. */
  private readonly carried = new Map<Buf, Axis>()
  private frees = new Map<Expr | Atom, ReadonlySet<Atom>>()
  private readonly addresses = new Map<Read, Ix>()
  private readonly axesOfReduce = new Map<Reduce, readonly Axis[]>()

  private readonly need: Need
  private readonly team: Team | undefined
  private scratchUsed = 0
  private scratchBase: Local<"i32"> | undefined
  private division: Division | undefined
  /** Vector operations that the threads divide among them. */
  divided = 0

  constructor(
    f: Code,
    table: Local<"i32">,
    places: ReadonlyMap<Buf, Place>,
    kernels: Kernels,
    host: HostFunctions,
    need: Need,
    team?: Team,
    blas?: Blas,
    rooms: Rooms = {},
  ) {
    this.team = team
    this.blas = blas
    this.rooms = rooms
    this.f = f
    this.need = need
    this.table = table
    this.places = places
    this.kernels = kernels
    this.host = host
  }

  // ---- memory ------------------------------------------------------------------------------------------------------
  private slot(n: number): Local<"i32"> {
    let x = this.slots.get(n)
    if (!x) {
      x = this.f.local("i32")
      this.slots.set(n, x)
      this.f.before(() => this.f.set(x!, this.f.load("i32.load", this.f.get(this.table), 4 * n)))
    }
    return x
  }
  pointer(buf: Buf): Pointer {
    const own = this.own.get(buf)
    if (own) return own
    const place = this.places.get(buf)
    if (!place) throw new Error(`wasm: buffer ${buf.id} has no place`)
    return "slot" in place ? { base: this.slot(place.slot), offset: 0 } : { base: this.slot(ARENA_SLOT), offset: place.offset }
  }
  /** Scratch space of so many bytes, for this thread and this function alone. */
  scratch(bytes: number): Local<"i32"> {
    const { f, team, need } = this
    if (!this.scratchBase) {
      const base = f.local("i32")
      const arena = this.slot(ARENA_SLOT)
      f.before(() => {
        f.set(base, f.op("i32.add", f.get(arena), f.i32(need.arena)))
        if (!team) return
        const mine = f.let("i32", f.op("i32.mul", f.load("i32.load", f.get(this.table), 4 * SCRATCH_SLOT), f.get(team.id)))
        f.set(base, f.op("i32.add", f.get(base), f.get(mine)))
      })
      this.scratchBase = base
    }
    const at = f.let("i32", f.op("i32.add", f.get(this.scratchBase), f.i32(this.scratchUsed)))
    this.scratchUsed += 64 * Math.ceil(bytes / 64)
    need.scratch = Math.max(need.scratch, this.scratchUsed)
    return at
  }
  /** Limits [from, to) of a part of n things in units: what follows is run for one part after the other, until `finish`. Undefined where
   *  there is one thread, or too little to do: `work` is in vector operations, `again` those that every part repeats. */
  share(n: number, unit: number, work: number, again = 0): readonly [Local<"i32">, Local<"i32">] | undefined {
    const { f, team, division } = this
    if (!team || division || f.nested || n <= unit || work < team.least) return undefined
    this.divided = work
    this.division = new Division(f, team, n, unit, work, again)
    return this.division.limits
  }
  finish(): void {
    this.division?.close()
  }
  /** 0: the function is for one thread. */
  get phases(): 0 | 1 {
    return this.division ? 1 : 0
  }
  setPointer(buf: Buf, pointer: Pointer): void {
    this.own.set(buf, pointer)
  }

  carry(buf: Buf, along: Axis): void {
    this.carried.set(buf, along)
    this.frees = new Map()
  }

  // ---- indices -----------------------------------------------------------------------------------------------------
  /** Element address of an access, in axes as they are after merging. */
  address(x: { readonly buf: Buf; readonly at: readonly Ix[] }): Ix {
    return this.rename(flat(x.at, x.buf.shape))
  }
  readAddress(x: Read): Ix {
    let e = this.addresses.get(x)
    if (!e) this.addresses.set(x, (e = this.address(x)))
    return e
  }
  private rename(e: Ix): Ix {
    if (this.renamed.size === 0 || !e.t.some(([, a]) => this.renamed.has(a))) return e
    const renamed = plus(
      e.c,
      ...e.t.map(([k, a]) => {
        if (!this.renamed.has(a)) return { c: 0, t: [[k, a] as const] }
        const to = this.renamed.get(a)
        return to ? times(to, k) : ix(0)
      }),
    )
    return this.rename(renamed) // a merged axis may have been merged again
  }
  /** Axes that an index or expression depends on; those that a reduction binds are left out. */
  freeIx(e: Ix, out: Set<Atom> = new Set()): Set<Atom> {
    for (const [, a] of e.t) for (const b of this.freeAtom(a)) out.add(b)
    return out
  }
  freeAtom(a: Atom): ReadonlySet<Atom> {
    let s = this.frees.get(a)
    if (!s) {
      s = a.kind === "axis" ? new Set([a]) : a.e ? this.freeIx(a.e) : this.free(a.x!)
      this.frees.set(a, s)
    }
    return s
  }
  free(x: Expr): ReadonlySet<Atom> {
    const known = this.frees.get(x)
    if (known) return known
    const s = new Set<Atom>()
    const add = (e: Ix): void => void this.freeIx(e, s)
    switch (x.k) {
      case "num":
        break
      case "idx":
        add(x.e)
        break
      case "read": {
        add(this.readAddress(x))
        const along = this.carried.get(x.buf)
        if (along) s.add(along)
        break
      }
      case "fn":
        for (const a of x.args) for (const b of this.free(a)) s.add(b)
        break
      case "guard":
        for (const c of x.when) add(c.e)
        for (const b of this.free(x.body)) s.add(b)
        break
      case "reduce":
        for (const b of this.free(x.body)) s.add(b)
        if (x.upto) add(x.upto)
        for (const a of this.reduceAxes(x)) s.delete(a)
    }
    this.frees.set(x, s)
    return s
  }
  freeOf(at: readonly Ix[]): ReadonlySet<Atom> {
    const out = new Set<Atom>()
    for (const e of at) this.freeIx(e, out)
    return out
  }
  freeCond(c: Cond): ReadonlySet<Atom> {
    return this.freeIx(c.e)
  }

  // ---- merging -----------------------------------------------------------------------------------------------------
  /** Merges neighbouring axes that all addresses see as one: [a, b] becomes an axis of a.n * b.n where each address has a's
   *  coefficient = b.n times b's. Axes used in any other way (guards, iotas, divisions, indices from memory) stay. */
  merge(axes: readonly Axis[], values: readonly Expr[], stores: readonly Ix[]): readonly Axis[] {
    if (axes.length < 2) return axes
    const plain = new Set(axes)
    const used: Ix[] = [...stores]
    const touch = (e: Ix): void => {
      for (const a of this.freeIx(e)) plain.delete(a)
    }
    const look = (e: Ix): void => {
      used.push(e)
      for (const [, a] of e.t) if (a.kind !== "axis") for (const b of this.freeAtom(a)) plain.delete(b)
    }
    stores.forEach(look)
    for (const v of values)
      visit(v, (x) => {
        if (x.k === "idx") touch(x.e)
        else if (x.k === "read") look(this.readAddress(x))
        else if (x.k === "guard") for (const c of x.when) touch(c.e)
        else if (x.k === "reduce" && x.upto) touch(x.upto)
      })
    const out: Axis[] = []
    for (const b of axes) {
      const a = out.at(-1)
      const coefficient = (e: Ix, x: Axis): number => e.t.find(([, y]) => y === x)?.[0] ?? 0
      if (a && plain.has(a) && plain.has(b) && used.every((e) => coefficient(e, a) === coefficient(e, b) * b.n)) {
        const both = axis(a.n * b.n)
        this.renamed.set(a, undefined)
        this.renamed.set(b, both)
        plain.add(both)
        used.forEach((e, k) => (used[k] = this.rename(e)))
        out[out.length - 1] = both
      } else out.push(b)
    }
    if (out.length < axes.length) {
      this.frees = new Map()
      this.addresses.clear()
    }
    return out
  }
  /** The axes of a reduction, merged where they can be. */
  reduceAxes(x: Reduce): readonly Axis[] {
    let axes = this.axesOfReduce.get(x)
    if (!axes) {
      this.axesOfReduce.set(x, x.axes) // while merging looks at the body
      axes = x.upto ? x.axes : this.merge(x.axes, [x.body], [])
      this.axesOfReduce.set(x, axes)
    }
    return axes
  }
}

/** The axis that runs through the lanes: `index` is its value in lane 0 of strand 0. `lanes`: how many lanes of the last strand count. */
export interface Vector {
  readonly axis: Axis
  readonly index: Local<"i32"> | number
  readonly lanes: number
}
type Held = Vec | Local<Type>
interface Known {
  readonly memo: Map<Expr | Atom | string, Held>
  readonly axes: Map<Atom, Local<"i32"> | number>
  readonly facts: Map<Cond | Guard, boolean>
}

/** A region of code: what is bound and computed in it is known to regions inside it, and to no other. */
export class Scope {
  readonly frame: Frame
  readonly parent: Scope | undefined
  readonly depth: number
  readonly s: Strands
  readonly vector: Vector | undefined
  private readonly known: Known
  private thin: Scope | undefined

  constructor(
    frame: Frame,
    parent?: Scope,
    width = 1,
    vector?: Vector,
    known: Known = { memo: new Map(), axes: new Map(), facts: new Map() },
  ) {
    this.frame = frame
    this.parent = parent
    this.depth = parent ? parent.depth + 1 : 0
    this.s = new Strands(frame.f, width)
    this.vector = vector
    this.known = known
  }
  /** A region inside this one; with the same lanes, if none are given. */
  inner(width = this.s.width, vector = this.vector): Scope {
    return new Scope(this.frame, this, width, vector)
  }
  /** For values that are the same in all lanes: one strand. Shares what is known. */
  get narrow(): Scope {
    if (!this.vector && this.s.width === 1) return this
    return (this.thin ??= new Scope(this.frame, this.parent, 1, undefined, this.known))
  }

  bind(a: Axis, value: Local<"i32"> | number): this {
    this.known.axes.set(a, value)
    return this
  }
  assume(c: Cond | Guard, holds: boolean): this {
    this.known.facts.set(c, holds)
    return this
  }
  private up<T>(pick: (s: Scope) => T | undefined): T | undefined {
    return pick(this) ?? this.parent?.up(pick)
  }
  position(a: Atom): Local<"i32"> | number | undefined {
    return this.up((s) => s.known.axes.get(a))
  }
  depthOf(a: Atom): number {
    return this.up((s) => (s.known.axes.has(a) ? s.depth : undefined)) ?? 0
  }
  fact(c: Cond | Guard): boolean | undefined {
    return this.up((s) => s.known.facts.get(c))
  }
  find(key: Expr | Atom | string): Held | undefined {
    return this.up((s) => s.known.memo.get(key))
  }
  keep<H extends Held>(key: Expr | Atom | string, value: H): H {
    this.known.memo.set(key, value)
    return value
  }
  /** Does it differ from lane to lane here? */
  varies(free: ReadonlySet<Atom>): boolean {
    return this.vector !== undefined && free.has(this.vector.axis)
  }
}
