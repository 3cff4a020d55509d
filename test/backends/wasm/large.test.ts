import { freemem } from "node:os"
import { afterAll, describe, expect, test } from "vitest"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { load } from "../../../src/backends/wasm/engine.ts"
import { ARENA_SLOT, SCRATCH_SLOT } from "../../../src/backends/wasm/frame.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { Heap } from "../../../src/backends/wasm/memory.ts"
import { argSlot, compileWasm, outSlot, tableWords } from "../../../src/backends/wasm/program.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { lower, noLimits } from "../../../src/compiler/index.ts"
import { bytesOf, captured, hostArray, size, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { programs } from "../../zoo.ts"

test("an array beyond what a signed offset reaches is refused before memory is asked for", () => {
  const device = wasm()
  const program = trace((x) => [T.exp(x as never)] as never, [{ shape: [2 ** 29 + 1], dtype: "f32" }])
  const source = { program, lowered: () => lower(program, { limits: device.limits }) }
  expect(() => device.compile(source)).toThrow(
    "wasm: an array f32[536870913] of more than 2^29 elements is not supported; split it along an axis",
  )
  expect(device.live()).toEqual({ buffers: 0, bytes: 0 })
})

// Nothing below the buffers is ever touched, so it takes no memory of the machine.
describe("addresses above 2^31 are like any others", () => {
  const low = new Heap()
  const high = new Heap()
  high.take(2 ** 31 - 2 ** 14) // some of what follows lies across 2^31
  const run = (heap: Heap, { program, values }: ReturnType<typeof programs>[number]) => {
    const lowered = lower(program, { limits: noLimits })
    const made = compileWasm(lowered)
    const host = Object.fromEntries(made.host.map((s) => [s.name, (...x: readonly number[]) => s.eval("f64", ...x)]))
    const { exports } = load(made.bytes, { memory: heap.memory, ...host })
    const given = evaluate([...values, ...captured(program)])
    const take = (b: { readonly shape: readonly number[]; readonly dtype: "f32" }): number =>
      heap.take(bytesOf(b.dtype) * size(b.shape))
    const [table, arena] = [heap.take(4 * tableWords(lowered)), heap.take(made.arena)]
    const [from, to] = [lowered.args.map((b) => take(b as never)), lowered.outs.map((b) => take(b as never))]
    const bytes = new Uint8Array(heap.memory.buffer)
    given.forEach((v, k) => {
      const h = hostArray(lowered.args[k]!.dtype, v.length)
      h.set(v)
      bytes.set(new Uint8Array(h.buffer), from[k])
    })
    const slots = new Uint32Array(heap.memory.buffer, table, tableWords(lowered))
    slots[ARENA_SLOT] = arena
    slots[SCRATCH_SLOT] = made.scratch
    for (const [k, a] of from.entries()) slots[argSlot(k)] = a
    for (const [k, a] of to.entries()) slots[outSlot(lowered, k)] = a
    exports["run"]!(table, -1, 0)
    const out = lowered.outs.map((b, k) => bytes.slice(to[k]!, to[k]! + bytesOf(b.dtype) * size(b.shape)))
    for (const a of [table, arena, ...from, ...to]) heap.release(a)
    return out
  }
  test.each(programs().map((p) => [p.name, p] as const))("%s", (_, p) => {
    // somewhere else each time
    high.take(1000)
    expect(run(high, p)).toEqual(run(low, p))
  })
})

// Four gigabytes, and time to fill them: where there is room.
describe.runIf(freemem() > 10 * 2 ** 30)("a value of 2 GiB", () => {
  const N = 2 ** 29
  const device = wasm()
  afterAll(() => device.close())
  const run = (program: ReturnType<typeof trace>, args: readonly DeviceBuffer[]): DeviceBuffer[] => {
    const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits }) }) as Compiled
    const outs = exe.run(
      args,
      args.map(() => false),
    ) as DeviceBuffer[]
    exe.dispose()
    return outs
  }
  test("is written and read to its end", () => {
    const made = trace(
      () =>
        [T.reshape(T.bitwiseAnd(T.iota([2 ** 14, 2 ** 15] as never, 1, "i32") as never, 1023 as never), [N] as never)] as never,
      [],
    )
    const [x] = run(made, [])
    const look = trace(
      (v) =>
        [
          T.slice(v as never, [[0, 5]] as never),
          T.slice(v as never, [[N - 5, N]] as never),
          T.slice(T.flip(v as never, 0 as never), [[0, 3]] as never),
          T.slice(v as never, [[N / 2 - 2, N / 2 + 2]] as never),
          T.max(T.reshape(v as never, [2 ** 15, 2 ** 14] as never) as never, 1 as never),
        ] as never,
      [{ shape: [N], dtype: "i32" }],
    )
    const outs = run(look, [x!])
    const [first, last, turned, middle, most] = outs.map((b) => [...(device.download(b) as Int32Array)])
    expect(first).toEqual([0, 1, 2, 3, 4])
    expect(last).toEqual([1019, 1020, 1021, 1022, 1023])
    expect(turned).toEqual([1023, 1022, 1021])
    expect(middle).toEqual([1022, 1023, 0, 1])
    expect(new Set(most)).toEqual(new Set([1023]))
    for (const b of [x!, ...outs]) device.free(b)
    expect(device.live()).toEqual({ buffers: 0, bytes: 0 })
  })
})
