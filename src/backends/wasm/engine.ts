// The part of the host's WebAssembly interface that is used here, typed; the language's own library does not declare it.

export interface Memory {
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KiB and detaches earlier buffers. Throws RangeError when there is no room. */
  grow(pages: number): number
}
export type Exports = Readonly<Record<string, (...args: readonly number[]) => number | undefined>>
interface Engine {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number; readonly shared?: boolean }) => Memory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Exports }
  validate(bytes: Uint8Array<ArrayBuffer>): boolean
}
/** Undefined where the host has no WebAssembly. */
export const engine = (globalThis as { readonly WebAssembly?: Engine }).WebAssembly

/** Exports of the module, its imports taken from `env`. */
export const instantiate = (bytes: Uint8Array<ArrayBuffer>, env: Readonly<Record<string, unknown>>): Exports =>
  load(bytes, env).exports

export const load = (
  bytes: Uint8Array<ArrayBuffer>,
  env: Readonly<Record<string, unknown>>,
): { readonly module: object; readonly exports: Exports } => {
  if (!engine) throw new Error("wasm: this host has no WebAssembly")
  const module = new engine.Module(bytes)
  return { module, exports: new engine.Instance(module, { env }).exports }
}
