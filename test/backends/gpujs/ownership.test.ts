// Who owns what, and what is refused.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { DeviceLost, DeviceUnavailable, Donated, UnsupportedOnDevice } from "../../../src/backends/errors.ts"
import { gpujs } from "../../../src/backends/gpujs/index.ts"
import { type Buf, call, num, read, type Scalar } from "../../../src/core/ir/index.ts"
import { castTo } from "../../../src/scalar/cast.ts"
import * as S from "./_scalars.ts"
import { devices, webgpuHere } from "./_devices.ts"
import { arg, lowered, mapped, out } from "./_run.ts"

const source = (p: ReturnType<typeof lowered>) => ({ program: { params: [], outs: [] }, lowered: () => p })
/** y = 2 x + c. */
const affine = () => {
  const [x, c, y] = [arg([1000]), arg([]), out([1000])]
  return lowered([mapped(y, (i) => call(S.add, [call(S.mul, [read(x, i), num(2, "f32")]), read(c, [])]))], [x, c], [y])
}
const f32 = (n: number, v: number): Float32Array => new Float32Array(n).fill(v)
const caught = async (f: () => unknown): Promise<unknown> => {
  try {
    await f()
  } catch (e) {
    return e
  }
  return undefined
}

for (const d of devices)
  describe(`ownership on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    const wide = { shape: [1000], dtype: "f32" } as const
    const none = { shape: [], dtype: "f32" } as const

    test("a donated array is gone after the run, others stay; 100 steps hold two arrays", async () => {
      const exe = await b.compile(source(affine()))
      let x = await b.upload(f32(1000, 1), wide)
      const c = await b.upload(f32(1, 0.5), none)
      for (let k = 0; k < 100; k++) {
        const [y] = await exe.run([x, c], [true, false])
        const gone = await caught(() => b.download(x))
        expect(gone).toBeInstanceOf(Donated)
        if (k % 20 === 19) {
          // back to 1, so that the numbers stay small
          b.free(y!)
          x = await b.upload(f32(1000, 1), wide)
        } else x = y!
        expect(b.live()).toEqual({ buffers: 2, bytes: 4004 })
      }
      b.free(x)
      b.free(c)
      expect(b.live()).toEqual({ buffers: 0, bytes: 0 })
      exe.dispose()
    })
    test("a result has memory of its own: a later run does not change it, nor does the host's array", async () => {
      const exe = await b.compile(source(affine()))
      const host = f32(1000, 1)
      const x = await b.upload(host, wide)
      host.fill(99)
      const [c1, c2] = [await b.upload(f32(1, 1), none), await b.upload(f32(1, 2), none)]
      const [y1] = await exe.run([x, c1], [false, false])
      const [y2] = await exe.run([x, c2], [false, false])
      const first = await b.download(y1!)
      first.fill(-1)
      expect([...(await b.download(y1!))].every((v) => v === 3)).toBe(true)
      expect([...(await b.download(y2!))].every((v) => v === 4)).toBe(true)
      for (const a of [x, c1, c2, y1!, y2!]) b.free(a)
      b.free(x) // twice does no harm
      expect(b.live().buffers).toBe(0)
      exe.dispose()
      exe.dispose()
      expect(exe.disposed).toBe(true)
      expect(String(await caught(() => exe.run([], [])))).toMatch(/disposed/)
    })
    test("runs that overlap do not disturb each other", async () => {
      const exe = await b.compile(source(affine()))
      const xs = await Promise.all([1, 2, 3].map((v) => b.upload(f32(1000, v), wide)))
      const c = await b.upload(f32(1, 0.25), none)
      const ys = await Promise.all(xs.map(async (x) => (await exe.run([x, c], [true, false]))[0]!))
      for (const [k, y] of ys.entries()) {
        expect([...(await b.download(y))].every((v) => v === 2 * (k + 1) + 0.25)).toBe(true)
        b.free(y)
      }
      b.free(c)
      expect(b.live().buffers).toBe(0)
      exe.dispose()
    })
    test("wrong arguments and failures donate nothing", async () => {
      const exe = await b.compile(source(affine()))
      const x = await b.upload(f32(10, 1), { shape: [10], dtype: "f32" })
      const c = await b.upload(f32(1, 1), none)
      expect(String(await caught(() => exe.run([x, c], [true, true])))).toMatch(
        /argument 0 is f32\[10\]; the program takes f32\[1000\]/,
      )
      expect(await b.download(x)).toEqual(f32(10, 1))
      const full = await b.upload(f32(1000, 1), wide)
      b.free(full)
      expect(await caught(() => exe.run([full, c], [true, true]))).toBeInstanceOf(Donated)
      expect(b.live().buffers).toBe(2)
      for (const a of [x, c]) b.free(a)
    })
    test("refuses f64, arrays above 2^24, i32 values above 2^24, unknown functions: by name", async () => {
      const refusal = async (
        o: Buf,
        x: Buf,
        f: (i: Parameters<Parameters<typeof mapped>[1]>[0]) => ReturnType<typeof read>,
      ): Promise<string> => {
        const e = await caught(() => b.compile(source(lowered([mapped(o, f)], [x], [o]))))
        expect(e).toBeInstanceOf(UnsupportedOnDevice)
        return (e as Error).message
      }
      const x = arg([4])
      expect(await refusal(out([4], "f64"), x, (i) => castTo(read(x, i), "f64"))).toMatch(/float64.*not supported/)
      expect(await refusal(out([4]), x, (i) => castTo(call(S.exp, [castTo(read(x, i), "f64")]), "f32"))).toMatch(/float64/)
      const big = arg([4097, 4097])
      expect(await refusal(out([4097, 4097]), big, (i) => read(big, i))).toMatch(/f32\[4097, 4097\] of more than 2\^24/)
      const odd: Scalar = { name: "besselJ0", arity: 1, cost: 9, eval: (_, v) => v! }
      expect(await refusal(out([4]), x, (i) => call(odd, [read(x, i)]))).toMatch(/besselJ0 on f32/)
      expect(String(await caught(() => b.upload(Int32Array.of(16777217), { shape: [1], dtype: "i32" })))).toMatch(
        /i32 value 16777217.*2\^24/,
      )
      expect(b.live().buffers).toBe(0)
    })
    test("a function with a definition needs no spelling", async () => {
      const cube: Scalar = {
        name: "cube",
        arity: 1,
        cost: 2,
        eval: (_, v) => v! ** 3,
        define: (v) => call(S.mul, [v!, call(S.mul, [v!, v!])]),
      }
      const [x, y] = [arg([3]), out([3])]
      const exe = await b.compile(source(lowered([mapped(y, (i) => call(cube, [read(x, i)]))], [x], [y])))
      const a = await b.upload(Float32Array.of(1, -2, 3), { shape: [3], dtype: "f32" })
      const [r] = await exe.run([a], [true])
      expect([...(await b.download(r!))]).toEqual([1, -8, 27])
      b.free(r!)
    })
    test("every dtype comes back as it went up", async () => {
      const arrays = [
        [Float32Array.of(1.5, -0, Infinity), "f32"],
        [Int32Array.of(-5, 16777216, 0), "i32"],
        [Uint32Array.of(4294967295, 65536, 1), "u32"],
        [Uint8Array.of(1, 0, 1), "bool"],
      ] as const
      for (const [v, dtype] of arrays) {
        const a = await b.upload(v, { shape: [3], dtype })
        expect(await b.download(a)).toEqual(v)
        b.free(a)
      }
    })
  })

describe("opening", () => {
  test.skipIf(!webgpuHere)("a software adapter is not taken for hardware", async () => {
    const e = await caught(() => gpujs({ mode: "webgpu" }))
    expect(e).toBeInstanceOf(DeviceUnavailable)
    expect((e as Error).message).toMatch(/only adapter is software/)
  })
  test.skipIf(!webgpuHere)("a closed device says so, and gives its arrays up", async () => {
    const b = await gpujs({ mode: "webgpu", adapter: "software" })
    const x = await b.upload(f32(4, 1), { shape: [4], dtype: "f32" })
    await b.close()
    expect(b.live().buffers).toBe(0)
    expect(await caught(() => b.download(x))).toBeInstanceOf(DeviceLost)
    expect(await caught(() => b.upload(f32(4, 1), { shape: [4], dtype: "f32" }))).toBeInstanceOf(DeviceLost)
  })
})
