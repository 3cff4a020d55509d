// The uniform parameters of every dispatch of a program, in one buffer: sizes, loop indices, infinities. A loop's iterations differ in
// their offset into it and in nothing else, so that all of them can be recorded at once.
import type { Axis } from "../../core/ir/index.ts"
import type { GpuKernel } from "./pipelines.ts"
import type { KernelSource } from "./emit.ts"
import { valueOf } from "./host.ts"
import { elementsOf, sizeOf } from "./sizes.ts"

export interface Dispatch {
  readonly groups: readonly [number, number, number]
  /** Offset into the buffer for these loop indices. */
  readonly offset: (now: ReadonlyMap<Axis, number>) => number
}
/** Workgroups for an output; a long one-dimensional one is folded into two. `width`: threads per fold. */
export const groupsOf = (
  output: readonly number[],
  workgroup: readonly [number, number, number],
  most: number,
): { readonly groups: readonly [number, number, number]; readonly width: number } => {
  const [x, y, z] = [0, 1, 2].map((d) => Math.ceil((output[d] ?? 1) / workgroup[d]!)) as [number, number, number]
  if (output.length > 1) return { groups: [x, y, z], width: 0 }
  const folds = Math.ceil(x / most)
  const perFold = Math.ceil(x / folds)
  return { groups: [perFold, folds, 1], width: perFold * workgroup[0] }
}
export const paramsBuilder = (alignment: number, mostGroups: number) => {
  const blocks: ArrayBuffer[] = []
  const stride = (bytes: number): number => Math.ceil(bytes / alignment) * alignment
  let top = 0
  let longest = 0
  const at = new Map<string, number>()
  const place = (block: ArrayBuffer): number => {
    const key = String(new Uint32Array(block))
    let offset = at.get(key)
    if (offset === undefined) {
      offset = top
      at.set(key, offset)
      blocks.push(block)
      top += stride(block.byteLength)
      longest = Math.max(longest, block.byteLength)
    }
    return offset
  }
  const add = (s: KernelSource, k: GpuKernel): Dispatch => {
    if (s.wgsl) return addOwn(s, s.wgsl)
    const { groups, width } = groupsOf(s.output, k.workgroup, mostGroups)
    const block = new ArrayBuffer(k.params.byteLength)
    const u32 = new Uint32Array(block)
    const f32 = new Float32Array(block)
    u32.set([s.output[0] ?? 1, s.output[1] ?? 1, s.output[2] ?? 1, width])
    s.inputs.forEach((b, i) => {
      u32.set([sizeOf(b), 1, 1, sizeOf(b)], k.params.arrayArgs[i]!.dimsOffset / 4)
    })
    const axes: Axis[] = []
    s.scalars.forEach((v, i) => {
      const slot = k.params.scalarArgs[i]!.offset / 4
      if (typeof v === "string") f32[slot] = v === "inf" ? Infinity : NaN
      else axes.push(v)
    })
    const slotOf = (a: Axis): number => k.params.scalarArgs[s.scalars.indexOf(a)]!.offset / 4
    return table(groups, axes, (now) => {
      for (const a of axes) f32[slotOf(a)] = now.get(a)!
      return block.slice(0)
    })
  }
  const addOwn = (s: KernelSource, { groups, bases }: NonNullable<KernelSource["wgsl"]>): Dispatch =>
    table(
      groups,
      s.scalars.filter((v): v is Axis => typeof v !== "string"),
      (now) => Int32Array.of(valueOf(bases[0], now), valueOf(bases[1], now), 0, 0).buffer,
    )
  /** A block for every combination of the loop indices. */
  const table = (
    groups: Dispatch["groups"],
    axes: readonly Axis[],
    make: (now: ReadonlyMap<Axis, number>) => ArrayBuffer,
  ): Dispatch => {
    const sizes = axes.map((a) => a.n)
    const now = new Map<Axis, number>()
    const offsets = Array.from({ length: elementsOf(sizes) }, (_, flat) => {
      let rest = flat
      for (let d = axes.length - 1; d >= 0; d--) {
        now.set(axes[d]!, rest % sizes[d]!)
        rest = Math.floor(rest / sizes[d]!)
      }
      return place(make(now))
    })
    return { groups, offset: (now) => offsets[axes.reduce((f, a, d) => f * sizes[d]! + now.get(a)!, 0)]! }
  }
  /** Everything added, as the buffer's contents. Longer by the longest block: a binding must fit behind the last offset. */
  const contents = (): Uint8Array => {
    const all = new Uint8Array(Math.max(top + longest, 16))
    let o = 0
    for (const b of blocks) {
      all.set(new Uint8Array(b), o)
      o += stride(b.byteLength)
    }
    return all
  }
  return { add, contents }
}
