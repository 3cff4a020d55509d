// One driver for every sum of products: C[m, n] = sum over k of A[f(m) + g(k)] * B[h(n) + j(k)], where f, g, h, j are sums of strided
// axes. Matrix products in all four transpositions, attention, and the three convolutions differ in nothing but their strides.
//
//   for columns in blocks:  for k in blocks:  pack B;  for rows in blocks:  [pack A;]  for panels of columns:  for tiles of rows: micro-kernel
//
// What is packed and what is read where it is, gemmPlan.ts says. Offsets that are not one stride come from tables that the program fills
// itself.
import type { Code, Local, Value } from "./asm.ts"
import type { Left, Plan, Walk } from "./gemmPlan.ts"
import { type Kernels, ROWS, vectorsOf } from "./microkernel.ts"

type I32 = Local<"i32">
/** A block of rows that is complete: what an epilogue needs to know. Locals hold values, `pitch` is in bytes. */
export interface Block {
  readonly row: I32
  readonly rows: I32
  readonly column: I32
  readonly columns: I32
  /** Address of C[row, column]. */
  readonly at: I32
  readonly pitch: number
  /** Most columns of a block: with no more columns in all, there is one block of columns. */
  readonly most: number
}
/** Rows of A (columns of B) and terms that are about to be read. */
export interface Piece {
  readonly row: I32
  readonly rows: I32
  readonly term: I32
  readonly terms: I32
}
export interface Operands {
  /** Addresses, for all axes of m, n, k at 0. */
  readonly a: I32
  /** A is computed: `a` is where each piece is put, its first element first. */
  readonly computeA?: (piece: Piece) => void
  readonly b: I32
  /** Of C, for a direct target. */
  readonly c?: I32
  readonly scratch: I32
  /** Of the rows that `rowUnits` counts, or of the columns, [from, to) only; from is a multiple of a unit, to is too or is the end. */
  readonly rows?: readonly [I32, I32]
  readonly columns?: readonly [I32, I32]
}

const tablesOf = ({ rows, columns, segmentsA, segmentsB, left }: Plan): readonly (Walk | undefined)[] => [
  rows,
  columns,
  segmentsA,
  segmentsB,
  ...(left.kind === "packed" ? [] : [left.offsets]),
  ...(left.kind === "shared" ? [left.taps] : []),
]
/** Fills the tables in scratch; once per program run is enough. */
export const emitTables = (f: Code, kernels: Kernels, plan: Plan, scratch: I32): void => {
  for (const walk of tablesOf(plan)) {
    if (!walk?.table) continue
    const { at, axes } = walk.table
    const start = (): Value<"i32"> => f.op("i32.add", f.get(scratch), f.i32(at))
    f.store("i32.store", start(), f.i32(0))
    let count = 1
    for (const [n, stride] of axes.toReversed()) {
      f.call(kernels.extend(), start(), f.i32(count), f.i32(n), f.i32(stride))
      count *= n
    }
  }
}

