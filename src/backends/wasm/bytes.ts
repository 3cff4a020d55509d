/** A growing byte buffer with WebAssembly's number encodings (LEB128, IEEE little endian). */
export class Bytes {
  private data: Uint8Array
  private view: DataView
  length = 0

  constructor(capacity = 256) {
    this.data = new Uint8Array(capacity)
    this.view = new DataView(this.data.buffer)
  }

  private room(more: number): void {
    if (this.length + more <= this.data.length) return
    const wider = new Uint8Array(Math.max(this.length + more, 2 * this.data.length))
    wider.set(this.data)
    this.data = wider
    this.view = new DataView(wider.buffer)
  }

  u8(value: number): void {
    if (this.length === this.data.length) this.room(1)
    this.data[this.length++] = value
  }

  /** Unsigned LEB128, up to 2^32 - 1. */
  u32(value: number): void {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.u8(rest)
  }

  /** Signed LEB128 of the low 32 bits. */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.u8((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.u8(rest & 0x7f)
  }

  /** Signed LEB128 of a non-negative integer below 2^53. */
  s64(value: number): void {
    let rest = value
    while (rest > 63) {
      this.u8((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.u8(rest)
  }

  f32(value: number): void {
    this.room(4)
    this.view.setFloat32(this.length, value, true)
    this.length += 4
  }

  f64(value: number): void {
    this.room(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  i32(value: number): void {
    this.room(4)
    this.view.setInt32(this.length, value | 0, true)
    this.length += 4
  }

  append(other: Bytes): void {
    this.room(other.length)
    this.data.set(other.data.subarray(0, other.length), this.length)
    this.length += other.length
  }

  /** Length-prefixed ASCII name. */
  name(text: string): void {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i))
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.data.slice(0, this.length) as Uint8Array<ArrayBuffer>
  }
}
