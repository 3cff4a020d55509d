// Devices that count what is asked of them.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Backend, Compiled } from "../../src/backends/backend.ts"
import { wasm } from "../../src/backends/wasm/index.ts"
import { Device } from "../../src/runtime/device.ts"
import { openDevice, type OpenDevice } from "../../src/runtime/open.ts"

export interface Counts {
  compiled: number
  disposed: number
  runs: number
  uploads: number
  downloads: number
  /** Elements read back. */
  read: number
}
/** A backend that behaves as the given one, and a record of the calls. `fail.with` makes runs fail. */
export const counting = (
  inner: Backend = wasm(),
): { backend: Backend; counts: Counts; fail: { with: (() => unknown) | undefined } } => {
  const counts: Counts = { compiled: 0, disposed: 0, runs: 0, uploads: 0, downloads: 0, read: 0 }
  const fail: { with: (() => unknown) | undefined } = { with: undefined }
  const recorded = (c: Compiled): Compiled => {
    return {
      run: (args, donated) => {
        counts.runs++
        if (fail.with) throw fail.with()
        return c.run(args, donated)
      },
      dispose: () => {
        if (!c.disposed) counts.disposed++
        c.dispose()
      },
      get disposed() {
        return c.disposed
      },
      listing: () => c.listing(),
    }
  }
  const backend: Backend = {
    ...inner,
    compile: (source) => {
      counts.compiled++
      const compiled = inner.compile(source)
      return compiled instanceof Promise ? compiled.then(recorded) : recorded(compiled)
    },
    upload: (values, aval) => {
      counts.uploads++
      return inner.upload(values, aval)
    },
    download: (b) => {
      counts.downloads++
      counts.read += b.aval.shape.reduce((n, d) => n * d, 1)
      return inner.download(b)
    },
  }
  return { backend, counts, fail }
}
/** The same backend, answering after a turn of the event loop: as a GPU does. */
export const late = (inner: Backend): Backend => {
  const turn = (): Promise<void> => new Promise((done) => void setImmediate(done))
  return {
    ...inner,
    compile: async (source) => {
      await turn()
      const c = await inner.compile(source)
      return {
        run: async (args, donated) => {
          const outs = await c.run(args, donated)
          await turn()
          return outs
        },
        dispose: () => c.dispose(),
        get disposed() {
          return c.disposed
        },
        listing: () => c.listing(),
      }
    },
    upload: async (values, aval) => {
      await turn()
      return inner.upload(values, aval)
    },
    download: async (b) => {
      await turn()
      return inner.download(b)
    },
  }
}
export interface Counted extends ReturnType<typeof counting> {
  readonly device: OpenDevice
  /** Runs an effect on this device, without a scope of its own. */
  readonly on: <A, E>(e: Effect.Effect<A, E, Device>) => Promise<A>
  /** Runs an effect in a scope on this device. */
  readonly scoped: <A, E>(e: Effect.Effect<A, E, Device | Scope.Scope>) => Promise<A>
  readonly live: () => number
}
export const counted = (inner?: Backend): Counted => {
  const c = counting(inner)
  const device = openDevice(c.backend, "counted")
  const on = <A, E>(e: Effect.Effect<A, E, Device>): Promise<A> => Effect.runPromise(Effect.provideService(e, Device, device))
  return { ...c, device, on, scoped: (e) => on(Effect.scoped(e)), live: () => c.backend.live().buffers }
}
