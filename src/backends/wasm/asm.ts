// A WebAssembly assembler. Instructions are written as they are called, operands first, so an expression is a nest of calls:
//   f.set(x, f.op("i32.add", f.get(x), f.i32(4)))
// The returned tokens carry the operand's type for the checker and nothing else: use one at once, as an argument, or not at all;
// a value that is needed later belongs in a local. Branch targets are handles, never counted depths.
import { Bytes } from "./bytes.ts"
import {
  type LoadName,
  loads,
  type OpName,
  ops,
  type Params,
  type Result,
  SATURATING,
  SIMD,
  type StoreName,
  stores,
  type Type,
} from "./opcodes.ts"

declare const stacked: unique symbol
/** A value on the operand stack. */
export interface Value<T extends Type> {
  readonly [stacked]: T
}
export interface Local<T extends Type> {
  readonly index: number
  readonly type: T
}
export interface Label {
  readonly depth: number
}
type Values<P extends readonly Type[]> = { readonly [K in keyof P]: Value<P[K]> }
/** A function that can be called: its index in the module and its signature. */
export interface Func<P extends readonly Type[] = readonly Type[], R extends Type | "none" = Type | "none"> {
  readonly index: number
  readonly params: P
  readonly result: R
}
/** Type codes of the binary format. */
export const codes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b, none: 0x40 } as const
const token = undefined as never

/** The body of one function under construction. */
export class Code<P extends readonly Type[] = readonly Type[], R extends Type | "none" = Type | "none"> implements Func<P, R> {
  readonly index: number
  readonly params: P
  readonly result: R
  /** Runs before everything else. */
  private readonly entry = new Bytes(16)
  /** Runs once, before the body: constants that loops need in locals (see `constant`). */
  private readonly prologue = new Bytes()
  private readonly main = new Bytes()
  private out = this.main
  private readonly locals: Type[] = []
  private readonly constants = new Map<string, Local<"v128">>()
  private depth = 0

  constructor(index: number, params: P, result: R) {
    this.index = index
    this.params = params
    this.result = result
  }

  // ---- locals ------------------------------------------------------------------------------------------------------
  /** The parameters. */
  get args(): { readonly [K in keyof P]: Local<P[K]> } {
    return this.params.map((type, index) => ({ index, type })) as never
  }
  local<T extends Type>(type: T): Local<T> {
    this.locals.push(type)
    return { index: this.params.length + this.locals.length - 1, type }
  }
  get<T extends Type>(x: Local<T>): Value<T> {
    this.out.u8(0x20)
    this.out.u32(x.index)
    return token
  }
  set<T extends Type>(x: Local<T>, _value: Value<T>): void {
    this.out.u8(0x21)
    this.out.u32(x.index)
  }
  tee<T extends Type>(x: Local<T>, _value: Value<T>): Value<T> {
    this.out.u8(0x22)
    this.out.u32(x.index)
    return token
  }
  /** A new local holding the value. */
  let<T extends Type>(type: T, value: Value<T>): Local<T> {
    const x = this.local(type)
    this.set(x, value)
    return x
  }

  // ---- constants ---------------------------------------------------------------------------------------------------
  i32(value: number): Value<"i32"> {
    this.out.u8(0x41)
    this.out.s32(value)
    return token
  }
  f32(value: number): Value<"f32"> {
    this.out.u8(0x43)
    this.out.f32(value)
    return token
  }
  f64(value: number): Value<"f64"> {
    this.out.u8(0x44)
    this.out.f64(value)
    return token
  }
  /** Four equal 32-bit lanes, given as a float, or as an integer bit pattern; or two equal float64 lanes. */
  splat(kind: "f32" | "i32" | "f64", value: number): Value<"v128"> {
    this.code(SIMD + 0x0c)
    if (kind === "f64") for (let i = 0; i < 2; i++) this.out.f64(value)
    else if (kind === "f32") for (let i = 0; i < 4; i++) this.out.f32(value)
    else for (let i = 0; i < 4; i++) this.out.i32(value)
    return token
  }
  /** The same from a local set once before the body: engines materialise a vector constant at each use, which in a loop
   *  costs up to a factor of two (V8 of Node 24: 5.5 against 3.0 ns per element of a chain with tanh and sigmoid). */
  constant(kind: "f32" | "i32" | "f64", value: number): Value<"v128"> {
    return this.get(this.constantLocal(kind, value))
  }
  constantLocal(kind: "f32" | "i32" | "f64", value: number): Local<"v128"> {
    return this.constantOf(Object.is(value, -0) ? `${kind}-0` : kind + value, () => this.splat(kind, value))
  }
  /** Four 32-bit integer lanes. */
  constantLanes(lanes: readonly [number, number, number, number]): Local<"v128"> {
    return this.constantOf(`lanes ${lanes}`, () => {
      this.code(SIMD + 0x0c)
      for (const v of lanes) this.out.i32(v)
      return token
    })
  }
  private constantOf(key: string, write: () => Value<"v128">): Local<"v128"> {
    let local = this.constants.get(key)
    if (!local) {
      local = this.local("v128")
      this.constants.set(key, local)
      this.before(() => this.set(local!, write()))
    }
    return local
  }
  /** Writes into the prologue instead of the body. */
  before(write: () => void): void {
    this.into(this.prologue, write)
  }
  /** Writes what comes before the prologue. */
  first(write: () => void): void {
    this.into(this.entry, write)
  }
  private into(to: Bytes, write: () => void): void {
    const { out } = this
    this.out = to
    write()
    this.out = out
  }

