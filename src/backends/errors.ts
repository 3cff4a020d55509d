// What can go wrong on a device. Tagged as Effect's errors are, so that it catches them by name; plain classes, because importing Effect
// takes longer than a first matrix product.

interface Tagged<Tag extends string> {
  readonly name: Tag
  readonly _tag: Tag
}
const tagged = <Tag extends string>(tag: Tag) => {
  class TaggedError extends Error implements Tagged<Tag> {
    override readonly name = tag
    readonly _tag = tag
    constructor(fields: object) {
      super()
      Object.assign(this, fields)
      // The stack's first line is made from name and message, which were not there yet.
      Error.captureStackTrace?.(this, new.target)
    }
  }
  return TaggedError as unknown as new <Fields extends object>(
    fields: Fields,
  ) => Error & Tagged<Tag> & Readonly<Fields>
}

/** The device does not exist here, or is not allowed. `reason` says what was tried. */
export class DeviceUnavailable extends tagged("DeviceUnavailable")<{
  readonly device: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.device}: not available: ${this.reason}`
  }
}
/** The device went away while it was in use; its buffers are gone. */
export class DeviceLost extends tagged("DeviceLost")<{ readonly device: string; readonly reason: string }> {
  override get message(): string {
    return `${this.device}: device lost: ${this.reason}; open it again and restart from the last checkpoint`
  }
}
export class OutOfMemory extends tagged("OutOfMemory")<{
  readonly device: string
  readonly bytes: number
  readonly live: number
}> {
  override get message(): string {
    return `${this.device}: out of memory: ${this.bytes} bytes wanted beside ${this.live} in use; use smaller batches`
  }
}
/** The program needs something that the device does not have. */
export class UnsupportedOnDevice extends tagged("UnsupportedOnDevice")<{
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
export class Donated extends tagged("Donated")<{ readonly what: string; readonly fate?: keyof typeof fates }> {
  override get message(): string {
    return `${this.what}: ${fates[this.fate ?? "donated"]}`
  }
}
