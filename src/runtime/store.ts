// Values on a device: what holds them, who owns them, when they go.
import type { DeviceBuffer, Eventually } from "../backends/backend.ts"
import { Donated } from "../backends/errors.ts"
import type { Storage } from "../core/leaf.ts"
import type { OpenDevice } from "./open.ts"
import { ensuring } from "./eventually.ts"

/** Arrays of one owner that were made one after the other. The place of one that is gone is empty. */
class Shelf {
  readonly owner: Owner
  readonly room: number
  readonly buffers: (DeviceBuffer | undefined)[] = []
  private left = 0
  constructor(owner: Owner, room: number) {
    this.owner = owner
    this.room = room
  }
  put(buffer: DeviceBuffer): number {
    this.left++
    return this.buffers.push(buffer) - 1
  }
  get full(): boolean {
    return this.buffers.length >= this.room
  }
  /** The array, which is another's from now on. */
  take(at: number): DeviceBuffer | undefined {
    const b = this.buffers[at]
    if (b === undefined) return undefined
    this.buffers[at] = undefined
    if (--this.left === 0 && this.full) this.owner.drop(this)
    return b
  }
}
/** What the values of a shelf hold: when no value does any more, nobody can reach its arrays. */
class Net {
  readonly shelf: Shelf
  constructor(shelf: Shelf) {
    this.shelf = shelf
  }
}
/** Frees device arrays that nobody can reach any more. A safety net for loops in a REPL; scopes are what one relies on. To watch an
 *  object costs as much as a small addition, and keeps it until the next full collection: that is why small arrays share a net. */
const registry = new FinalizationRegistry<Shelf>((shelf) => shelf.owner.clear(shelf))
/** Arrays of up to so many elements share a shelf, so many of them: a value that lives on keeps no more than that of its neighbours. */
const SMALL = 64
const SHARED = 16

/** A value held by a device. Its array is gone once it has been donated or its owner was closed. */
export class DeviceStorage implements Storage {
  readonly host = undefined
  readonly device: OpenDevice
  /** Undefined: it holds nothing any more. */
  private net: Net | undefined
  private readonly at: number
  private donated = false
  constructor(device: OpenDevice, net: Net | undefined, at: number) {
    this.device = device
    this.net = net
    this.at = at
  }
  /** Is the array there still, and not given away? */
  get here(): boolean {
    return !this.donated && this.net?.shelf.buffers[this.at] !== undefined
  }
  /** The device array of a value that is here. */
  get held(): DeviceBuffer {
    return this.net?.shelf.buffers[this.at] as DeviceBuffer
  }
  /** The typed error that says why it is gone. */
  gone(what: string): Donated {
    return new Donated(this.donated ? { what } : { what, fate: "closed" })
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
    if (on === this.device) this.net?.shelf.take(this.at)
    else this.release()
  }
  /** Its place for another array of its owner, if the place has that much room; it holds nothing from now on. */
  leave(owner: Owner, room: number, buffer: DeviceBuffer): DeviceStorage | undefined {
    const { net, at } = this
    if (net?.shelf.owner !== owner || net.shelf.room !== room || net.shelf.buffers[at] === undefined) return undefined
    net.shelf.buffers[at] = buffer
    this.net = undefined
    return new DeviceStorage(this.device, net, at)
  }
  /** Frees the array now. */
  release(): void {
    const b = this.net?.shelf.take(this.at)
    if (b) this.device.backend.free(b)
  }
}
/** Who frees device arrays: one owner per scope or session. Holds arrays, not the tensors that name them. */
export class Owner {
  private readonly device: OpenDevice
  private readonly shelves = new Set<Shelf>()
  /** Where the next small array goes. */
  private last: Net | undefined
  private closed = false
  constructor(device: OpenDevice) {
    this.device = device
  }
  /** Takes an array over. What comes after the end, from work that outlived its scope, is freed at once. `before`: a value that is spent
   *  on it. The array may take its place: a loop that gives its state away registers nothing. */
  adopt(buffer: DeviceBuffer, before?: DeviceStorage): DeviceStorage {
    if (this.closed) {
      this.device.backend.free(buffer)
      return new DeviceStorage(this.device, undefined, 0)
    }
    let n = 1
    for (const d of buffer.aval.shape) n *= d
    const room = n > SMALL ? 1 : SHARED
    const there = before?.leave(this, room, buffer)
    if (there) return there
    const net = room === 1 ? this.shelve(room) : this.last && !this.last.shelf.full ? this.last : (this.last = this.shelve(room))
    return new DeviceStorage(this.device, net, net.shelf.put(buffer))
  }
  private shelve(room: number): Net {
    const shelf = new Shelf(this, room)
    const net = new Net(shelf)
    this.shelves.add(shelf)
    registry.register(net, shelf, shelf)
    return net
  }
  /** The shelf is full and all on it gone. */
  drop(shelf: Shelf): void {
    registry.unregister(shelf)
    this.shelves.delete(shelf)
  }
  /** Frees what is on it. */
  clear(shelf: Shelf): void {
    this.drop(shelf)
    for (let k = 0; k < shelf.buffers.length; k++) {
      const b = shelf.buffers[k]
      shelf.buffers[k] = undefined
      if (b) this.device.backend.free(b)
    }
  }
  close(): void {
    this.closed = true
    this.last = undefined
    for (const s of this.shelves) this.clear(s)
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