  // ---- instructions ------------------------------------------------------------------------------------------------
  private code(code: number): void {
    if (code >= SIMD) {
      this.out.u8(code >= SATURATING ? 0xfc : 0xfd)
      this.out.u32(code & 0xffff)
    } else this.out.u8(code)
  }
  op<N extends OpName>(name: N, ..._operands: Values<Params<N>>): Value<Result<N>> {
    this.code(ops[name].code)
    return token
  }
  select<T extends Type>(_yes: Value<T>, _no: Value<T>, _condition: Value<"i32">): Value<T> {
    this.out.u8(0x1b)
    return token
  }
  drop(_value: Value<Type>): void {
    this.out.u8(0x1a)
  }
  private memory(code: number, align: number, offset: number): void {
    this.code(code)
    this.out.u32(align)
    this.out.u32(offset)
  }
  load<N extends LoadName>(name: N, _address: Value<"i32">, offset = 0): Value<(typeof loads)[N]["type"]> {
    this.memory(loads[name].code, loads[name].align, offset)
    return token
  }
  store<N extends StoreName>(name: N, _address: Value<"i32">, _value: Value<(typeof stores)[N]["type"]>, offset = 0): void {
    this.memory(stores[name].code, stores[name].align, offset)
  }
  /** One 32-bit lane of a vector from or to memory. */
  load32Lane(_address: Value<"i32">, _vector: Value<"v128">, lane: number, offset = 0): Value<"v128"> {
    this.memory(SIMD + 0x56, 2, offset)
    this.out.u8(lane)
    return token
  }
  store32Lane(_address: Value<"i32">, _vector: Value<"v128">, lane: number, offset = 0): void {
    this.memory(SIMD + 0x5a, 2, offset)
    this.out.u8(lane)
  }
  store64Lane(_address: Value<"i32">, _vector: Value<"v128">, lane: number, offset = 0): void {
    this.memory(SIMD + 0x5b, 3, offset)
    this.out.u8(lane)
  }
  private lane<T extends Type>(code: number, lane: number): Value<T> {
    this.code(SIMD + code)
    this.out.u8(lane)
    return token
  }
  extractF32 = (_v: Value<"v128">, lane: number): Value<"f32"> => this.lane(0x1f, lane)
  extractF64 = (_v: Value<"v128">, lane: number): Value<"f64"> => this.lane(0x21, lane)
  extractI32 = (_v: Value<"v128">, lane: number): Value<"i32"> => this.lane(0x1b, lane)
  replaceF32 = (_v: Value<"v128">, lane: number, _x: Value<"f32">): Value<"v128"> => this.lane(0x20, lane)
  replaceI32 = (_v: Value<"v128">, lane: number, _x: Value<"i32">): Value<"v128"> => this.lane(0x1c, lane)
  /** Four 32-bit lanes picked from a (0 to 3) and b (4 to 7). */
  shuffle(_a: Value<"v128">, _b: Value<"v128">, lanes: readonly [number, number, number, number]): Value<"v128"> {
    this.code(SIMD + 0x0d)
    for (const l of lanes) for (let i = 0; i < 4; i++) this.out.u8(4 * l + i)
    return token
  }

