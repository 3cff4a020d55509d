// A client of TypeScript's language server, which is what editors ask.
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly items?: readonly unknown[] }
  readonly result?: unknown
}
export interface LanguageServer {
  /** The text that an editor shows for the name at this place (lines and characters from 0). */
  readonly hover: (file: string, line: number, character: number) => Promise<string>
  readonly open: (file: string, text: string) => void
  readonly close: () => Promise<void>
}

export const languageServer = async (folder: string): Promise<LanguageServer> => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")
  const server = spawn(process.execPath, [tsc, "--lsp", "--stdio"], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] })
  const ended = new Promise<void>((done) => server.once("exit", () => done()))
  const waiting = new Map<number, (result: unknown) => void>()
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const receive = (m: Message): void => {
    if (m.method !== undefined && m.id !== undefined) send({ id: m.id, result: m.params?.items?.map(() => null) ?? null })
    else if (m.id !== undefined) waiting.get(m.id)?.(m.result)
  }
  let bytes = Buffer.alloc(0)
  server.stdout.on("data", (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    for (;;) {
      const head = bytes.indexOf("\r\n\r\n")
      const length = Number(/Content-Length: (\d+)/i.exec(bytes.toString("latin1", 0, Math.max(head, 0)))?.[1] ?? Infinity)
      if (bytes.length < head + 4 + length) return
      receive(JSON.parse(bytes.toString("utf8", head + 4, head + 4 + length)) as Message)
      bytes = bytes.subarray(head + 4 + length)
    }
  })
  let last = 0
  const ask = (method: string, params?: object): Promise<unknown> =>
    new Promise((done) => {
      waiting.set(++last, done)
      send({ id: last, method, params })
    })
  const uri = (file: string): string => pathToFileURL(file).href
  await ask("initialize", {
    processId: process.pid,
    rootUri: uri(folder),
    capabilities: { textDocument: { hover: { contentFormat: ["plaintext"] } } },
  })
  send({ method: "initialized", params: {} })
  return {
    open: (file, text) =>
      send({
        method: "textDocument/didOpen",
        params: { textDocument: { uri: uri(file), languageId: "typescript", version: 1, text } },
      }),
    hover: async (file, line, character) => {
      const found = (await ask("textDocument/hover", { textDocument: { uri: uri(file) }, position: { line, character } })) as
        | { readonly contents: { readonly value: string } }
        | undefined
      return found?.contents.value ?? "nothing"
    },
    close: async () => {
      await ask("shutdown")
      send({ method: "exit" })
      await ended
    },
  }
}
