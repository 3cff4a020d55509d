// The functions that every matrix product of a module shares: register tiles of 4 rows by 8 columns, packing, address tables.
//
// Why 4 x 8: of 16 vector registers the tile takes 8 for sums, 2 for a row of B, 1 for the element of A and 1 for the product;
// 6 x 8 spills and halves the speed. Between the unrolled k-steps stands a branch that is never taken: without it V8 11.3 hoists the
// loads of all steps to the top and spills (26-29 instead of 44-46 GFLOP/s).
import type { Code, Func, Local, Value } from "./asm.ts"
import type { Module } from "./module.ts"

/** Columns of a packed panel of B, rows of a packed panel of A. */
export const PANEL = 8
export const ROWS = 4
const UNROLL = 4

/** a0..a3: the rows of A, unpacked; each is `segments` runs of `run` floats, `jump` bytes apart from end to start. b: packed panel.
 *  c: first element of the tile, rows `ldc` bytes apart. add: 0 to overwrite, 1 to add to what is there. */
type RowsKernel = Func<readonly ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none">
/** a: packed panel (4 floats per k); the rest as above, with `run` the number of k-steps. */
type PackedKernel = Func<readonly ["i32", "i32", "i32", "i32", "i32", "i32"], "none">
/** base; lines: number, bytes apart, or their table (0: none); segments: table or 0, bytes apart, number; steps: bytes apart, number per
 *  segment; destination; lines per panel. */
type Packer = Func<readonly ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none">

/** Pointers, counter and sums of a tile, and the code of one k-step. */
interface Tile {
  readonly step: (k: number) => void
  readonly advance: (steps: number) => void
}
/** k-loop over the local `left`: unrolled with never-taken exits, then single steps. */
const kLoop = (f: Code, left: Local<"i32">, tile: Tile): void => {
  const { step, advance } = tile
  f.block((exit) => {
    f.brIf(exit, f.op("i32.lt_s", f.get(left), f.i32(UNROLL)))
    f.loop((again) => {
      for (let k = 0; k < UNROLL; k++) {
        // Distinct bounds, or the compiler proves the later branches dead.
        if (k > 0) f.brIf(exit, f.op("i32.lt_s", f.get(left), f.i32(-k)))
        step(k)
      }
      advance(UNROLL)
      f.bump(left, -UNROLL)
      f.brIf(again, f.op("i32.ge_s", f.get(left), f.i32(UNROLL)))
    })
  })
  f.block((exit) => {
    f.brIf(exit, f.op("i32.eqz", f.get(left)))
    f.loop((again) => {
      step(0)
      advance(1)
      f.brIf(again, f.tee(left, f.op("i32.sub", f.get(left), f.i32(1))))
    })
  })
}
type Pointer = Local<"i32">
const vectorsOf = (columns: number): number => (columns > 4 ? 2 : 1)

/** Sums of a tile of `rows` x `columns`; `element(r, k)` loads A's element, splatted. */
const tileOf = (
  f: Code,
  rows: number,
  columns: number,
  b: Pointer,
  element: (r: number, k: number) => Value<"v128">,
  moved: readonly [Pointer, number][],
) => {
  const wide = vectorsOf(columns)
  const sums = Array.from({ length: rows * wide }, () => f.local("v128"))
  const row = Array.from({ length: wide }, () => f.local("v128"))
  const a = f.local("v128")
  const step = (k: number): void => {
    row.forEach((x, j) => f.set(x, f.load("v128.load", f.get(b), 16 * (k * wide + j))))
    for (let r = 0; r < rows; r++) {
      f.set(a, element(r, k))
      row.forEach((x, j) => {
        const sum = sums[r * wide + j]!
        f.set(sum, f.op("f32x4.add", f.get(sum), f.op("f32x4.mul", f.get(a), f.get(x))))
      })
    }
  }
  const advance = (steps: number): void => {
    f.bump(b, 16 * wide * steps)
    for (const [p, bytes] of moved) f.bump(p, bytes * steps)
  }
  return { sums, step, advance }
}
/** Writes the tile's sums, or adds them to memory. */
const storeTile = (
  f: Code,
  sums: readonly Local<"v128">[],
  rows: number,
  columns: number,
  c: Pointer,
  ldc: Pointer,
  add: Pointer,
): void => {
  const wide = vectorsOf(columns)
  const write = (accumulate: boolean): void => {
    for (let r = 0; r < rows; r++) {
      if (r > 0) f.set(c, f.op("i32.add", f.get(c), f.get(ldc)))
      for (let j = 0; j < wide; j++) {
        const sum = sums[r * wide + j]!
        const at = 16 * j
        const left = Math.min(4, columns - 4 * j)
        if (left === 4) {
          f.store(
            "v128.store",
            f.get(c),
            accumulate ? f.op("f32x4.add", f.load("v128.load", f.get(c), at), f.get(sum)) : f.get(sum),
            at,
          )
          continue
        }
        if (accumulate) {
          const old = f.let(
            "v128",
            left === 1 ? f.load("v128.load32_zero", f.get(c), at) : f.load("v128.load64_zero", f.get(c), at),
          )
          if (left === 3) f.set(old, f.load32Lane(f.get(c), f.get(old), 2, at + 8))
          f.set(sum, f.op("f32x4.add", f.get(sum), f.get(old)))
        }
        if (left === 1) f.store32Lane(f.get(c), f.get(sum), 0, at)
        else f.store64Lane(f.get(c), f.get(sum), 0, at)
        if (left === 3) f.store32Lane(f.get(c), f.get(sum), 2, at + 8)
      }
    }
  }
  f.if(
    f.get(add),
    () => write(true),
    () => write(false),
  )
}

