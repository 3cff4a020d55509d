// Threads in a browser: Debian's chromium, without a window, where it is installed (.ci/run installs it).
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { availableParallelism, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { build } from "vite"
import { describe, expect, it } from "vitest"

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync)
if (!chromium) console.log("wasm in a browser: skipped: no chromium is installed (see .ci/run)")

const bundled = async (): Promise<string> => {
  const made = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "esnext",
      rolldownOptions: {
        input: resolve(import.meta.dirname, "_page.ts"),
        external: [/^node:/, "koffi", "gpu.js", "webgpu"],
        output: { codeSplitting: false },
      },
    },
  })
  const { output } = (Array.isArray(made) ? made[0] : made) as { readonly output: readonly { readonly code?: string }[] }
  return output[0]!.code!
}
/** What the page at /, or a worker that it starts, says. */
const visit = async (script: string, isolated: boolean, body: string): Promise<unknown> => {
  const profile = mkdtempSync(join(tmpdir(), "adjoint-"))
  let said: (text: string) => void = () => {}
  const result = new Promise<string>((done) => (said = done))
  const server = createServer((request, response) => {
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin")
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp")
    }
    response.setHeader("Content-Type", request.url === "/" ? "text/html" : "text/javascript")
    if (request.url !== "/result") return response.end(request.url === "/" ? body : script)
    let text = ""
    request.on("data", (part) => (text += part)).on("end", () => said(text))
    return response.end()
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as AddressInfo
  const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", `--user-data-dir=${profile}`]
  const browser = spawn(chromium!, [...options, `http://127.0.0.1:${port}/`], { stdio: "ignore", detached: true })
  const ended = new Promise((done) => browser.on("exit", done))
  try {
    return JSON.parse(
      await Promise.race([
        result,
        new Promise<string>((_, fail) => setTimeout(() => fail(new Error("the page said nothing")), 60_000)),
      ]),
    )
  } finally {
    process.kill(-browser.pid!, "SIGKILL") // with the processes that it has started
    await ended
    server.close()
    server.closeAllConnections()
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
const page = `<!doctype html><script type="module" src="/script.js"></script>`
const worker = `<!doctype html><script>new Worker("/script.js", { type: "module" })</script>`

describe.runIf(chromium)("a browser", { timeout: 90_000 }, () => {
  const threads = Math.min(availableParallelism(), 8)
  const many = {
    threads,
    why: threads > 1 ? `${threads} threads` : "one thread: the machine runs no more at once",
    helped: threads > 1,
  }
  it("an isolated page has workers, and so has a worker of it; another page has one thread; all give the same bits", async () => {
    const script = await bundled()
    expect(await visit(script, true, page)).toEqual({ where: "page", isolated: true, same: true, ...many })
    expect(await visit(script, true, worker)).toEqual({ where: "worker", isolated: true, same: true, ...many })
    expect(await visit(script, false, page)).toEqual({
      where: "page",
      isolated: false,
      same: true,
      threads: 1,
      why: "one thread: this page is not cross-origin isolated, so it may not share memory among threads",
      helped: false,
    })
  })
})
