// The host's threads: worker threads in Node, Web Workers in pages that may share memory. Neither's interface is in the language's library.

/** A thread that runs a script and receives messages. */
export interface Thread {
  post(message: unknown): void
  /** False once it is known to have ended. */
  alive(): boolean
  stop(): Promise<unknown>
}
export interface Threads {
  /** Threads that the machine runs at once. */
  readonly count: number
  /** May the thread that opens the device sleep? Not the main thread of a page. */
  readonly maySleep: boolean
  /** Starts a script in which `receive(handler)` is defined. `ended` is called once, if it ends by itself. Throws if there can be none. */
  readonly start: (script: string, ended: () => void) => Thread
}

interface NodeWorker {
  postMessage(message: unknown): void
  unref(): void
  terminate(): Promise<unknown>
  on(event: "exit" | "error", handler: () => void): void
  readonly performance: { eventLoopUtilization(): { readonly idle: number; readonly active: number } }
}
interface WebWorker {
  postMessage(message: unknown): void
  terminate(): void
  onerror: ((e: { preventDefault?(): void }) => void) | null
}
interface Host {
  readonly process?: {
    readonly versions?: { readonly node?: string }
    readonly getBuiltinModule?: (name: string) => unknown
  }
  readonly SharedArrayBuffer?: unknown
  readonly crossOriginIsolated?: boolean
  readonly navigator?: { readonly hardwareConcurrency?: number }
  readonly Worker?: new (url: string) => WebWorker
  readonly Blob?: new (parts: readonly string[], options: { readonly type: string }) => object
  readonly URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void }
}

/** What there is here, or why there is one thread only. */
export const threadsHere = (host: Host = globalThis as unknown as Host): Threads | string => {
  if (host.SharedArrayBuffer === undefined)
    return host.crossOriginIsolated === false
      ? "this page is not cross-origin isolated, so it may not share memory among threads"
      : "there is no shared memory here"
  const node = host.process?.getBuiltinModule
  if (node && host.process?.versions?.node) {
    const { availableParallelism } = node("node:os") as { readonly availableParallelism: () => number }
    return {
      count: availableParallelism(),
      maySleep: true,
      start: (script, ended) => {
        // takes 2 ms to load, which programs that are not divided need not spend
        const { Worker } = node("node:worker_threads") as {
          readonly Worker: new (source: string, options: { readonly eval: true }) => NodeWorker
        }
        return inNode(new Worker(node20 + script, { eval: true }), ended)
      },
    }
  }
  if (host.crossOriginIsolated === false)
    return "this page is not cross-origin isolated, so it may not share memory among threads"
  const { Worker, Blob, URL } = host
  if (!Worker || !Blob || !URL) return "there are no worker threads here"
  const start: Threads["start"] = (script, ended) => {
    const url = URL.createObjectURL(new Blob([web + script], { type: "text/javascript" }))
    return inPage(new Worker(url), () => URL.revokeObjectURL(url), ended)
  }
  return { count: host.navigator?.hardwareConcurrency ?? 1, maySleep: maySleep(), start }
}
const node20 = `const receive = (handler) => require("node:worker_threads").parentPort.on("message", handler)\n`
const web = `const receive = (handler) => { onmessage = ({ data }) => handler(data) }\n`

/** The main thread of a page throws before it looks at the word. */
const maySleep = (): boolean => {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}
const inNode = (worker: NodeWorker, ended: () => void): Thread => {
  // A program that is done with everything else need not wait for idle threads.
  worker.unref()
  let over = false
  let seen = false
  worker.on("error", () => {}) // its end follows
  worker.on("exit", () => {
    if (!over) ended()
    over = true
  })
  return {
    post: (message) => worker.postMessage(message),
    // Events come only when the caller is idle; the loop's clock says at once that there is no loop any more.
    alive: () => {
      const { idle, active } = worker.performance.eventLoopUtilization()
      const running = idle + active > 0
      seen ||= running
      return !over && (running || !seen)
    },
    stop: () => {
      over = true
      return worker.terminate()
    },
  }
}
const inPage = (worker: WebWorker, loaded: () => void, ended: () => void): Thread => {
  let over = false
  worker.onerror = (e) => {
    e.preventDefault?.()
    loaded()
    worker.terminate() // unlike in Node, it would go on
    if (!over) ended()
    over = true
  }
  return {
    post: (message) => worker.postMessage(message),
    alive: () => !over,
    stop: async () => {
      over = true
      loaded()
      worker.terminate()
    },
  }
}
