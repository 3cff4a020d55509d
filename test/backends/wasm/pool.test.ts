// The pool: who helps, who does not, and what happens to a program when a worker dies, throws, or never comes.
import * as fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { DeviceLost } from "../../../src/backends/errors.ts"
import { at, line, own, STEP } from "../../../src/backends/wasm/phases.ts"
import { hostLeaf } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { type Crew, crew, until } from "./_crew.ts"
import { random } from "./random.ts"

type Any = T.AnyTensor
let open: Crew[] = []
const make: typeof crew = (...args) => {
  const c = crew(...args)
  open.push(c)
  return c
}
afterEach(async () => {
  await Promise.all(open.map((c) => c.pool.close()))
  open = []
})
const values = (n: number, seed: number): Float32Array => {
  const next = random(seed)
  return Float32Array.from({ length: n }, () => 2 * next() - 1)
}
/** tanh(a b + c) a' and its softmax: products, a fused loop and rows. */
const some = (c: Crew, m = 33, n = 40, k = 17) => {
  const shapes = [[m, k], [k, n], [n]]
  const inputs = shapes.map((s, i) =>
    values(
      s.reduce((x, y) => x * y, 1),
      i + 1,
    ),
  ) // prettier-ignore
  const f = (a: Any, b: Any, d: Any): unknown => {
    const h = T.tanh(T.add(T.matmul(a, b), d))
    return [T.softmax(h), T.matmul(T.transpose(h), a)]
  }
  return c.program(
    f as never,
    inputs.map((v, i) => hostLeaf(v, shapes[i]!)),
    inputs,
  )
}
type Some = ReturnType<typeof some>
/** A run that must give these bits; compared so fast that workers stay awake. */
const right =
  (p: Pick<Some, "run">, want: readonly Float32Array[]): (() => void) =>
  () => {
    for (const [i, v] of p.run().entries())
      if (Buffer.compare(Buffer.from(v.buffer), Buffer.from(want[i]!.buffer)) !== 0) expect(v).toEqual(want[i])
  }
/** Runs in close succession, so that a worker that has been woken finds something to do, until one has helped. */
const helped = async (c: Crew, run: () => unknown): Promise<void> => {
  const before = c.finished()
  await until(() => {
    for (let k = 0; k < 100 && c.finished() === before; k++) run()
    return c.finished() > before
  })
}

describe("chunks", () => {
  it.each([2, 3, 5])("are taken once each by one of %i threads, in any order: the same bits each time", async (count) => {
    const c = make(count)
    const p = some(c, 150, 120, 60)
    const want = p.alone()
    const before = c.finished()
    await until(() => {
      for (let k = 0; k < 200; k++) right(p, want)()
      return c.finished() > before + 500
    })
  })
  it("give the same bits for any sizes", async () => {
    const c = make(3)
    await helped(c, some(c).run)
    const dim = fc.integer({ min: 1, max: 70 })
    fc.assert(
      fc.property(dim, dim, dim, (m, n, k) => {
        const p = some(c, m, n, k)
        expect(p.run()).toEqual(p.alone())
        c.pool.remove(p.job)
      }),
      { numRuns: 60, seed: 1 },
    )
  })
  it("of loops belong to their iteration", async () => {
    const c = make(2)
    const [x, w] = [values(24 * 16, 1), values(16 * 16, 2)]
    const step = (h: Any): unknown => {
      const next = T.tanh(T.matmul(h as never, w0 as never))
      return [next, T.sum(next)]
    }
    let w0: Any
    const f = (x: Any, w: Any): unknown => {
      w0 = w
      return T.scan(step as never, x as never, undefined, { length: 50 })
    }
    const p = c.program(f as never, [hostLeaf(x, [24, 16]), hostLeaf(w, [16, 16])], [x, w])
    const want = p.alone()
    await helped(c, p.run)
    await helped(c, right(p, want))
    for (let k = 0; k < 100; k++) expect(p.run()).toEqual(want)
  })
  it("are counted on where the count starts again", async () => {
    const c = make(3)
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    await until(() => c.state(1) === 2 && c.state(2) === 2)
    c.set(at.phase, 2 ** 30 - 1000)
    for (let k = 0; k < 2000; k++) expect(p.run()).toEqual(want)
    expect(c.word(at.phase)).toBeLessThan(2 ** 30)
  })
})

