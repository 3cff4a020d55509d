// What a page runs: the same program on one thread and on as many as there are; says which and why, and whether the bits are the same.
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { at } from "../../../src/backends/wasm/phases.ts"
import { Pool } from "../../../src/backends/wasm/pool.ts"
import type { Backend } from "../../../src/backends/backend.ts"
import { hostLeaf, type RawTensor } from "../../../src/core/index.ts"
import { jitCall } from "../../../src/runtime/call.ts"
import { download } from "../../../src/runtime/execute.ts"
import { closeDevice, openDevice } from "../../../src/runtime/open.ts"
import { Owner } from "../../../src/runtime/store.ts"
import * as T from "../../../src/tensor.ts"

const n = 300
const values = Float32Array.from({ length: n * n }, (_, k) => Math.sin(k))
const f = (a: T.Tensor<[300, 300]>): unknown => T.softmax(T.tanh(T.matmul(a, T.mul(a, 0.1))))
/** Chunks that workers have finished. */
let helped = 0
const { run } = Pool.prototype
Pool.prototype.run = function (job, table) {
  run.call(this, job, table)
  helped = (this as unknown as { readonly words: Int32Array }).words[at.finished / 4]!
}
const last = async (backend: Backend, enough: () => boolean): Promise<Float32Array> => {
  const device = openDevice(backend, "")
  const owner = new Owner(device)
  const call = jitCall(f as never)
  let got: Float32Array = new Float32Array()
  for (const end = performance.now() + 50_000; performance.now() < end; await new Promise((r) => setTimeout(r, 1))) {
    for (let k = 0; k < 10; k++)
      got = (await download((await call(device, owner, [hostLeaf(values, [n, n])])) as RawTensor)) as Float32Array
    if (enough()) break
  }
  owner.close()
  await closeDevice(device)
  return got
}
const want = await last(wasm(), () => true)
const device = wasmThreads()
const got = await last(device, () => helped > 20 || device.threads === 1)
const result = {
  where: "document" in globalThis ? "page" : "worker",
  isolated: (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated,
  threads: device.threads,
  why: device.why,
  helped: helped > 20,
  same: want.length === n * n && want.every((v, k) => Object.is(v, got[k])),
}
await fetch("/result", { method: "POST", body: JSON.stringify(result) })