const emitRowsKernel = (module: Module, rows: number, columns: number): RowsKernel => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [a0, a1, a2, a3, b, c, ldc, add, segments, run, jump] = f.args
  const pointers = [a0, a1, a2, a3].slice(0, rows)
  const left = f.local("i32")
  const tile = tileOf(
    f,
    rows,
    columns,
    b,
    (r, k) => f.load("v128.load32_splat", f.get(pointers[r]!), 4 * k),
    pointers.map((p) => [p, 4]),
  )
  f.loop((again) => {
    f.set(left, f.get(run))
    kLoop(f, left, tile)
    for (const p of pointers) f.set(p, f.op("i32.add", f.get(p), f.get(jump)))
    f.brIf(again, f.tee(segments, f.op("i32.sub", f.get(segments), f.i32(1))))
  })
  storeTile(f, tile.sums, rows, columns, c, ldc, add)
  return f
}
const emitPackedKernel = (module: Module, rows: number, columns: number): PackedKernel => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [a, b, c, ldc, add, run] = f.args
  const tile = tileOf(f, rows, columns, b, (r, k) => f.load("v128.load32_splat", f.get(a), 4 * (k * ROWS + r)), [[a, 4 * ROWS]])
  kLoop(f, run, tile)
  storeTile(f, tile.sums, rows, columns, c, ldc, add)
  return f
}

/** Four lines p0..p3 (rows of A, columns of B), `run` steps of `stride` bytes, to 4 adjacent floats per step, `pitch` bytes apart. */
const emitPackGroup = (module: Module) => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [p0, p1, p2, p3, stride, run, to, pitch] = f.args
  const lines = [p0, p1, p2, p3]
  const apart = (p: Pointer, q: Pointer, bytes: number) => f.op("i32.eq", f.op("i32.sub", f.get(q), f.get(p)), f.i32(bytes))
  const whileLeft = (least: number, body: () => void): void =>
    f.block((exit) => {
      f.brIf(exit, f.op("i32.lt_s", f.get(run), f.i32(least)))
      f.loop((again) => {
        body()
        f.bump(run, -least)
        f.brIf(again, f.op("i32.ge_s", f.get(run), f.i32(least)))
      })
    })
  const next = (p: Pointer, by: Pointer): void => f.set(p, f.op("i32.add", f.get(p), f.get(by)))
  const copy = (): void => {
    const one = (): void => {
      f.store("v128.store", f.get(to), f.load("v128.load", f.get(p0)))
      next(p0, stride)
      next(to, pitch)
    }
    whileLeft(4, () => [0, 1, 2, 3].forEach(one))
    whileLeft(1, one)
  }
  const scalar = (): void =>
    whileLeft(1, () => {
      lines.forEach((p, i) => {
        f.store("f32.store", f.get(to), f.load("f32.load", f.get(p)), 4 * i)
        next(p, stride)
      })
      next(to, pitch)
    })
  const transpose = (): void => {
    const vector = () => f.local("v128")
    const r = [vector(), vector(), vector(), vector()] as const
    const t = [vector(), vector(), vector(), vector()] as const
    whileLeft(4, () => {
      lines.forEach((p, i) => {
        f.set(r[i]!, f.load("v128.load", f.get(p)))
        f.bump(p, 16)
      })
      f.set(t[0], f.shuffle(f.get(r[0]), f.get(r[1]), [0, 4, 1, 5]))
      f.set(t[1], f.shuffle(f.get(r[2]), f.get(r[3]), [0, 4, 1, 5]))
      f.set(t[2], f.shuffle(f.get(r[0]), f.get(r[1]), [2, 6, 3, 7]))
      f.set(t[3], f.shuffle(f.get(r[2]), f.get(r[3]), [2, 6, 3, 7]))
      for (const [a, b, lanes] of [
        [t[0], t[1], [0, 1, 4, 5]],
        [t[0], t[1], [2, 3, 6, 7]],
        [t[2], t[3], [0, 1, 4, 5]],
        [t[2], t[3], [2, 3, 6, 7]],
      ] as const) {
        f.store("v128.store", f.get(to), f.shuffle(f.get(a), f.get(b), lanes))
        next(to, pitch)
      }
    })
    scalar()
  }
  const adjacent = f.op("i32.and", f.op("i32.and", apart(p0, p1, 4), apart(p1, p2, 4)), apart(p2, p3, 4))
  f.if(adjacent, copy, () => f.if(f.op("i32.eq", f.get(stride), f.i32(4)), transpose, scalar))
  return f
}