describe("workers", () => {
  it("start with work that is worth it, not before", async () => {
    const c = make(3, {})
    const p = some(c)
    for (let k = 0; k < 200; k++) p.run()
    expect(c.workers.length).toBe(0)
    const large = some(c, 300, 300, 300)
    large.run()
    expect(c.workers.length).toBe(0)
    await helped(c, large.run)
    expect(c.workers.length).toBe(2)
  })
  it("are not woken for small programs", async () => {
    const c = make(2, {})
    const large = some(c, 300, 300, 300)
    await helped(c, large.run)
    await until(() => c.state(1) === 2)
    const [bell, before] = [c.word(at.bell), c.finished()]
    const small = some(c)
    for (let k = 0; k < 100; k++) small.run()
    expect([c.word(at.bell), c.finished(), c.state(1)]).toEqual([bell, before, 2])
  })
  it("are compared with what a program takes alone now and then, not with what it took when it was new", async () => {
    const c = make(2, {})
    const large = some(c, 300, 300, 300)
    await helped(c, large.run)
    Object.assign(large.job, { alone: 1e6, measured: 10, helped: 0 })
    await until(() => {
      for (let k = 0; k < 100; k++) large.run()
      return large.job.alone < 1e5
    })
    const before = c.finished()
    for (let k = 0; k < 10; k++) large.run()
    await helped(c, large.run)
    expect(c.finished()).toBeGreaterThan(before)
  })
  it("are gone when the device is closed", async () => {
    const c = make(3)
    await helped(c, some(c).run)
    const codes: number[] = []
    for (const w of c.workers) w.on("exit", (code) => codes.push(code))
    await c.pool.close()
    expect(codes.length).toBe(2)
  })
  it("keep up with a memory that grows under them", async () => {
    const c = make(2)
    await helped(c, some(c).run)
    for (let k = 0; k < 8; k++) {
      const before = c.heap.memory.buffer.byteLength
      c.heap.take(before) // grows
      expect(c.heap.memory.buffer.byteLength).toBeGreaterThan(before)
      const p = some(c, 200, 64, 64)
      expect(p.run()).toEqual(p.alone())
    }
  })
  it("that cannot be started are done without", () => {
    const c = make(2, { always: true }, () => {
      throw new Error("not allowed")
    })
    const p = some(c)
    for (let k = 0; k < 5; k++) expect(p.run()).toEqual(p.alone())
    expect(c.workers.length).toBe(0)
  })
})

