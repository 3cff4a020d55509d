// gpu.js's plain JavaScript mode through its public interface: to look at kernels in a debugger. It computes in float64 and rounds when
// it stores, so it is no bit reference for the others.
import type { Axis, Buf } from "../../core/ir/index.ts"
import { hostSteps } from "./host.ts"
import type { Library } from "./library.ts"
import { listing, type Program, type Runnable } from "./program.ts"
import { sizeOf } from "./sizes.ts"

export const cpuCompiler = (library: Library) => {
  const gpu = new library.GPU({ mode: "cpu" })
  const compile = (program: Program): Runnable => {
    const arrays = new Map<Buf, Float32Array>()
    const arrayOf = (b: Buf): Float32Array => {
      let a = arrays.get(b)
      if (!a) arrays.set(b, (a = new Float32Array(Math.max(sizeOf(b), 1))))
      return a
    }
    const indices = new Map<Axis, number>()
    const go = hostSteps(program.steps, {
      run: ({ source, out }) => {
        const argumentTypes = [...source.inputs.map(() => "Input"), ...source.scalars.map(() => "Float")]
        const kernel = gpu.createKernel(source.source, { output: [...source.output], argumentTypes, loopMaxIterations: 2 ** 24 })
        const special = { inf: Infinity, nan: NaN }
        return () => {
          const scalars = source.scalars.map((s) => (typeof s === "string" ? special[s] : indices.get(s)!))
          const r = kernel(...source.inputs.map((b) => library.input(arrayOf(b), [arrayOf(b).length])), ...scalars)
          const to = arrayOf(out)
          if (source.pair) (r as Float32Array[]).forEach((p, k) => to.set(p, 2 * k))
          else to.set(r as Float32Array)
        }
      },
      array: (b) => () => arrayOf(b),
      setIndex: (t, v) => void indices.set(t, v),
    })
    return {
      listing: () => listing(program),
      release: () => arrays.clear(),
      run: (args, donated) => {
        args.forEach((a, k) => arrayOf(program.lowered.args[k]!).set(program.handles.memoryOf(a)))
        go()
        return program.finish(args, donated, (b) => arrayOf(b).slice(0, sizeOf(b)))
      },
    }
  }
  return { compile }
}
