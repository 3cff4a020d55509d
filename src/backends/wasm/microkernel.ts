// The functions that every matrix product of a module shares: register tiles, packing, address tables.
//
// A tile is 4 rows by 2 vectors of columns: of 16 vector registers it takes 8 for sums, 2 for a row of B, 1 for the element of A and 1 for
// the product; 6 rows spill and halve the speed. With a fused multiply-add (relaxed SIMD) there is no product, and 6 rows fit. Between the
// unrolled k-steps stands a branch that is never taken: without it V8 11.3 hoists the loads of all steps to the top and spills (26-29
// instead of 44-46 GFLOP/s); a tile of 6 rows needs one before every row (31 without, 67 with).
import type { Code, Func, Local, Value } from "./asm.ts"
import type { Module } from "./module.ts"
import { emitCopy, emitExtend, emitPacker, type Packer, type Width } from "./packing.ts"

/** Rows of a packed panel of A. */
export const ROWS = 4
/** Columns of a packed panel of B: two vectors. */
export const panelOf = (width: Width): number => 32 / width
/** Vectors in so many columns. */
export const vectorsOf = (columns: number, width: Width): number => Math.ceil((columns * width) / 16)
const UNROLL = 4

/** One micro-kernel: what is known when it is written. */
export interface Tile {
  readonly width: Width
  readonly rows: number
  readonly columns: number
  /** A's elements: each row behind a pointer of its own, k one element apart; or rows adjacent behind one pointer, k so many bytes apart. */
  readonly a: "rows" | number
  /** Bytes from one k to the next in B. */
  readonly b: number
  /** Is k in several pieces, whose offsets in A stand in a table? */
  readonly pieces: boolean
}
/** Pointers into A (one, or one for each row); B; C, first element of the tile, and bytes between its rows; 0 to overwrite C, 1 to add;
 *  steps of a piece; and with pieces their number and where their offsets stand. */
export type TileKernel = Func<readonly "i32"[], "none">
type Pointer = Local<"i32">

