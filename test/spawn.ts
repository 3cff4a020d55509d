// Running the project's programs as a user does: a process, its output, how it ended.
import { spawn } from "node:child_process"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** From the signal, if one was sent, to the end. */
  readonly milliseconds: number
}
export interface Spawned {
  readonly cwd?: string
  /** Sends SIGINT once standard output holds this. */
  readonly interruptAt?: string
}
/** Runs a TypeScript file of the project from source. */
export const program = (file: string, args: readonly string[] = [], options: Spawned = {}): Promise<Ended> =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--conditions=adjoint-source", "--import", "tsx", file, ...args], {
      cwd: options.cwd ?? process.cwd(),
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let [stdout, stderr, signalled] = ["", "", 0]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      if (signalled || options.interruptAt === undefined || !stdout.includes(options.interruptAt)) return
      signalled = performance.now()
      child.kill("SIGINT")
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", fail)
    child.on("close", (code) => done({ code, stdout, stderr, milliseconds: performance.now() - signalled }))
  })
