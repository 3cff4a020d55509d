// Runs loop IR as it is written, in float64: the judge of the lowering, for tests. Every element knows which buffer wrote it last, so
// that a read of what was never written, or of what another buffer has overwritten since, is an error and not a number.
import type { Lowered } from "../../compiler/lowered.ts"
import { bytesOf, isFloat } from "../../core/dtype.ts"
import { type Axis, type Buf, bufsOf, type Kernel, kernelsOf, type Stmt, wrap } from "../../core/ir/index.ts"
import { size } from "../../core/shape.ts"
import { InternalError, Machine } from "./expressions.ts"

export interface InterpretOptions {
  /** "separate": each buffer has memory of its own. "planned": temporaries at their offsets in one arena, donated outputs in the
   *  memory of their arguments. Default: separate. */
  readonly memory?: "separate" | "planned"
  /** The order of iterations that a backend may run in any order. Results must not depend on it. */
  readonly order?: "forward" | "backward"
}

/** Memory in cells of four bytes. Element k of a buffer is cell base + k * stride; `owner` is the buffer that wrote a cell last. */
interface Block {
  readonly cells: Float64Array
  readonly owner: Int32Array
}
interface Place extends Block {
  readonly base: number
  readonly stride: number
}
const block = (cells: number): Block => ({ cells: new Float64Array(cells).fill(NaN), owner: new Int32Array(cells) })
const nameOf = (b: Buf): string => `${b.role} ${b.id} ${b.dtype}[${b.shape}]`
const strideOf = (b: Buf): number => bytesOf(b.dtype) / 4

const layout = (p: Lowered, planned: boolean): Map<Buf, Place> => {
  const places = new Map<Buf, Place>()
  const own = (b: Buf): Place => ({ ...block(size(b.shape) * strideOf(b)), base: 0, stride: strideOf(b) })
  for (const b of p.args) places.set(b, own(b))
  p.outs.forEach((b, k) => {
    const from = p.alias[k]
    const arg = from === undefined ? undefined : p.args[from]
    if (arg && bytesOf(arg.dtype) * size(arg.shape) !== bytesOf(b.dtype) * size(b.shape))
      throw new InternalError(`${nameOf(b)} does not fit the memory of ${nameOf(arg)}`)
    places.set(b, planned && arg ? places.get(arg)! : own(b))
  })
  const arena = block(p.arena / 4)
  for (const { buf, offset } of p.temps) {
    if (offset % bytesOf(buf.dtype) !== 0 || offset < 0 || offset + bytesOf(buf.dtype) * size(buf.shape) > p.arena)
      throw new InternalError(`${nameOf(buf)} at offset ${offset} leaves the arena of ${p.arena} bytes, or is not aligned`)
    places.set(buf, planned ? { ...arena, base: offset / 4, stride: strideOf(buf) } : own(buf))
  }
  for (const b of bufsOf(p.stmts)) if (!places.has(b)) throw new InternalError(`${nameOf(b)} has no place in memory`)
  return places
}

/** Outputs of the statements on inputs in the order of `lowered.args`. */
export const interpretLowered = (
  lowered: Lowered,
  inputs: readonly Float64Array[],
  options: InterpretOptions = {},
): Float64Array[] => {
  const places = layout(lowered, options.memory === "planned")
  const backward = options.order === "backward"
  const put = (b: Buf): ((k: number, v: number) => void) => {
    const { cells, owner, base, stride } = places.get(b)!
    return (k, v) => {
      const at = base + k * stride
      cells[at] = isFloat(b.dtype) ? v : wrap(v, b.dtype)
      owner[at] = b.id
      if (stride === 2) owner[at + 1] = b.id
    }
  }
  const machine = new Machine((b) => {
    const place = places.get(b)
    if (!place) throw new InternalError(`${nameOf(b)} has no place in memory`)
    const { cells, owner, base, stride } = place
    return (k) => {
      const at = base + k * stride
      const by = owner[at]
      if (by !== b.id || (stride === 2 && owner[at + 1] !== b.id))
        throw new InternalError(
          `element ${k} of ${nameOf(b)} is read, but ${by === 0 ? "nothing was written there" : `buffer ${by} has overwritten it`}`,
        )
      return cells[at]!
    }
  })
  const kernel = (s: Kernel, rows: readonly Axis[]): (() => void) => {
    const { exprs, indices } = machine.together([s.value], s.at)
    const offset = machine.offset(s.out, indices)
    const store = put(s.out)
    if (s.accumulate) {
      const join = machine.join(s.accumulate, s.out.dtype)
      const old = machine.together([{ k: "read", dtype: s.out.dtype, buf: s.out, at: s.at }]).exprs[0]!
      return machine.over(s.axes, () => {
        machine.touched()
        store(offset(), join(old(), exprs[0]!()))
      })
    }
    return machine.over(
      s.axes.filter((a) => !rows.includes(a)),
      () => {
        machine.touched()
        const v = exprs[0]!()
        store(offset(), v)
      },
      backward,
    )
  }
  const inOrder = (list: readonly (() => void)[]) => (): void => {
    for (const f of list) f()
  }
  const statement = (s: Stmt): (() => void) => {
    if (s.k === "kernel") return kernel(s, [])
    if (s.k === "loop") return machine.over([s.t], inOrder(s.body.map(statement)), s.reverse)
    return machine.over(s.axes, inOrder(s.body.map((k) => kernel(k, s.axes))), backward)
  }
  // Buffer ids start at 1: owner 0 is nobody.
  lowered.args.forEach((b, k) => {
    const store = put(b)
    if (inputs[k]?.length !== size(b.shape))
      throw new InternalError(`input ${k}: ${nameOf(b)} wanted, ${inputs[k]?.length ?? 0} elements given`)
    inputs[k]?.forEach((v, j) => {
      store(j, v)
    })
  })
  for (const s of lowered.stmts) statement(s)()
  // An output that is its donated argument, unchanged, needs no statement.
  const written = new Set(kernelsOf(lowered.stmts).map((k) => k.out))
  return lowered.outs.map((out, k) => {
    const from = lowered.alias[k]
    const b = !written.has(out) && from !== undefined ? lowered.args[from]! : out
    const { cells, owner, base, stride } = places.get(b)!
    return Float64Array.from({ length: size(b.shape) }, (_, k) => {
      const at = base + k * stride
      if (owner[at] !== b.id) throw new InternalError(`element ${k} of ${nameOf(b)} was not written, or was overwritten`)
      return cells[at]!
    })
  })
}
