// What can go wrong on a device.
import * as Data from "effect/Data"

/** The device does not exist here, or is not allowed. `reason` says what was tried. */
export class DeviceUnavailable extends Data.TaggedError("DeviceUnavailable")<{
  readonly device: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.device}: not available: ${this.reason}`
  }
}
/** The device went away while it was in use; its buffers are gone. */
export class DeviceLost extends Data.TaggedError("DeviceLost")<{ readonly device: string; readonly reason: string }> {
  override get message(): string {
    return `${this.device}: device lost: ${this.reason}; open it again and restart from the last checkpoint`
  }
}
export class OutOfMemory extends Data.TaggedError("OutOfMemory")<{
  readonly device: string
  readonly bytes: number
  readonly live: number
}> {
  override get message(): string {
    return `${this.device}: out of memory: ${this.bytes} bytes wanted beside ${this.live} in use; use smaller batches`
  }
}
/** The program needs something that the device does not have. */
export class UnsupportedOnDevice extends Data.TaggedError("UnsupportedOnDevice")<{
  readonly device: string
  readonly construct: string
  readonly instead: string
}> {
  override get message(): string {
    return `${this.device}: ${this.construct} is not supported; ${this.instead}`
  }
}
const fates = {
  donated: "this value was donated to an earlier call and is gone; use that call's result instead",
  closed: "the scope that owned this value has closed and freed it; read it before, or run it in a scope that lives longer",
  twice: "this value is given twice to one call and donated by it; give it once, or leave it out of donate",
} as const
/** A value was used after it had gone: given away to a program that overwrites it (`donated`) or freed with its scope. */
export class Donated extends Data.TaggedError("Donated")<{ readonly what: string; readonly fate?: keyof typeof fates }> {
  override get message(): string {
    return `${this.what}: ${fates[this.fate ?? "donated"]}`
  }
}
