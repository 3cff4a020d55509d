// gpu.js on WebGPU: gpu.js translates the kernels, buffers and the schedule are ours. Arrays stay on the device between programs; a run
// is one submission, whatever loops it has; nothing is read back that is not asked for.
import type { Axis, Buf } from "../../core/ir/index.ts"
import type { Backend } from "../backend.ts"
import { DeviceLost } from "../errors.ts"
import { openAdapter } from "./adapter.ts"
import { type BindGroup, type ComputePass, type GpuBuffer, MAP_READ, USAGE } from "./gpu.ts"
import { handles } from "./handles.ts"
import { valueOf } from "./host.ts"
import type { Library } from "./library.ts"
import { paramsBuilder, type Dispatch } from "./params.ts"
import { type GpuKernel, pipelines } from "./pipelines.ts"
import { type Piece, pool } from "./pool.ts"
import type { PlanTarget, Run, Step } from "./plan.ts"
import { guardedBy, listing, planned, type Program, type Runnable, runsOf } from "./program.ts"
import { sizeOf } from "./sizes.ts"
import { decode, encode } from "./values.ts"

/** Submissions that may be under way before a run waits for the device. */
const AHEAD = 32
/** Threads that keep a large GPU busy (an H100 holds 270,000). */
const THREADS = 2 ** 17
/** Bind groups remembered per kernel: arguments that come from a pool repeat. */
const KEPT_GROUPS = 16

interface Encoded extends GpuKernel {
  readonly dispatch: Dispatch
  readonly groups: Map<string, BindGroup>
}

