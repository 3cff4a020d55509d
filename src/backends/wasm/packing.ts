// Copies of operands in the order in which micro-kernels read them: panels of 4 or 8 lines (rows of A, columns of B), in a panel step
// after step of k, in a step line after line. And the tables of offsets of index groups that are not one stride.
import type { Code, Func, Local, Value } from "./asm.ts"
import type { Module } from "./module.ts"

/** Bytes of an element: float32 or float64. */
export type Width = 4 | 8
type Pointer = Local<"i32">
/** base; lines: number, bytes apart, or their table (0: none); segments: table or 0, bytes apart, number; steps: bytes apart, number per
 *  segment; destination; lines per panel. */
export type Packer = Func<readonly ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none"> // prettier-ignore

/** A cache line: so many bytes of adjacent lines are packed in one pass, so that memory is read once. */
const LINE = 64

const next = (f: Code, p: Pointer, by: Pointer): void => f.set(p, f.op("i32.add", f.get(p), f.get(by)))
const whileLeft = (f: Code, run: Pointer, least: number, body: () => void): void =>
  f.block((exit) => {
    f.brIf(exit, f.op("i32.lt_s", f.get(run), f.i32(least)))
    f.loop((again) => {
      body()
      f.bump(run, -least)
      f.brIf(again, f.op("i32.ge_s", f.get(run), f.i32(least)))
    })
  })

/** Four lines p0..p3, `run` steps of `stride` bytes, to 4 adjacent elements per step, `pitch` bytes apart. */
const emitGroup = (module: Module, width: Width) => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [p0, p1, p2, p3, stride, run, to, pitch] = f.args
  const lines = [p0, p1, p2, p3]
  const apart = (p: Pointer, q: Pointer) => f.op("i32.eq", f.op("i32.sub", f.get(q), f.get(p)), f.i32(width))
  const copy = (): void => {
    const one = (): void => {
      for (let at = 0; at < 4 * width; at += 16) f.store("v128.store", f.get(to), f.load("v128.load", f.get(p0), at), at)
      next(f, p0, stride)
      next(f, to, pitch)
    }
    whileLeft(f, run, 4, () => [0, 1, 2, 3].forEach(one))
    whileLeft(f, run, 1, one)
  }
  const scalar = (): void =>
    whileLeft(f, run, 1, () => {
      lines.forEach((p, i) => {
        if (width === 4) f.store("f32.store", f.get(to), f.load("f32.load", f.get(p)), 4 * i)
        else f.store("f64.store", f.get(to), f.load("f64.load", f.get(p)), 8 * i)
        next(f, p, stride)
      })
      next(f, to, pitch)
    })
  const vector = () => f.local("v128")
  const transpose = (): void => {
    const r = [vector(), vector(), vector(), vector()] as const
    const load = (): void =>
      lines.forEach((p, i) => {
        f.set(r[i]!, f.load("v128.load", f.get(p)))
        f.bump(p, 16)
      })
    const low = (a: Local<"v128">, b: Local<"v128">) => f.shuffle(f.get(a), f.get(b), [0, 1, 4, 5])
    const high = (a: Local<"v128">, b: Local<"v128">) => f.shuffle(f.get(a), f.get(b), [2, 3, 6, 7])
    if (width === 8)
      whileLeft(f, run, 2, () => {
        load()
        for (const half of [low, high]) {
          f.store("v128.store", f.get(to), half(r[0], r[1]))
          f.store("v128.store", f.get(to), half(r[2], r[3]), 16)
          next(f, to, pitch)
        }
      })
    else {
      const t = [vector(), vector(), vector(), vector()] as const
      whileLeft(f, run, 4, () => {
        load()
        f.set(t[0], f.shuffle(f.get(r[0]), f.get(r[1]), [0, 4, 1, 5]))
        f.set(t[1], f.shuffle(f.get(r[2]), f.get(r[3]), [0, 4, 1, 5]))
        f.set(t[2], f.shuffle(f.get(r[0]), f.get(r[1]), [2, 6, 3, 7]))
        f.set(t[3], f.shuffle(f.get(r[2]), f.get(r[3]), [2, 6, 3, 7]))
        for (const [a, b] of [
          [t[0], t[1]],
          [t[2], t[3]],
        ] as const)
          for (const half of [low, high]) {
            f.store("v128.store", f.get(to), half(a, b))
            next(f, to, pitch)
          }
      })
    }
    scalar()
  }
  const adjacent = f.op("i32.and", f.op("i32.and", apart(p0, p1), apart(p1, p2)), apart(p2, p3))
  f.if(adjacent, copy, () => f.if(f.op("i32.eq", f.get(stride), f.i32(width)), transpose, scalar))
  return f
}
/** A cache line of adjacent lines: `run` steps of `stride` bytes, to panels `apart` bytes from each other of `pitch` bytes a step. */
const emitWide = (module: Module, pitch: number) => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32"], "none")
  const [from, stride, run, to, apart] = f.args
  const panels = [to, ...Array.from({ length: LINE / pitch - 1 }, () => f.local("i32"))]
  panels.slice(1).forEach((p, i) => f.set(p, f.op("i32.add", f.get(panels[i]!), f.get(apart))))
  whileLeft(f, run, 1, () => {
    panels.forEach((p, i) => {
      for (let at = 0; at < pitch; at += 16) f.store("v128.store", f.get(p), f.load("v128.load", f.get(from), i * pitch + at), at)
      f.bump(p, pitch)
    })
    next(f, from, stride)
  })
  return f
}