/** Packs `lines` lines into panels of `width` (4 or 8) lines: panel after panel, in it step after step, in it line after line. Lines
 *  missing in the last group of 4 repeat the last line; their sums are never stored. */
const emitPacker = (module: Module): Packer => {
  const group = emitPackGroup(module)
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [base, lines, apart, lineTable, segmentTable, segmentApart, segments, stride, run, to, width] = f.args
  const line = f.local("i32")
  const out = f.local("i32")
  const segment = f.local("i32")
  const offset = f.local("i32")
  const at = f.local("i32")
  const p = Array.from({ length: 4 }, () => f.local("i32"))
  const pitch = f.let("i32", f.op("i32.shl", f.get(width), f.i32(2)))
  const steps = f.let("i32", f.op("i32.mul", f.get(segments), f.get(run)))
  const entry = (table: Pointer, index: Pointer, stride: Pointer): void =>
    f.if(
      f.get(table),
      () => f.set(offset, f.load("i32.load", f.op("i32.add", f.get(table), f.op("i32.shl", f.get(index), f.i32(2))))),
      () => f.set(offset, f.op("i32.mul", f.get(index), f.get(stride))),
    )
  f.for(
    line,
    () => f.i32(0),
    () => f.get(lines),
    4,
    () => {
      p.forEach((x, i) => {
        f.set(at, f.op("i32.add", f.get(line), f.i32(i)))
        f.set(at, f.select(f.get(at), f.op("i32.sub", f.get(lines), f.i32(1)), f.op("i32.lt_s", f.get(at), f.get(lines))))
        entry(lineTable, at, apart)
        f.set(x, f.op("i32.add", f.get(base), f.get(offset)))
      })
      // to + 4 * (steps * (line - line % width) + line % width)
      f.set(at, f.op("i32.rem_u", f.get(line), f.get(width)))
      f.set(offset, f.op("i32.mul", f.get(steps), f.op("i32.sub", f.get(line), f.get(at))))
      f.set(out, f.op("i32.add", f.get(to), f.op("i32.shl", f.op("i32.add", f.get(offset), f.get(at)), f.i32(2))))
      f.for(
        segment,
        () => f.i32(0),
        () => f.get(segments),
        1,
        () => {
          entry(segmentTable, segment, segmentApart)
          const moved = (x: Pointer) => f.op("i32.add", f.get(x), f.get(offset))
          f.call(
            group,
            moved(p[0]!),
            moved(p[1]!),
            moved(p[2]!),
            moved(p[3]!),
            f.get(stride),
            f.get(run),
            f.get(out),
            f.get(pitch),
          )
          f.set(out, f.op("i32.add", f.get(out), f.op("i32.mul", f.get(run), f.get(pitch))))
        },
      )
    },
  )
  return f
}

/** table[i * count + j] = table[j] + i * stride for i < n: one more axis around the `count` offsets already there. */
const emitExtend = (module: Module) => {
  const f = module.func(["i32", "i32", "i32", "i32"], "none")
  const [table, count, n, stride] = f.args
  const from = f.let("i32", f.get(table))
  const to = f.let("i32", f.op("i32.add", f.get(table), f.op("i32.shl", f.get(count), f.i32(2))))
  const total = f.let("i32", f.op("i32.mul", f.get(count), f.op("i32.sub", f.get(n), f.i32(1))))
  f.block((exit) => {
    f.brIf(exit, f.op("i32.le_s", f.get(total), f.i32(0)))
    f.loop((again) => {
      f.store("i32.store", f.get(to), f.op("i32.add", f.load("i32.load", f.get(from)), f.get(stride)))
      f.bump(from, 4)
      f.bump(to, 4)
      f.brIf(again, f.tee(total, f.op("i32.sub", f.get(total), f.i32(1))))
    })
  })
  return f
}

/** The shared functions of one module, emitted when first asked for. */
export class Kernels {
  private readonly module: Module
  private readonly made = new Map<string, Func>()

  constructor(module: Module) {
    this.module = module
  }
  private once<F extends Func>(key: string, make: (module: Module) => F): F {
    let f = this.made.get(key) as F | undefined
    if (!f) this.made.set(key, (f = make(this.module)))
    return f
  }
  rows(rows: number, columns: number): RowsKernel {
    return this.once(`rows ${rows} ${columns}`, (m) => emitRowsKernel(m, rows, columns))
  }
  packed(rows: number, columns: number): PackedKernel {
    return this.once(`packed ${rows} ${columns}`, (m) => emitPackedKernel(m, rows, columns))
  }
  pack(): Packer {
    return this.once("pack", emitPacker)
  }
  extend(): Func<readonly ["i32", "i32", "i32", "i32"], "none"> {
    return this.once("extend", emitExtend)
  }
}