/** The loops, inlined into f. `epilogue` is emitted where a block of rows is complete. */
export const emitGemm = (f: Code, kernels: Kernels, plan: Plan, operands: Operands, epilogue?: (block: Block) => void): void => {
  const { width, M, N, K, blockM, blockN, blockK, left, right, panel: PANEL, tile: TILE, run, pitch, target, scratch } = plan
  const i32 = (): I32 => f.local("i32")
  const add = (x: Value<"i32">, y: Value<"i32">): Value<"i32"> => f.op("i32.add", x, y)
  const times = (x: Value<"i32">, k: number): Value<"i32"> => (k === 1 ? x : f.op("i32.mul", x, f.i32(k)))
  const at = (byte: number): Value<"i32"> => add(f.get(operands.scratch), f.i32(byte))
  const zero = (): Value<"i32"> => f.i32(0)
  /** Local of a count that is static unless the last block is smaller. */
  const extent = (x: I32, start: I32, block: number, total: number, end?: I32): void => {
    if (!end && total % block === 0) return f.set(x, f.i32(block))
    f.set(x, f.op("i32.sub", end ? f.get(end) : f.i32(total), f.get(start)))
    f.set(x, f.select(f.get(x), f.i32(block), f.op("i32.lt_s", f.get(x), f.i32(block))))
  }
  /** Address of a table's entry; 0 where there is none. */
  const entry = (w: Walk, index: I32): Value<"i32"> =>
    w.table ? add(at(w.table.at), f.op("i32.shl", f.get(index), f.i32(2))) : f.i32(0)
  const offset = (w: Walk, index: I32): Value<"i32"> =>
    w.table
      ? f.load("i32.load", add(f.get(operands.scratch), f.op("i32.shl", f.get(index), f.i32(2))), w.table.at)
      : times(f.get(index), w.stride)

  const [jc, nc, kc, k0, ic, mc, jr, ir] = [i32(), i32(), i32(), i32(), i32(), i32(), i32(), i32()]
  const [baseA, cBase, panel, a, c, adding, segment, piece] = [i32(), i32(), i32(), i32(), i32(), i32(), i32(), i32()]
  const a0 = f.let("i32", add(f.get(operands.a), f.i32(plan.shiftA)))
  const b0 = f.let("i32", add(f.get(operands.b), f.i32(plan.shiftB)))
  const segments = K / run
  const pieces = left.kind === "packed" ? undefined : left.offsets?.table
  const divided = (x: Value<"i32">, by: number): Value<"i32"> => f.op("i32.div_u", x, f.i32(by))

  /** Packs lines [first, first + count) of one operand over the current block of k. */
  const pack = (
    lines: Walk,
    seg: Walk,
    step: number,
    base: I32,
    first: I32,
    count: () => Value<"i32">,
    to: () => Value<"i32">,
    perPanel: number,
  ): void => {
    // A table of lines or segments is entered at the block's first; a stride moves the base instead.
    const start = f.let("i32", f.get(base))
    if (!lines.table) f.set(start, add(f.get(start), times(f.get(first), lines.stride)))
    if (segments === 1) f.set(start, add(f.get(start), times(f.get(k0), step)))
    else if (!seg.table) f.set(start, add(f.get(start), times(f.get(segment), seg.stride)))
    f.call(
      kernels.pack(width),
      f.get(start),
      count(),
      f.i32(lines.stride),
      entry(lines, first),
      segments === 1 ? f.i32(0) : entry(seg, segment),
      f.i32(seg.stride),
      segments === 1 ? f.i32(1) : divided(f.get(kc), run),
      f.i32(step),
      segments === 1 ? f.get(kc) : f.i32(run),
      to(),
      f.i32(perPanel),
    ) // prettier-ignore
  }
  /** Full panels of B, then a last one of one vector or two. */
  const packB = (): void => {
    const full = f.let("i32", f.op("i32.and", f.get(nc), f.i32(-PANEL)))
    const part = (first: I32, count: () => Value<"i32">, to: () => Value<"i32">, perPanel: number): void =>
      pack(plan.columns, plan.segmentsB, plan.stepB, b0, first, count, to, perPanel)
    f.if(f.get(full), () =>
      part(
        jc,
        () => f.get(full),
        () => at(scratch.b),
        PANEL,
      ),
    )
    if (N % PANEL === 0) return
    f.if(f.op("i32.lt_s", f.get(full), f.get(nc)), () => {
      f.set(jr, add(f.get(jc), f.get(full)))
      part(
        jr,
        () => f.i32(N % PANEL),
        () => add(at(scratch.b), f.op("i32.mul", f.get(full), times(f.get(kc), width))),
        tailOf(N % PANEL),
      )
    })
  }
  /** Columns of the last panel as packed: groups of 4. */
  const tailOf = (columns: number): number => (columns > 4 ? 8 : 4)
  const panels = (body: (columns: number) => void): void => {
    if (right === undefined) f.set(panel, at(scratch.b))
    else f.set(panel, add(add(f.get(b0), times(f.get(jc), width)), times(f.get(k0), plan.stepB)))
    f.for(
      jr,
      zero,
      () => f.op("i32.sub", f.get(nc), f.i32(PANEL - 1)),
      PANEL,
      () => {
        body(PANEL)
        f.set(panel, add(f.get(panel), right === undefined ? times(f.get(kc), PANEL * width) : f.i32(PANEL * width)))
      },
    ) // prettier-ignore
    if (N % PANEL) f.if(f.op("i32.lt_s", f.get(jr), f.get(nc)), () => body(N % PANEL))
  }
  /** Calls the micro-kernel for a tile at `c`. */
  const tile = (rows: number, columns: number, pointers: readonly I32[], step: number | "rows"): void => {
    // In scratch there is room for the columns of whole vectors.
    const whole = (16 / width) * vectorsOf(columns, width)
    const kernel = kernels.tile({
      width,
      rows,
      columns: target === "scratch" ? whole : columns,
      a: step,
      b: right ?? width * (columns === PANEL ? PANEL : tailOf(columns)),
      pieces: pieces !== undefined,
    })
    const length = left.kind === "packed" ? 0 : left.length
    f.call(
      kernel,
      ...pointers.map((p) => f.get(p)),
      f.get(panel),
      f.get(c),
      f.i32(pitch),
      f.get(adding),
      ...(pieces ? [f.i32(length), divided(f.get(kc), length), f.get(piece)] : [f.get(kc)]),
    )
  }
  /** Tiles of rows ir = 0, TILE, ... below mc, of which the last may be low; `after` moves pointers on. */
  const tiles = (all: number, one: (rows: number) => void, after: () => void): void => {
    f.for(
      ir,
      zero,
      () => f.op("i32.sub", f.get(mc), f.i32(TILE - 1)),
      TILE,
      () => {
        one(TILE)
        f.bump(c, TILE * pitch)
        after()
      },
    ) // prettier-ignore
    if (all % TILE) f.if(f.op("i32.lt_s", f.get(ir), f.get(mc)), () => one(all % TILE))
  }
  const startOfPanel = (): void => f.set(c, add(f.get(cBase), times(f.get(jr), width)))
  /** All row tiles of a block against one panel. */
  const rowsWhereTheyAre = (columns: number): void => {
    const pointers = Array.from({ length: TILE }, i32)
    const index = i32()
    startOfPanel()
    const one = (rows: number): void => {
      pointers.slice(0, rows).forEach((p, r) => {
        if (plan.rows.table || r === 0) {
          f.set(index, add(add(f.get(ic), f.get(ir)), f.i32(r)))
          f.set(p, add(f.get(baseA), offset(plan.rows, index)))
        } else f.set(p, add(f.get(pointers[r - 1]!), f.i32(plan.rows.stride)))
      })
      tile(rows, columns, pointers.slice(0, rows), "rows")
    }
    tiles(M, one, () => {})
  }
  const columnsWhereTheyAre = (columns: number, step: number): void => {
    startOfPanel()
    f.set(a, add(f.get(baseA), times(f.get(ic), width)))
    tiles(
      M,
      (rows) => tile(rows, columns, [a], step),
      () => f.bump(a, width * TILE),
    ) // prettier-ignore
  }
  const packedRows = (columns: number): void => {
    startOfPanel()
    f.set(a, at(scratch.a))
    tiles(
      M,
      (rows) => tile(rows, columns, [a], width * ROWS),
      () => f.set(a, add(f.get(a), times(f.get(kc), width * ROWS))),
    )
  }
  const blockOfRows = (row: I32, rows: I32): Block => ({
    row,
    rows,
    column: jc,
    columns: nc,
    at: cBase,
    pitch,
    most: operands.columns ? 0 : blockN,
  })
  const finish = (row: I32, rows: I32): void => {
    if (epilogue) f.if(f.op("i32.ge_s", add(f.get(k0), f.get(kc)), f.i32(K)), () => epilogue(blockOfRows(row, rows)))
  }
  const blocks = (count: number, block: number, body: () => void): void =>
    f.for(
      ic,
      () => (operands.rows ? f.get(operands.rows[0]) : f.i32(0)),
      () => (operands.rows ? f.get(operands.rows[1]) : f.i32(count)),
      block,
      () => {
        extent(mc, ic, block, count, operands.rows?.[1])
        body()
      },
    )
  /** Where A's terms of the block begin in its rows. */
  const startOfA = (): void => {
    if (left.kind === "rows" || left.kind === "columns")
      f.set(baseA, add(f.get(a0), pieces ? f.load("i32.load", f.get(piece)) : times(f.get(k0), left.step)))
  }
  const allRows = (): void =>
    blocks(M, blockM, () => {
      if (operands.computeA) {
        operands.computeA({ row: ic, rows: mc, term: k0, terms: kc })
        f.set(a0, f.op("i32.sub", f.get(operands.a), add(times(f.get(ic), plan.rows.stride), times(f.get(k0), plan.stepA))))
        startOfA()
      }
      if (left.kind === "packed")
        pack(
          plan.rows,
          plan.segmentsA,
          plan.stepA,
          a0,
          ic,
          () => f.get(mc),
          () => at(scratch.a),
          ROWS,
        )
      if (target !== "scratch") f.set(cBase, add(add(f.get(operands.c!), times(f.get(ic), pitch)), times(f.get(jc), width)))
      else f.set(cBase, blockK < K ? add(at(scratch.c), times(f.get(ic), pitch)) : at(scratch.c))
      panels((columns) => {
        if (left.kind === "rows") rowsWhereTheyAre(columns)
        else if (left.kind === "columns") columnsWhereTheyAre(columns, left.step)
        else packedRows(columns)
      })
      finish(ic, mc)
    })
  /** Rows that share pixels: blocks of channels, in them all taps. */
  const allTaps = ({ channels, taps, pixel, reach, step, length, block }: Left & { readonly kind: "shared" }): void => {
    const each = width * ROWS // bytes of a pixel in a panel
    const [tap, pixels, start, row, origin] = [i32(), i32(), i32(), i32(), i32()]
    const position = (): Value<"i32"> => (pieces ? f.load("i32.load", f.get(piece)) : times(f.get(k0), step))
    blocks(channels, block, () => {
      // From the block's first pixel to its last, and as far as taps reach.
      f.set(start, position())
      if (pieces) {
        const last = add(f.get(piece), f.op("i32.sub", times(divided(f.get(kc), length), 4), f.i32(4)))
        f.set(pixels, add(f.load("i32.load", last), f.i32((length - 1) * step)))
        f.set(pixels, f.op("i32.sub", f.get(pixels), f.get(start)))
      } else f.set(pixels, times(f.op("i32.sub", f.get(kc), f.i32(1)), step))
      f.set(pixels, add(divided(f.get(pixels), each), f.i32(reach / pixel + 1)))
      const from = add(add(f.get(a0), times(f.get(ic), width)), times(divided(f.get(start), each), pixel))
      f.call(
        kernels.pack(width),
        from,
        f.get(mc),
        f.i32(width),
        f.i32(0),
        f.i32(0),
        f.i32(0),
        f.i32(1),
        f.i32(pixel),
        f.get(pixels),
        at(scratch.a),
        f.i32(ROWS),
      ) // prettier-ignore
      f.set(origin, add(target === "scratch" ? at(scratch.c) : f.get(operands.c!), times(f.get(ic), pitch)))
      if (target !== "scratch") f.set(origin, add(f.get(origin), times(f.get(jc), width)))
      const forTaps = (body: () => void): void => {
        f.set(cBase, f.get(origin))
        f.for(
          tap,
          zero,
          () => f.i32(taps.size),
          1,
          () => {
            body()
            f.bump(cBase, channels * pitch)
          },
        ) // prettier-ignore
      }
      panels((columns) =>
        forTaps(() => {
          startOfPanel()
          f.set(a, add(at(scratch.a), offset(taps, tap)))
          tiles(
            channels,
            (rows) => tile(rows, columns, [a], step),
            () => f.set(a, add(f.get(a), times(f.get(pixels), each))),
          )
        }),
      )
      if (epilogue)
        forTaps(() => {
          f.set(row, add(times(f.get(tap), channels), f.get(ic)))
          finish(row, mc)
        })
    })
  }

  f.for(
    jc,
    () => (operands.columns ? f.get(operands.columns[0]) : f.i32(0)),
    () => (operands.columns ? f.get(operands.columns[1]) : f.i32(N)),
    blockN,
    () => {
      extent(nc, jc, blockN, N, operands.columns?.[1])
      f.for(
        k0,
        zero,
        () => f.i32(K),
        blockK,
        () => {
          extent(kc, k0, blockK, K)
          if (segments > 1) f.set(segment, divided(f.get(k0), run))
          f.set(adding, f.op("i32.ne", f.get(k0), f.i32(0)))
          if (right === undefined) packB()
          if (pieces && left.kind !== "packed") f.set(piece, add(at(pieces.at), times(divided(f.get(k0), left.length), 4)))
          if (left.kind === "shared") return allTaps(left)
          startOfA()
          allRows()
        },
      ) // prettier-ignore
    },
  )
}