/** Packs `lines` lines into panels of 4 or 8: panel after panel. Lines missing in the last group of 4 repeat the last line; their sums
 *  are never stored. */
export const emitPacker = (module: Module, width: Width): Packer => {
  const group = emitGroup(module, width)
  const wide = new Map([4 * width, 8 * width].filter((p) => p <= 32).map((pitch) => [pitch, emitWide(module, pitch)]))
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [base, lines, apart, lineTable, segmentTable, segmentApart, segments, stride, run, to, panel] = f.args
  const i32 = () => f.local("i32")
  const [line, out, segment, offset, at, taken] = [i32(), i32(), i32(), i32(), i32(), i32()]
  const p = Array.from({ length: 4 }, i32)
  const times = (x: Pointer, y: Pointer) => f.op("i32.mul", f.get(x), f.get(y))
  const pitch = f.let("i32", f.op("i32.mul", f.get(panel), f.i32(width)))
  const steps = f.let("i32", times(segments, run))
  const entry = (table: Pointer, index: Pointer, stride: Pointer): void =>
    f.if(
      f.get(table),
      () => f.set(offset, f.load("i32.load", f.op("i32.add", f.get(table), f.op("i32.shl", f.get(index), f.i32(2))))),
      () => f.set(offset, times(index, stride)),
    )
  const forSegments = (body: () => void): void =>
    f.for(
      segment,
      () => f.i32(0),
      () => f.get(segments),
      1,
      () => {
        entry(segmentTable, segment, segmentApart)
        body()
        f.set(out, f.op("i32.add", f.get(out), times(run, pitch)))
      },
    )
  f.block((exit) => {
    f.brIf(exit, f.op("i32.le_s", f.get(lines), f.i32(0)))
    f.loop((again) => {
      // to + pitch * steps * (line / panel) + width * (line % panel)
      f.set(at, f.op("i32.rem_u", f.get(line), f.get(panel)))
      f.set(out, f.op("i32.mul", f.op("i32.sub", f.get(line), f.get(at)), f.get(steps)))
      f.set(out, f.op("i32.add", f.get(to), f.op("i32.mul", f.op("i32.add", f.get(out), f.get(at)), f.i32(width))))
      f.set(taken, f.i32(4))
      const plain = f.op("i32.and", f.op("i32.eqz", f.get(lineTable)), f.op("i32.eq", f.get(apart), f.i32(width)))
      const enough = f.op("i32.ge_s", f.op("i32.sub", f.get(lines), f.get(line)), f.i32(LINE / width))
      f.if(
        f.op("i32.and", plain, enough),
        () => {
          f.set(taken, f.i32(LINE / width))
          f.set(p[0]!, f.op("i32.add", f.get(base), f.op("i32.mul", f.get(line), f.i32(width))))
          const whole = f.let("i32", times(steps, pitch))
          forSegments(() => {
            const pass = (pitch: number): void =>
              f.call(
                wide.get(pitch)!,
                f.op("i32.add", f.get(p[0]!), f.get(offset)),
                f.get(stride),
                f.get(run),
                f.get(out),
                f.get(whole),
              )
            if (wide.size === 1) pass(32)
            else
              f.if(
                f.op("i32.eq", f.get(pitch), f.i32(16)),
                () => pass(16),
                () => pass(32),
              )
          })
        },
        () => {
          p.forEach((x, i) => {
            f.set(at, f.op("i32.add", f.get(line), f.i32(i)))
            f.set(at, f.select(f.get(at), f.op("i32.sub", f.get(lines), f.i32(1)), f.op("i32.lt_s", f.get(at), f.get(lines))))
            entry(lineTable, at, apart)
            f.set(x, f.op("i32.add", f.get(base), f.get(offset)))
          })
          forSegments(() => {
            const moved = (x: Pointer): Value<"i32"> => f.op("i32.add", f.get(x), f.get(offset))
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
          })
        },
      )
      f.set(line, f.op("i32.add", f.get(line), f.get(taken)))
      f.brIf(again, f.op("i32.lt_s", f.get(line), f.get(lines)))
    })
  })
  return f
}

/** table[i * count + j] = table[j] + i * stride for i < n: one more axis around the `count` offsets already there. */
export const emitExtend = (module: Module) => {
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

/** Rows of so many floats, `apart` bytes from each other, to rows `pitch` bytes from each other. */
export const emitCopy = (module: Module) => {
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32"], "none")
  const [from, apart, rows, floats, to, pitch] = f.args
  const [a, c, left, row] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")]
  const vectors = (n: number): void => {
    for (let k = 0; k < n; k++) f.store("v128.store", f.get(c), f.load("v128.load", f.get(a), 16 * k), 16 * k)
    f.bump(a, 16 * n)
    f.bump(c, 16 * n)
  }
  f.block((exit) => {
    f.brIf(exit, f.op("i32.le_s", f.get(floats), f.i32(0)))
    f.for(
      row,
      () => f.i32(0),
      () => f.get(rows),
      1,
      () => {
        f.set(a, f.get(from))
        f.set(c, f.get(to))
        f.set(left, f.get(floats))
        whileLeft(f, left, 16, () => vectors(4))
        whileLeft(f, left, 4, () => vectors(1))
        whileLeft(f, left, 1, () => {
          f.store("f32.store", f.get(c), f.load("f32.load", f.get(a)))
          f.bump(a, 4)
          f.bump(c, 4)
        })
        next(f, from, apart)
        next(f, to, pitch)
      },
    )
  })
  return f
}
