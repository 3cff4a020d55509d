// Values on a device: what holds them, who owns them, when they go.
import type { DeviceBuffer } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import type { Storage } from "../core/leaf.ts"
import type { OpenDevice } from "./device.ts"

/** Frees device arrays that nobody can reach any more. A safety net for loops in a REPL; scopes are what one relies on. */
const net = new FinalizationRegistry<Held>((h) => h.owner.release(h))

interface Held {
  readonly owner: Owner
  readonly buffer: DeviceBuffer
}
/** A value held by a device. Its array is gone once it has been donated or its owner was closed. */
export class DeviceStorage implements Storage {
  readonly host = undefined
  readonly device: OpenDevice
  private held: Held | undefined
  private fate: "donated" | "released" | undefined
  constructor(device: OpenDevice, held: Held) {
    this.device = device
    this.held = held
  }
  /** The device array, or the typed error that says why it is gone. */
  buffer(what: string): DeviceBuffer {
    if (this.held && this.held.owner.holds(this.held)) return this.held.buffer
    throw new Donated({ what: this.fate === "donated" ? what : `${what} (its scope has closed)` })
  }
  /** Gives the array away: it now belongs to a running program. */
  donate(): void {
    this.fate = "donated"
    this.end((h) => h.owner.forget(h))
  }
  /** Frees the array now. */
  release(): void {
    this.fate ??= "released"
    this.end((h) => h.owner.release(h))
  }
  private end(how: (h: Held) => void): void {
    if (this.held) {
      net.unregister(this)
      how(this.held)
    }
    this.held = undefined
  }
}
/** Who frees device arrays: one owner per scope or session. Holds arrays, not the tensors that name them. */
export class Owner {
  private readonly device: OpenDevice
  private readonly all = new Set<Held>()
  constructor(device: OpenDevice) {
    this.device = device
  }
  adopt(buffer: DeviceBuffer): DeviceStorage {
    const held: Held = { owner: this, buffer }
    this.all.add(held)
    const storage = new DeviceStorage(this.device, held)
    net.register(storage, held, storage)
    return storage
  }
  holds(h: Held): boolean {
    return this.all.has(h)
  }
  /** The array has another owner now. */
  forget(h: Held): void {
    this.all.delete(h)
  }
  release(h: Held): void {
    if (this.all.delete(h)) this.device.backend.free(h.buffer)
  }
  close(): void {
    for (const h of [...this.all]) this.release(h)
  }
}
