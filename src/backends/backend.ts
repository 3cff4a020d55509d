// The one interface between the runtime and a device. A backend knows loop IR and memory; it knows no op.
import type { HostArray } from "../core/dtype.ts"
import type { Aval, Program } from "../core/tensor.ts"
import type { Limits, Lowered } from "../compiler/lowered.ts"

/** Synchronous where the device is (wasm, reference), a promise where it is not (webgpu). */
export type Eventually<T> = T | Promise<T>

/** A device array. Owned by whoever received it from `upload` or `run`, until `free` or until it is donated to a run. */
export interface DeviceBuffer {
  readonly aval: Aval
}
/** What there is to compile: the graph, and, made on demand for this backend's limits, its statements. The oracle reads the graph,
 *  so that it shares nothing with the lowering it judges. Inputs of both: the program's parameters, then `captured(program)`. */
export interface Source {
  readonly program: Program
  readonly lowered: () => Lowered
}
/** A program compiled for one backend. */
export interface Compiled {
  /** Outputs for inputs, in the order of `Lowered.args`. donated[k]: the caller gives args[k] away; its memory is reused or freed.
   *  On failure nothing is donated and nothing leaks. Throws OutOfMemory, DeviceLost. */
  run(args: readonly DeviceBuffer[], donated: readonly boolean[]): Eventually<readonly DeviceBuffer[]>
  /** Kernels of its own (compiled modules, pipelines) are given back. */
  dispose(): void
  /** Set by dispose: a disposed program must not be run. */
  readonly disposed: boolean
  /** What the device runs, as text, for people. */
  listing(): Eventually<string>
}
export interface Backend {
  readonly name: string
  readonly limits: Limits
  /** Throws UnsupportedOnDevice naming the construct and a device that has it. */
  compile(source: Source): Eventually<Compiled>
  upload(values: HostArray, aval: Aval): Eventually<DeviceBuffer>
  /** A copy of the values: in `into`, which has their class and length, or in an array of its own. */
  download(buffer: DeviceBuffer, into?: HostArray): Eventually<HostArray>
  free(buffer: DeviceBuffer): void
  /** Device arrays that are neither freed nor donated, and their bytes. */
  live(): { readonly buffers: number; readonly bytes: number }
  close(): Eventually<void>
}
