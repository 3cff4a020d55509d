// GPU buffers: creating one costs a round trip and a clearing pass, so freed ones are kept for the next request of the same size. A
// buffer may be handed out again while earlier work still uses it: the queue runs in order.
import { OutOfMemory } from "../errors.ts"
import { type GpuBuffer, type GpuDevice, USAGE } from "./gpu.ts"

/** A buffer with a number, so that bind groups can be found again. */
export interface Piece {
  readonly buffer: GpuBuffer
  readonly id: number
}
const KEPT_BYTES = 512 * 2 ** 20

export const pool = (gpu: GpuDevice, device: string) => {
  const idle = new Map<number, Piece[]>()
  let idleBytes = 0
  let inUse = 0
  let ids = 0
  const create = async (bytes: number): Promise<Piece> => {
    const most = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize)
    if (bytes > most) throw new OutOfMemory({ device, bytes, live: inUse })
    gpu.pushErrorScope("out-of-memory")
    const buffer = gpu.createBuffer({ size: bytes, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget })
    const error = await gpu.popErrorScope()
    if (error) throw new OutOfMemory({ device, bytes, live: inUse })
    return { buffer, id: ids++ }
  }
  const drop = (): void => {
    for (const list of idle.values()) for (const p of list) p.buffer.destroy()
    idle.clear()
    idleBytes = 0
  }
  const release = (p: Piece): void => {
    inUse -= p.buffer.size
    if (idleBytes + p.buffer.size > KEPT_BYTES) return p.buffer.destroy()
    idleBytes += p.buffer.size
    const list = idle.get(p.buffer.size)
    if (list) list.push(p)
    else idle.set(p.buffer.size, [p])
  }
  /** A buffer for this many f32 numbers. Its contents are anything. */
  const take = async (numbers: number): Promise<Piece> => {
    const bytes = Math.max(4 * numbers, 16)
    const hit = idle.get(bytes)?.pop()
    if (hit) idleBytes -= bytes
    inUse += bytes
    try {
      return hit ?? (await create(bytes))
    } catch (e) {
      inUse -= bytes
      throw e
    }
  }
  /** All or none. */
  const takeAll = async (numbers: readonly number[]): Promise<Piece[]> => {
    const got: Piece[] = []
    try {
      for (const n of numbers) got.push(await take(n))
      return got
    } catch (e) {
      got.forEach(release)
      throw e
    }
  }
  return { take, takeAll, release, drop }
}
export type Pool = ReturnType<typeof pool>