/** k-loop over the local `left`: unrolled with never-taken exits, then single steps. */
const kLoop = (f: Code, left: Pointer, step: (k: number, split: () => void) => void, advance: (steps: number) => void): void => {
  let splits = 0
  f.block((exit) => {
    // Distinct bounds, or the compiler proves the later branches dead.
    const split = (): void => f.brIf(exit, f.op("i32.lt_s", f.get(left), f.i32(-++splits)))
    f.brIf(exit, f.op("i32.lt_s", f.get(left), f.i32(UNROLL)))
    f.loop((again) => {
      for (let k = 0; k < UNROLL; k++) {
        if (k > 0) split()
        step(k, split)
      }
      advance(UNROLL)
      f.bump(left, -UNROLL)
      f.brIf(again, f.op("i32.ge_s", f.get(left), f.i32(UNROLL)))
    })
  })
  f.block((exit) => {
    f.brIf(exit, f.op("i32.eqz", f.get(left)))
    f.loop((again) => {
      step(0, () => {})
      advance(1)
      f.brIf(again, f.tee(left, f.op("i32.sub", f.get(left), f.i32(1))))
    })
  })
}
/** Writes the tile's sums, or adds them to memory. */
const storeTile = (f: Code, tile: Tile, sums: readonly Local<"v128">[], c: Pointer, pitch: Pointer, adding: Pointer): void => {
  const { rows, columns, width } = tile
  const wide = vectorsOf(columns, width)
  const add = width === 4 ? "f32x4.add" : "f64x2.add"
  const write = (accumulate: boolean): void => {
    for (let r = 0; r < rows; r++) {
      if (r > 0) f.set(c, f.op("i32.add", f.get(c), f.get(pitch)))
      for (let j = 0; j < wide; j++) {
        const sum = sums[r * wide + j]!
        const at = 16 * j
        const bytes = Math.min(16, columns * width - at)
        if (bytes === 16) {
          f.store("v128.store", f.get(c), accumulate ? f.op(add, f.load("v128.load", f.get(c), at), f.get(sum)) : f.get(sum), at)
          continue
        }
        if (accumulate) {
          const old = f.let("v128", f.load(bytes < 8 ? "v128.load32_zero" : "v128.load64_zero", f.get(c), at))
          if (bytes === 12) f.set(old, f.load32Lane(f.get(c), f.get(old), 2, at + 8))
          f.set(sum, f.op(add, f.get(sum), f.get(old)))
        }
        if (bytes < 8) f.store32Lane(f.get(c), f.get(sum), 0, at)
        else f.store64Lane(f.get(c), f.get(sum), 0, at)
        if (bytes === 12) f.store32Lane(f.get(c), f.get(sum), 2, at + 8)
      }
    }
  }
  f.if(
    f.get(adding),
    () => write(true),
    () => write(false),
  )
}
const emitTile = (module: Module, tile: Tile, fused: boolean): TileKernel => {
  const { width, rows, columns } = tile
  const pointers = tile.a === "rows" ? rows : 1
  const stepA = tile.a === "rows" ? width : tile.a
  const f: Code<readonly "i32"[], "none"> = module.func(
    Array.from({ length: pointers + (tile.pieces ? 7 : 5) }, () => "i32" as const),
    "none",
  )
  const a = f.args.slice(0, pointers)
  const [b, c, pitch, adding, run, pieces, table] = f.args.slice(pointers) as [
    Pointer,
    Pointer,
    Pointer,
    Pointer,
    Pointer,
    Pointer,
    Pointer,
  ] // prettier-ignore
  const wide = vectorsOf(columns, width)
  const sums = Array.from({ length: rows * wide }, () => f.local("v128"))
  const row = Array.from({ length: wide }, () => f.local("v128"))
  const x = f.local("v128")
  const [splat, mul, add, madd] =
    width === 4
      ? (["v128.load32_splat", "f32x4.mul", "f32x4.add", "f32x4.relaxed_madd"] as const)
      : (["v128.load64_splat", "f64x2.mul", "f64x2.add", "f64x2.relaxed_madd"] as const)
  const sumOf = (sum: Local<"v128">, y: Local<"v128">): Value<"v128"> =>
    fused ? f.op(madd, f.get(x), f.get(y), f.get(sum)) : f.op(add, f.get(sum), f.op(mul, f.get(x), f.get(y)))
  const step = (k: number, split: () => void): void => {
    row.forEach((y, j) => f.set(y, f.load("v128.load", f.get(b), k * tile.b + 16 * j)))
    for (let r = 0; r < rows; r++) {
      if (rows > ROWS && r > 0) split()
      f.set(x, f.load(splat, f.get(tile.a === "rows" ? a[r]! : a[0]!), k * stepA + (tile.a === "rows" ? 0 : width * r)))
      row.forEach((y, j) => f.set(sums[r * wide + j]!, sumOf(sums[r * wide + j]!, y)))
    }
  }
  const advance = (steps: number): void => {
    f.bump(b, tile.b * steps)
    for (const p of a) f.bump(p, stepA * steps)
  }
  if (!tile.pieces) kLoop(f, run, step, advance)
  else {
    const left = f.local("i32")
    const length = f.let("i32", f.op("i32.mul", f.get(run), f.i32(stepA)))
    f.loop((again) => {
      f.set(left, f.get(run))
      kLoop(f, left, step, advance)
      // From the end of this piece to the start of the next one; after the last one that is nowhere, and not looked at.
      f.set(left, f.op("i32.sub", f.load("i32.load", f.get(table), 4), f.load("i32.load", f.get(table))))
      f.set(left, f.op("i32.sub", f.get(left), f.get(length)))
      for (const p of a) f.set(p, f.op("i32.add", f.get(p), f.get(left)))
      f.bump(table, 4)
      f.brIf(again, f.tee(pieces, f.op("i32.sub", f.get(pieces), f.i32(1))))
    })
  }
  storeTile(f, tile, sums, c, pitch, adding)
  return f
}

/** The shared functions of one module, emitted when first asked for. */
export class Kernels {
  private readonly module: Module
  /** May products be fused with their sums? Then results differ in last bits from those without. */
  private readonly fused: boolean
  private readonly made = new Map<string, Func>()

  constructor(module: Module, fused = false) {
    this.module = module
    this.fused = fused
  }
  /** Rows of a tile whose rows of A are read where they are. */
  get rows(): number {
    return this.fused ? 6 : ROWS
  }
  private once<F extends Func>(key: string, make: (module: Module) => F): F {
    let f = this.made.get(key) as F | undefined
    if (!f) this.made.set(key, (f = make(this.module)))
    return f
  }
  tile(tile: Tile): TileKernel {
    const { width, rows, columns, a, b, pieces } = tile
    return this.once(`tile ${width} ${rows} ${columns} ${a} ${b} ${pieces}`, (m) => emitTile(m, tile, this.fused))
  }
  pack(width: Width): Packer {
    return this.once(`pack ${width}`, (m) => emitPacker(m, width))
  }
  extend(): Func<readonly ["i32", "i32", "i32", "i32"], "none"> {
    return this.once("extend", emitExtend)
  }
  copy(): Func<readonly ["i32", "i32", "i32", "i32", "i32", "i32"], "none"> {
    return this.once("copy", emitCopy)
  }
}
