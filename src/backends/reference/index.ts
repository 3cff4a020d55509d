// The reference backend: slow, plain, and right. Every other backend is judged by it.
import { hostArray, type HostArray } from "../../core/dtype.ts"
import { topo } from "../../core/program.ts"
import { show, size } from "../../core/shape.ts"
import type { Aval, Program, RawTensor } from "../../core/tensor.ts"
import type { Backend, Compiled, DeviceBuffer } from "../backend.ts"
import { Donated, OutOfMemory } from "../errors.ts"
import { InternalError } from "./expressions.ts"
import { evaluator } from "./graph.ts"

export { evaluate, type EvaluateOptions, type Evaluator, evaluator } from "./graph.ts"
export { InternalError, type Rounding } from "./expressions.ts"
export { interpretLowered, type InterpretOptions } from "./statements.ts"

class Held implements DeviceBuffer {
  readonly aval: Aval
  values: Float64Array | undefined
  constructor(aval: Aval, values: Float64Array) {
    this.aval = aval
    this.values = values
  }
}

/** The graph as text: one line per node, composites closed. */
const listing = (p: Program): string => {
  const names = new Map<RawTensor, string>()
  const name = (t: RawTensor): string => names.get(t) ?? names.set(t, `t${names.size}`).get(t)!
  const type = (t: RawTensor): string => `${name(t)}: ${t.dtype}${show(t.shape)}`
  const lines = topo(p.outs).map((n) => `${n.outs.map(type).join(", ")} = ${n.op.name}(${n.ins.map(name).join(", ")})`)
  return `${lines.join("\n")}\nreturn ${p.outs.map(name).join(", ")}`
}

/**
 * The oracle: evaluates the graph itself in float64 (integers and bools exactly), one buffer per tensor, every index checked. f32 is
 * rounded only when it is read back. Slow: meant for laws and for looking at small programs.
 */
export const reference = (): Backend => {
  const live = new Set<Held>()
  const device = "reference"
  const hold = (aval: Aval, values: Float64Array): Held => {
    const b = new Held({ shape: aval.shape, dtype: aval.dtype }, values)
    live.add(b)
    return b
  }
  const valuesOf = (b: DeviceBuffer): Float64Array => {
    const v = (b as Held).values
    if (!v) throw new Donated({ what: `${b.aval.dtype}${show(b.aval.shape)} on ${device}` })
    return v
  }
  const bytes = (): number => [...live].reduce((s, b) => s + 8 * size(b.aval.shape), 0)
  const free = (b: DeviceBuffer): void => {
    const h = b as Held
    live.delete(h)
    h.values = undefined
  }
  return {
    name: device,
    limits: { reads: Number.POSITIVE_INFINITY, f64: true, parts: true },
    compile: ({ program }): Compiled => {
      const run = evaluator(program)
      let disposed = false
      return {
        run: (args, donated) => {
          if (disposed) throw new InternalError("the program was disposed")
          const ins = args.map(valuesOf)
          try {
            // A result may be an argument itself: results are memory of their own.
            const outs = run(ins).map((v, k) => hold(program.outs[k]!, Float64Array.from(v)))
            args.forEach((b, k) => {
              if (donated[k]) free(b)
            })
            return outs
          } catch (e) {
            if (e instanceof RangeError)
              throw new OutOfMemory({ device, bytes: 8 * program.outs.reduce((s, t) => s + size(t.shape), 0), live: bytes() })
            throw e
          }
        },
        dispose: () => {
          disposed = true
        },
        get disposed() {
          return disposed
        },
        listing: () => listing(program),
      }
    },
    upload: (values, aval) => hold(aval, Float64Array.from(values)),
    download: (b): HostArray => {
      const v = valuesOf(b)
      const out = hostArray(b.aval.dtype, v.length)
      out.set(v)
      return out
    },
    free,
    live: () => ({ buffers: live.size, bytes: bytes() }),
    close: () => {
      for (const b of live) free(b)
    },
  }
}
