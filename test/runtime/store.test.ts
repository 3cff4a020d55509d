// Who owns device arrays: any order of making, giving away and freeing leaves exactly what a plain list says.
import fc from "fast-check"
import { expect, test } from "vitest"
import type { DeviceBuffer } from "../../src/backends/backend.ts"
import { reference } from "../../src/backends/reference/index.ts"
import { openDevice } from "../../src/runtime/open.ts"
import { Owner } from "../../src/runtime/store.ts"

/** A device whose arrays are names, and the list of those that were freed. */
const device = () => {
  const freed: DeviceBuffer[] = []
  const backend = { ...reference(), free: (b: DeviceBuffer) => void freed.push(b) }
  return { freed, device: openDevice(backend, "for this test") }
}
const act = fc.oneof(
  fc.record({ k: fc.constant("adopt" as const), n: fc.constantFrom(0, 1, 64, 65, 1000), before: fc.option(fc.nat(60)) }),
  fc.record({ k: fc.constantFrom("release" as const, "spent" as const, "lend" as const, "restore" as const), at: fc.nat(60) }),
)
test("small arrays share a net, and go one by one", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), fc.nat(120), (acts, closedAt) => {
      const { device: d, freed } = device()
      const owner = new Owner(d)
      const values: { s: ReturnType<Owner["adopt"]>; b: DeviceBuffer; there: boolean; lent: boolean }[] = []
      const gone: DeviceBuffer[] = []
      let closed = false
      const close = () => {
        closed = true
        owner.close()
        for (const v of values) if (v.there) gone.push(v.b)
        for (const v of values) v.there = false
      }
      acts.forEach((a, step) => {
        if (step === closedAt) close()
        if (a.k === "adopt") {
          const b: DeviceBuffer = { aval: { shape: [a.n], dtype: "f32" } }
          // a result of a call, which another value, lent to it, is spent on: its array is the program's
          const before = a.before === null ? undefined : values[a.before % (values.length || 1)]
          if (before) before.s.lend()
          values.push({ s: owner.adopt(b, before?.s), b, there: !closed, lent: false })
          if (before) {
            before.s.spent(d)
            Object.assign(before, { there: false, lent: true })
          }
          if (closed) gone.push(b)
          return
        }
        const v = values[a.at % (values.length || 1)]
        if (!v) return
        if (a.k === "lend" || a.k === "restore") {
          v.s[a.k]()
          v.lent = a.k === "lend"
        } else {
          if (a.k === "release" && v.there) gone.push(v.b)
          if (a.k === "spent") v.s.spent(d)
          else v.s.release()
          v.there = false
        }
        for (const w of values) {
          expect(w.s.here).toBe(w.there && !w.lent)
          if (w.there) expect(w.s.held).toBe(w.b)
        }
      })
      expect(new Set(freed)).toEqual(new Set(gone))
      if (!closed) close()
      expect(freed.length).toBe(new Set(freed).size) // none twice
      expect(new Set(freed)).toEqual(new Set(gone))
    }),
  )
})
test("what was copied to another device is freed here", () => {
  const [a, b] = [device(), device()]
  const owner = new Owner(a.device)
  const array: DeviceBuffer = { aval: { shape: [2], dtype: "f32" } }
  owner.adopt(array).spent(b.device)
  expect(a.freed).toEqual([array])
  owner.close()
  expect(a.freed).toEqual([array])
})
test("a result does not take the place of a value of another owner, of another size, or of another device", () => {
  const [a, b] = [device(), device()]
  const array = (n: number): DeviceBuffer => ({ aval: { shape: [n], dtype: "f32" } })
  const [mine, other, there] = [new Owner(a.device), new Owner(a.device), new Owner(b.device)]
  const small = array(1)
  for (const [before, is] of [
    [other.adopt(array(1)), false],
    [there.adopt(small), false],
    [mine.adopt(array(100)), false],
    [mine.adopt(array(2)), true],
  ] as const) {
    before.lend()
    const after = mine.adopt(array(1), before)
    expect(after.here).toBe(true)
    const places = [before, after].map((s) => (s as unknown as { net: unknown }).net)
    expect([places[0] === undefined, places[1] !== undefined]).toEqual([is, true])
    before.spent(a.device)
  }
  expect([a.freed, b.freed]).toEqual([[], [small]])
  other.close()
  there.close()
  expect(a.freed).toEqual([])
})
