// The devices that are measured, by the names of their rows.
import { DeviceUnavailable } from "../src/backends/errors.ts"
import { wasm, wasmThreads } from "../src/backends/wasm/index.ts"
import { openDevice, type OpenDevice, openers } from "../src/runtime/open.ts"

type Opener = () => Promise<OpenDevice>
const others = openers as unknown as Readonly<Record<string, Opener>>
const threads =
  (n: number): Opener =>
  async () =>
    openDevice(await (n === 1 ? wasm() : wasmThreads(n)), `${n} threads`)

/** "wasm1", "wasm2", ...: threads; any other is a device by its name. Undefined where this machine does not have it. */
export const openPeer = async (peer: string): Promise<OpenDevice | undefined> => {
  const n = /^wasm(\d+)$/.exec(peer)?.[1]
  const open = n === undefined ? others[peer] : threads(Number(n))
  if (!open) return undefined
  try {
    return await open()
  } catch (e) {
    if (e instanceof DeviceUnavailable) return undefined
    throw e
  }
}

// ---- the time inside compiled programs ------------------------------------------------------------------------------
interface Host {
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}
/** While `on`: runs of compiled programs, and the time inside of them. With `skip` they are not run at all. */
export const inside = { on: false, ms: 0, calls: 0, skip: false }
const host = (globalThis as unknown as { readonly WebAssembly: Host }).WebAssembly
const Original = host.Instance
/** From now on, the runs of compiled programs can be timed: every instance's `run` is called through a function that looks at the clock. */
export const watchRuns = (): void => {
  host.Instance = function (module: object, imports: object) {
    const { exports } = new Original(module, imports)
    const run = exports["run"]
    if (typeof run !== "function") return { exports }
    // As many arguments as a program's `run` has: a list of them would cost every call a tenth of a microsecond.
    const timed = (table: number, thread: number, ticket: number): unknown => {
      if (!inside.on) return run(table, thread, ticket)
      const from = performance.now()
      const result: unknown = inside.skip ? undefined : run(table, thread, ticket)
      inside.ms += performance.now() - from
      inside.calls++
      return result
    }
    return { exports: { ...exports, run: timed } }
  } as unknown as Host["Instance"]
}
