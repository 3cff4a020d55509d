// Device arrays and who owns them.
import type { Aval } from "../../core/tensor.ts"
import type { DeviceBuffer } from "../backend.ts"
import { Donated } from "../errors.ts"
import { show } from "../../core/shape.ts"
import { sizeOf } from "./sizes.ts"

/** A device array: its memory is gone once it is freed or donated. */
export interface Handle<M> extends DeviceBuffer {
  memory: M | undefined
}
/** All arrays of one backend. `release` gives memory back. */
export const handles = <M>(device: string, release: (m: M) => void) => {
  const alive = new Set<Handle<M>>()
  let bytes = 0
  const memoryOf = (b: DeviceBuffer): M => {
    const h = b as Handle<M>
    if (h.memory === undefined || !alive.has(h))
      throw new Donated({ what: `${device}: an array ${h.aval.dtype}${show(h.aval.shape)}` })
    return h.memory
  }
  /** The memory leaves the handle; whoever takes it releases it. */
  const take = (b: DeviceBuffer): M => {
    const m = memoryOf(b)
    const h = b as Handle<M>
    h.memory = undefined
    alive.delete(h)
    bytes -= 4 * sizeOf(h.aval)
    return m
  }
  const give = (memory: M, aval: Aval): Handle<M> => {
    const h: Handle<M> = { aval: { shape: aval.shape, dtype: aval.dtype }, memory }
    alive.add(h)
    bytes += 4 * sizeOf(aval)
    return h
  }
  return {
    memoryOf,
    take,
    give,
    free: (b: DeviceBuffer): void => {
      if (alive.has(b as Handle<M>)) release(take(b))
    },
    live: () => ({ buffers: alive.size, bytes }),
    close: (): void => {
      for (const h of alive) release(take(h))
    },
  }
}
