// Run as a process of its own: `idle` has workers and nothing else to do, `none` finds no shared memory.
import type { Tensor } from "../../../src/tensor.ts"

if (process.argv[2] === "none") delete (globalThis as { SharedArrayBuffer?: unknown }).SharedArrayBuffer
const { session } = await import("../../../src/promise.ts")
const T = await import("../../../src/tensor.ts")
const s = await session({ device: "wasm", ...(process.argv[3] ? { threads: Number(process.argv[3]) } : {}) })
const a = T.full([512, 512], 0.5) as Tensor<[512, 512]>
const f = s.jit((x: Tensor<[512, 512]>) => T.matmul(x, T.add(x, 1)))
let last = 0
for (let k = 0; k < 12; k++) {
  last = (await s.read(await f(a)))[0]!
  await new Promise((r) => setTimeout(r, 20))
}
console.log(JSON.stringify({ why: s.device.why, last }))
