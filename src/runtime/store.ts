// Values on a device: what holds them, who owns them, when they go.
import type { DeviceBuffer, Eventually } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import type { Storage } from "../core/leaf.ts"
import type { OpenDevice } from "./open.ts"
import { ensuring } from "./eventually.ts"

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
  private readonly held: Held
  private donated = false
  constructor(device: OpenDevice, held: Held) {
    this.device = device
    this.held = held
    net.register(this, held, this)
  }
  /** The device array, or the typed error that says why it is gone. */
  buffer(what: () => string): DeviceBuffer {
    if (this.donated) throw new Donated({ what: what() })
    if (!this.held.owner.holds(this.held)) throw new Donated({ what: what(), fate: "closed" })
    return this.held.buffer
  }
  /** Gives the array away to a call that begins: nobody else gets it. Then `spent`, or `restore` if the call fails. */
  lend(): void {
    this.donated = true
  }
  restore(): void {
    this.donated = false
  }
  /** The call is done. On its own device the program has reused or freed the array; from another device it was only copied. */
  spent(on: OpenDevice): void {
    net.unregister(this)
    if (on === this.device) this.held.owner.forget(this.held)
    else this.held.owner.release(this.held)
  }
  /** Frees the array now. */
  release(): void {
    net.unregister(this)
    this.held.owner.release(this.held)
  }
}
/** Who frees device arrays: one owner per scope or session. Holds arrays, not the tensors that name them. */
export class Owner {
  private readonly device: OpenDevice
  private readonly all = new Set<Held>()
  private closed = false
  constructor(device: OpenDevice) {
    this.device = device
  }
  /** Takes an array over. What comes after the end, from work that outlived its scope, is freed at once. */
  adopt(buffer: DeviceBuffer): DeviceStorage {
    const held: Held = { owner: this, buffer }
    if (this.closed) this.device.backend.free(buffer)
    else this.all.add(held)
    return new DeviceStorage(this.device, held)
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
    this.closed = true
    for (const h of this.all) this.release(h)
  }
}
/** f with an owner that lasts as long as f does. */
export const briefly = <A>(device: OpenDevice, f: (owner: Owner) => Eventually<A>): Eventually<A> => {
  const owner = new Owner(device)
  return ensuring(
    () => f(owner),
    () => owner.close(),
  )
}
