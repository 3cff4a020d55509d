// Fused multiply-adds, in a process whose WebAssembly has them.
import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { relaxedHere } from "../../../src/backends/wasm/relaxed.ts"
import { wasmThreads } from "../../../src/backends/wasm/index.ts"

// Hosts that have it as they are do not know the flag any more.
const FLAGS = relaxedHere() ? [] : ["--experimental-wasm-relaxed-simd"]
const run = (): string =>
  execFileSync(process.execPath, [...FLAGS, "--conditions=adjoint-source", "--import", "tsx", "test/backends/wasm/_relaxed.ts"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  })

describe("relaxed SIMD", () => {
  it("is exact to float32's rounding, other bits than without, the same bits on two threads", () => {
    const { worst, differing, divided, cases } = JSON.parse(run()) as Record<string, number>
    expect(worst).toBeLessThan(1e-6)
    // Rows that are no product, and sums that happen to round alike, may not differ.
    expect(differing).toBeGreaterThan(cases! / 2)
    expect(divided).toBe(0)
  })
  it("is refused where the host has none", async () => {
    const open = () => wasmThreads(1, { relaxed: true })
    if (relaxedHere()) await open().close()
    else expect(open).toThrow("this host's WebAssembly has no relaxed SIMD; open it without { relaxed: true }")
  })
})