export const webgpuBackend = async (
  library: Library,
  device: string,
  want: "hardware" | "software",
): Promise<Backend & { readonly description: string }> => {
  const { device: gpu, what, root } = await openAdapter(device, want)
  let gone: string | undefined
  let failure: string | undefined
  gpu.lost.then((info) => {
    gone ??= info.message || info.reason
  })
  gpu.onuncapturederror = (e) => {
    failure ??= e.error.message
  }
  const check = (): void => {
    if (gone !== undefined) throw new DeviceLost({ device: `${device} (${what})`, reason: gone })
    if (failure !== undefined) throw new Error(`${device} (${what}): ${failure}`)
  }
  const memory = pool(gpu, device)
  const own = handles<Piece>(device, memory.release)
  const kernelOf = pipelines(library, gpu)
  const reads = Math.min(gpu.limits.maxStorageBuffersPerShaderStage - 1, 24)
  const target: PlanTarget = {
    device,
    native: false,
    // Workgroups of two-dimensional outputs are 8 x 8.
    fits: (x, y) => x % 8 === 0 && (y % 8 === 0 || y > 64),
    hostScatter: false,
    threads: THREADS,
    tiles: true,
  }
  let ahead = 0

  const compile = async (program: Program<Piece>): Promise<Runnable> => {
    const { lowered, steps, layout } = program
    const params = paramsBuilder(gpu.limits.minUniformBufferOffsetAlignment, gpu.limits.maxComputeWorkgroupsPerDimension)
    const runs = runsOf(steps)
    const kernels = await Promise.all(runs.map((r) => kernelOf(r.source)))
    const encoded = new Map<Run, Encoded>()
    runs.forEach((r, k) => encoded.set(r, { ...kernels[k]!, dispatch: params.add(r.source, kernels[k]!), groups: new Map() }))
    const contents = params.contents()
    const uniform = gpu.createBuffer({ size: contents.byteLength, usage: USAGE.uniform | USAGE.copyTarget })
    gpu.queue.writeBuffer(uniform, 0, contents)
    // Temporaries belong to the program, and submissions run in order: runs that overlap may share them.
    let pieces: Promise<readonly Piece[]> | undefined
    const temporaries = (): Promise<readonly Piece[]> => {
      pieces ??= memory.takeAll(layout.sizes).catch((e: unknown) => {
        pieces = undefined
        throw e
      })
      return pieces
    }

    const record = (places: (b: Buf) => Piece): void => {
      const encoder = gpu.createCommandEncoder()
      const now = new Map<Axis, number>()
      let pass: ComputePass | undefined
      const endPass = (): void => {
        pass?.end()
        pass = undefined
      }
      const groupOf = (r: Run, e: Encoded): BindGroup => {
        const all = [...r.source.inputs.map(places), places(r.out)]
        const key = all.map((p) => p.id).join()
        const hit = e.groups.get(key)
        if (hit) return hit
        if (e.groups.size >= KEPT_GROUPS) e.groups.clear()
        const g = gpu.createBindGroup({
          layout: e.layout,
          entries: [
            { binding: 0, resource: { buffer: uniform, offset: 0, size: e.params.byteLength } },
            ...all.map((p, k) => ({ binding: 1 + k, resource: { buffer: p.buffer } })),
          ],
        })
        e.groups.set(key, g)
        return g
      }
      const go = (steps: readonly Step[]): void => {
        for (const s of steps) {
          if (s.k === "loop") {
            for (let k = 0; k < s.t.n; k++) {
              now.set(s.t, s.reverse ? s.t.n - 1 - k : k)
              go(s.body)
            }
          } else if (s.k === "copy") {
            endPass()
            const offset = 4 * (s.to.dtype === "u32" ? 2 : 1) * valueOf(s.offset, now)
            encoder.copyBufferToBuffer(places(s.from).buffer, 0, places(s.to).buffer, offset, 4 * sizeOf(s.from))
          } else if (s.k === "run") {
            const e = encoded.get(s)!
            pass ??= encoder.beginComputePass()
            pass.setPipeline(e.pipeline)
            pass.setBindGroup(0, groupOf(s, e), [e.dispatch.offset(now)])
            pass.dispatchWorkgroups(...e.dispatch.groups)
          }
        }
      }
      go(steps)
      endPass()
      gpu.queue.submit([encoder.finish()])
    }
    return {
      listing: () => listing(program),
      release: () => {
        pieces?.then((ps) => ps.forEach(memory.release)).catch(() => {})
        pieces = undefined
        uniform.destroy()
      },
      run: async (args, donated) => {
        check()
        args.forEach(own.memoryOf)
        const temps = await temporaries()
        const outs = await memory.takeAll(lowered.outs.map(sizeOf))
        const fixed = new Map<Buf, Piece>()
        try {
          lowered.args.forEach((b, k) => fixed.set(b, own.memoryOf(args[k]!)))
          lowered.outs.forEach((b, k) => fixed.set(b, outs[k]!))
          record((b) => fixed.get(b) ?? temps[layout.piece.get(b)!]!)
        } catch (e) {
          outs.forEach(memory.release)
          throw e
        }
        const results = program.finish(args, donated, (b) => fixed.get(b)!)
        if (++ahead >= AHEAD) {
          ahead = 0
          await gpu.queue.onSubmittedWorkDone()
        }
        return results
      },
    }
  }
  const readBack = async (from: GpuBuffer, bytes: number): Promise<Float32Array> => {
    const staging = gpu.createBuffer({ size: bytes, usage: USAGE.mapRead | USAGE.copyTarget })
    const encoder = gpu.createCommandEncoder()
    encoder.copyBufferToBuffer(from, 0, staging, 0, bytes)
    gpu.queue.submit([encoder.finish()])
    try {
      await staging.mapAsync(MAP_READ)
      const values = new Float32Array(staging.getMappedRange().slice(0))
      staging.unmap()
      return values
    } catch (e) {
      check()
      throw e
    } finally {
      staging.destroy()
    }
  }
  return {
    name: device,
    description: what,
    limits: { reads, f64: false, parts: false },
    compile: async (source) => {
      check()
      const program = planned(source.lowered(), target, own)
      return guardedBy(program, device, await compile(program))
    },
    upload: async (values, aval) => {
      check()
      const numbers = encode(values, aval, device)
      const piece = await memory.take(numbers.length)
      if (numbers.length > 0) gpu.queue.writeBuffer(piece.buffer, 0, numbers)
      return own.give(piece, aval)
    },
    download: async (b) => {
      check()
      const { buffer } = own.memoryOf(b)
      const n = sizeOf(b.aval)
      const numbers = n === 0 ? new Float32Array(0) : await readBack(buffer, 4 * n)
      check()
      return decode(numbers, b.aval)
    },
    free: own.free,
    live: own.live,
    close: async () => {
      own.close()
      memory.drop()
      gone ??= "the device was closed"
      gpu.destroy()
      void root
    },
  }
}