// A fault of one worker, once, switched on by a word that nothing else uses.
const FAULT = 512
const faulty = (fault: string) => (script: string) => {
  const call = "run(table, thread.id, ticket)"
  expect(script).toContain(call)
  return script.replace(
    call,
    `if (Atomics.compareExchange(word, ${FAULT >> 2}, thread.id, 0) === thread.id) { ${fault} }; ${call}`,
  )
}
/** Takes a chunk as the module's code does, as soon as a phase is open. */
const taking = `
  while (load(at.phase) < ticket);
  set("holds", 1)
  const claim = (thread.line + own.claim) >> 2
  for (let t; ; ) if (((t = Atomics.load(word, claim)) & 63) === 0 && t >= ticket && Atomics.compareExchange(word, claim, t, t + 1) === t) break
`
describe("a worker that", () => {
  it("ends between two chunks is not missed, and is replaced", async () => {
    const c = make(2, undefined, faulty("process.exit(3)"))
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    c.set(FAULT, 1)
    await until(() => {
      expect(p.run()).toEqual(want)
      return c.workers.length === 2
    })
    await helped(c, right(p, want))
    expect(c.workers.length).toBe(2)
  })
  it.each([
    ["ends", "process.exit(3)", "ended in the middle"],
    ["throws", "throw new Error('no')", "failed in the middle"],
  ])("%s in the middle of a chunk is reported, and the pool goes on", async (_, what, said) => {
    const c = make(2, undefined, faulty(taking + what))
    const p = some(c, 200, 64, 64)
    const want = p.alone()
    await helped(c, p.run)
    c.set(FAULT, 1)
    let error: unknown
    await until(() => {
      try {
        p.run()
      } catch (e) {
        error = e
        return true
      }
      return false
    })
    expect(error).toBeInstanceOf(DeviceLost)
    expect((error as Error).message).toContain(said)
    await helped(c, right(p, want))
  })
  it("has ended in the middle of a chunk is not missed again by the next run", async () => {
    const c = make(3, undefined, faulty(`${taking}process.exit(3)`))
    const p = some(c, 200, 64, 64)
    const want = p.alone()
    await helped(c, p.run)
    await until(() => c.state(1) !== 0 && c.state(2) !== 0)
    c.set(FAULT, 1)
    const waiting = (_: number, thread: number): void => {
      if (thread === 0) c.pool.wait(c.finished())
    }
    await until(() => {
      try {
        p.run()
        return false
      } catch {
        // at once: no event has said yet that it ended
        c.pool.run({ ...p.job, run: waiting as never }, p.table)
        expect(p.run()).toEqual(want)
        return true
      }
    })
  })
  it("throws while it has no chunk is not missed", async () => {
    const c = make(2, undefined, faulty("throw new Error('no')"))
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    for (let k = 0; k < 20; k++) {
      c.set(FAULT, 1)
      await until(() => {
        expect(p.run()).toEqual(want)
        return c.word(FAULT) === 0
      })
      expect(p.run()).toEqual(want)
    }
  })
  it("does not answer in the middle of a chunk is reported after its time, stopped and replaced", async () => {
    const c = make(2, undefined, faulty(`${taking}\nfor (;;);`))
    const p = some(c, 200, 64, 64)
    const want = p.alone()
    await helped(c, p.run)
    c.set(FAULT, 1)
    let error: unknown
    let now = 0
    await until(() => {
      const [clock, sleep] = [vi.spyOn(performance, "now"), vi.spyOn(Atomics, "wait")]
      clock.mockImplementation(() => (now += 50)) // time flies
      sleep.mockImplementation(() => "timed-out")
      try {
        p.run()
      } catch (e) {
        error = e
      }
      clock.mockRestore()
      sleep.mockRestore()
      return error !== undefined
    })
    expect(error).toBeInstanceOf(DeviceLost)
    expect((error as Error).message).toContain("has not answered")
    await helped(c, right(p, want))
    expect(c.workers.length).toBe(2)
  })
  it("is waited for as long as this run waits, whatever the clock has done before and meanwhile", async () => {
    const c = make(2)
    const p = some(c)
    await helped(c, p.run)
    const real = performance.now.bind(performance)
    let later = 0
    const clock = vi.spyOn(performance, "now").mockImplementation(() => real() + later)
    const waiting = (_: number, thread: number): void => {
      for (let k = 0; k < 3 && thread === 0; k++) {
        c.pool.wait(c.finished())
        later += 500_000 // nothing was asked of the device for minutes; or the process was stopped
      }
    }
    for (let k = 0; k < 3; k++) c.pool.run({ ...p.job, run: waiting as never }, p.table)
    // two runs of 80 seconds each
    const sleep = vi.spyOn(Atomics, "wait").mockImplementation(() => "timed-out")
    clock.mockImplementation(() => (later += 50))
    const long = (_: number, thread: number): void => {
      for (let k = 0; k < 4000 && thread === 0; k++) c.pool.wait(c.finished())
    }
    for (let k = 0; k < 2; k++) c.pool.run({ ...p.job, run: long as never }, p.table)
    sleep.mockRestore()
    clock.mockRestore()
  })
  it("is terminated from outside is replaced", async () => {
    const c = make(3)
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    for (let k = 0; k < 5; k++) {
      await c.workers.at(-1)!.terminate()
      expect(p.run()).toEqual(want)
      await until(() => c.state(1) !== 0 && c.state(2) !== 0)
    }
    await helped(c, right(p, want))
    expect(c.workers.length).toBe(7)
  })
  it("never gets anywhere is tried three times", async () => {
    const c = make(2, undefined, () => "process.exit(1)")
    const p = some(c)
    await until(() => {
      expect(p.run()).toEqual(p.alone())
      return c.workers.length === 3
    })
    for (let k = 0; k < 20; k++) {
      p.run()
      await new Promise((r) => setTimeout(r, 5))
    }
    expect(c.workers.length).toBe(3)
  })
})
describe("a program that fails on the caller's thread", () => {
  it("leaves the pool as it was", async () => {
    const c = make(3)
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    const { job, table } = p
    for (let k = 0; k < 50; k++) {
      const trap = (t: number, thread: number, ticket: number): undefined => {
        if (k % 2) job.run!(t, thread, ticket)
        else if (thread === 0) {
          // opens a phase and stops in the middle of it
          for (let i = 0; i < 3; i++) c.set(line(i) + own.claim, ticket)
          c.set(at.phase, ticket)
        }
        throw new RangeError("out of bounds")
      }
      expect(() => c.pool.run({ ...job, run: trap }, table)).toThrow(RangeError)
      expect(p.run()).toEqual(want)
    }
  })
  it("leaves no worker in a later phase of it, to be taken for one of the next program", async () => {
    const c = make(3)
    const p = some(c)
    const want = p.alone()
    await helped(c, p.run)
    const { job, table } = p
    for (let k = 0; k < 30; k++) {
      const trap = (_: number, thread: number, ticket: number): undefined => {
        // The workers find the first phase open and all its chunks taken, and wait for the second.
        if (thread === 0) {
          for (let i = 0; i < 3; i++) c.set(line(i) + own.claim, ticket + STEP - 1)
          c.set(at.phase, ticket)
        }
        const until = performance.now() + 5
        while (performance.now() < until);
        throw new RangeError("out of bounds")
      }
      expect(() => c.pool.run({ ...job, run: trap }, table)).toThrow(RangeError)
      expect(p.run()).toEqual(want)
    }
  })
})
