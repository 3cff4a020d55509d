// One program on devices of one to five threads, which divide whatever they can.
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import type { Lowered } from "../../../src/compiler/lowered.ts"
import { type DType, flatten, type HostArray, type Program, trace } from "../../../src/core/index.ts"
import * as typed from "../../../src/tensor.ts"

export type Any = typed.AnyTensor
export const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>
export interface Input {
  readonly shape: readonly number[]
  readonly dtype: DType
}
export interface Traced {
  readonly inputs: readonly Input[]
  readonly program: Program
  readonly lowered: Lowered
}
export const traced = (inputs: readonly Input[], f: (...x: Any[]) => unknown): Traced => {
  const params = flatten(inputs.map(({ shape, dtype }) => T["zeros"]!(shape, dtype))).leaves
  const program = trace((...x) => flatten(f(...(x as Any[]))).leaves, params)
  return { inputs, program, lowered: lower(program, { limits: { reads: Number.POSITIVE_INFINITY, f64: true, parts: true } }) }
}
const outputs = async (
  device: Backend,
  { inputs, program, lowered }: Traced,
  values: readonly HostArray[],
): Promise<HostArray[]> => {
  const compiled: Compiled = await device.compile({ program, lowered: () => lowered })
  const args = values.map((x, k) => device.upload(x, inputs[k]!) as DeviceBuffer)
  const keep = args.map(() => false)
  const rounds = [0, 1].map(() => {
    const outs = compiled.run(args, keep) as readonly DeviceBuffer[]
    const got = outs.map((o) => device.download(o) as HostArray)
    for (const o of outs) device.free(o)
    return got
  })
  for (const b of args) device.free(b)
  compiled.dispose()
  return rounds.at(-1)!
}
export const crews = () => {
  const one = wasm()
  const many = [2, 3, 4, 5].map((n) => wasmThreads(n, { least: 0, always: true }))
  return {
    close: () => Promise.all([one, ...many].map((d) => d.close())),
    /** What one thread gives, and then each of the others. */
    all: async (p: Traced, values: readonly HostArray[]): Promise<readonly [HostArray[], ...HostArray[][]]> => {
      const results: HostArray[][] = []
      for (const d of many) results.push(await outputs(d, p, values))
      return [await outputs(one, p, values), ...results]
    },
  }
}