  // ---- atomics (shared memories) -----------------------------------------------------------------------------------
  private atomic(code: number, align: number, offset = 0): void {
    this.out.u8(0xfe)
    this.out.u8(code)
    this.out.u8(align)
    this.out.u32(offset)
  }
  atomicLoad(_address: Value<"i32">, offset = 0): Value<"i32"> {
    this.atomic(0x10, 2, offset)
    return token
  }
  atomicStore(_address: Value<"i32">, _value: Value<"i32">, offset = 0): void {
    this.atomic(0x17, 2, offset)
  }
  /** Puts the new value in the place of the expected one, if that is there; returns what was there. */
  exchange(_address: Value<"i32">, _expected: Value<"i32">, _to: Value<"i32">, offset = 0): Value<"i32"> {
    this.atomic(0x48, 2, offset)
    return token
  }
  /** Adds, and returns what was there before. */
  atomicAdd(_address: Value<"i32">, _value: Value<"i32">): Value<"i32"> {
    this.atomic(0x1e, 2)
    return token
  }
  /** Wakes up to so many waiters; returns how many. */
  notify(_address: Value<"i32">, _most: Value<"i32">): Value<"i32"> {
    this.atomic(0x00, 2)
    return token
  }
  /** Sleeps while the word has this value: 0 woken, 1 not that value, 2 so many seconds have passed. */
  wait(_address: Value<"i32">, _while: Value<"i32">, seconds: number): Value<"i32"> {
    this.out.u8(0x42)
    this.out.s64(seconds * 1e9)
    this.atomic(0x01, 2)
    return token
  }

  // ---- control -----------------------------------------------------------------------------------------------------
  /** Is this inside a block, a loop or an if? */
  get nested(): boolean {
    return this.depth > 0
  }
  /** A loop whose end is written by `end`. */
  begin(): Label {
    this.out.u8(0x03)
    this.out.u8(codes.none)
    return { depth: ++this.depth }
  }
  end(): void {
    this.depth--
    this.out.u8(0x0b)
  }
  return(_value?: Value<Type>): void {
    this.out.u8(0x0f)
  }
  private region(code: number, body: (label: Label) => void): void {
    this.out.u8(code)
    this.out.u8(codes.none)
    body({ depth: ++this.depth })
    this.depth--
    this.out.u8(0x0b)
  }
  /** Branching to its label leaves the block. */
  block(body: (exit: Label) => void): void {
    this.region(0x02, body)
  }
  /** Branching to its label starts the next iteration. */
  loop(body: (again: Label) => void): void {
    this.region(0x03, body)
  }
  br(to: Label): void {
    this.out.u8(0x0c)
    this.out.u32(this.depth - to.depth)
  }
  brIf(to: Label, _condition: Value<"i32">): void {
    this.out.u8(0x0d)
    this.out.u32(this.depth - to.depth)
  }
  if(_condition: Value<"i32">, yes: () => void, no?: () => void): void {
    this.region(0x04, () => {
      yes()
      if (no) {
        this.out.u8(0x05)
        no()
      }
    })
  }
  call<Q extends readonly Type[], S extends Type | "none">(f: Func<Q, S>, ..._args: Values<Q>): S extends Type ? Value<S> : void {
    this.out.u8(0x10)
    this.out.u32(f.index)
    return token
  }
  /** for (i = from; i < to; i += step) body, signed; `to` is evaluated once per iteration. */
  for(i: Local<"i32">, from: () => Value<"i32">, to: () => Value<"i32">, step: number, body: () => void): void {
    this.set(i, from())
    this.block((exit) => {
      this.brIf(exit, this.op("i32.ge_s", this.get(i), to()))
      this.loop((again) => {
        body()
        this.set(i, this.op("i32.add", this.get(i), this.i32(step)))
        this.brIf(again, this.op("i32.lt_s", this.get(i), to()))
      })
    })
  }
  /** Body n times (n >= 1), with a fresh local that counts from 0. */
  times(n: number, body: (i: Local<"i32">) => void): void {
    const i = this.local("i32")
    this.set(i, this.i32(0))
    this.loop((again) => {
      body(i)
      this.brIf(again, this.op("i32.lt_s", this.tee(i, this.op("i32.add", this.get(i), this.i32(1))), this.i32(n)))
    })
  }
  /** x += amount. */
  bump(x: Local<"i32">, amount: number): void {
    if (amount !== 0) this.set(x, this.op("i32.add", this.get(x), this.i32(amount)))
  }

  encode(to: Bytes): void {
    const head = new Bytes(16)
    const runs: [number, Type][] = []
    for (const type of this.locals) {
      const last = runs.at(-1)
      if (last?.[1] === type) last[0]++
      else runs.push([1, type])
    }
    head.u32(runs.length)
    for (const [n, type] of runs) {
      head.u32(n)
      head.u8(codes[type])
    }
    to.u32(head.length + this.entry.length + this.prologue.length + this.main.length + 1)
    to.append(head)
    to.append(this.entry)
    to.append(this.prologue)
    to.append(this.main)
    to.u8(0x0b)
  }
}
