// Runs where relaxed SIMD is on: products and a training step's convolutions with fused multiply-adds against float64, and against the
// same without, on one thread and two. Prints one line of JSON.
import { evaluate } from "../../../src/backends/reference/index.ts"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type HostArray, type RawTensor, trace } from "../../../src/core/index.ts"
import { hostLeaf, storageOf } from "../../../src/core/leaf.ts"
import * as T from "../../../src/tensor.ts"
import { random } from "./random.ts"

const next = random(20261122)
const leafOf = (shape: readonly number[]): RawTensor =>
  hostLeaf(
    Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, () => next() - 0.5),
    shape,
  )
type Any = T.AnyTensor
const matmul = (x: Any, y: Any): Any => T.matmul(x, y)
const cases: readonly (readonly [string, (...x: Any[]) => Any, readonly (readonly number[])[]])[] = [
  ...[1, 4, 5, 6, 7, 12, 13, 67].map(
    (m) =>
      [
        `${m} rows`,
        matmul,
        [
          [m, 70],
          [70, 19],
        ],
      ] as const,
  ),
  [
    "A transposed",
    (x, y) => matmul(T.transpose(x), y),
    [
      [40, 33],
      [40, 21],
    ],
  ],
  [
    "B transposed",
    (x, y) => matmul(x, T.transpose(y)),
    [
      [65, 600],
      [30, 600],
    ],
  ],
  ["with an epilogue", (x, y, z) => T.relu(T.add(matmul(x, y), z)), [[50, 64], [64, 30], [30]]],
  [
    "convolution",
    (x, k) => T.conv2d(x, k, { padding: "same" }),
    [
      [2, 9, 9, 6],
      [3, 3, 6, 10],
    ],
  ],
  [
    "groups",
    (x, k) => T.conv2d(x, k, { groups: 2, stride: 2 }),
    [
      [2, 13, 13, 16],
      [3, 3, 8, 12],
    ],
  ],
] // prettier-ignore
const plain = wasm()
const devices = [plain, wasmThreads(1, { relaxed: true }), wasmThreads(2, { relaxed: true, least: 0, always: true })]
let [worst, differing, divided] = [0, 0, 0]
for (const [name, f, shapes] of cases) {
  const leaves = shapes.map(leafOf)
  const program = trace((...x) => [f(...(x as unknown as Any[])) as unknown as RawTensor], leaves)
  const want = evaluate([f(...(leaves as unknown as Any[])) as unknown as RawTensor])[0]!
  const results = devices.map((d) => {
    const exe = d.compile({ program, lowered: () => lower(program, { limits: d.limits }) }) as Compiled
    const args = leaves.map((t) => d.upload(storageOf(t)!.host!, t) as DeviceBuffer)
    return d.download((exe.run(args, []) as readonly DeviceBuffer[])[0]!) as HostArray
  })
  const scale = Math.max(...want.map(Math.abs))
  for (const r of results)
    want.forEach((w, i) => (worst = Math.max(worst, Math.abs(r[i]! - w) / scale || (r[i] === w ? 0 : Infinity))))
  if (results[0]!.some((v, i) => v !== results[1]![i])) differing++
  if (results[1]!.some((v, i) => v !== results[2]![i])) divided++
  if (worst > 1e-6) throw new Error(`${name}: ${worst}`)
}
console.log(JSON.stringify({ worst, differing, divided, cases: cases.length }))
for (const d of devices) await d.close()
