// What the scheduler keeps: a heap, and an order of statements to which waits are added one by one.
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Heap } from "../../src/compiler/heap.ts"
import { Order } from "../../src/compiler/order.ts"

it("a heap gives back the smallest, whatever comes in between", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }))), (steps) => {
      const heap = new Heap<number>((a, b) => a < b)
      let all: number[] = []
      for (const x of steps) {
        if (x !== null) {
          heap.push(x)
          all = [...all, x].sort((a, b) => a - b)
        } else expect(heap.pop()).toBe(all.shift())
      }
      for (const x of all) expect(heap.pop()).toBe(x)
      expect(heap.pop()).toBe(undefined)
    }),
  )
})

describe("an order to which waits are added", () => {
  const N = 12
  const edges = fc.array(fc.tuple(fc.nat(N - 1), fc.nat(N - 1)), { maxLength: 20 })
  const waits = fc.array(fc.tuple(fc.nat(N - 1), fc.uniqueArray(fc.nat(N - 1), { maxLength: 4 })), { maxLength: 12 })
  /** Does a path of `before` lead from j back to i? */
  const needs = (before: readonly ReadonlySet<number>[], j: number, i: number): boolean =>
    j === i || [...before[j]!].some((h) => needs(before, h, i))
  it("knows who follows whom, as a search of all paths does", () => {
    fc.assert(
      fc.property(edges, waits, (given, later) => {
        const before = Array.from({ length: N }, () => new Set<number>())
        for (const [i, j] of given) if (i !== j) before[Math.max(i, j)]!.add(Math.min(i, j))
        const order = new Order(before)
        for (const [j, these] of later) {
          const circle = these.some((i) => needs(before, i, j))
          const said = order.behind(j, these) && these.some((i) => order.followers(j).has(i))
          expect(said || these.includes(j)).toBe(circle)
          if (circle) continue
          order.wait(j, these)
          for (const i of these) expect(before[j]!.has(i)).toBe(true)
          expect(order.behind(j, these)).toBe(false)
        }
        // nothing stands before what it needs
        before.forEach((s, j) => expect(order.behind(j, [...s])).toBe(false))
      }),
      { numRuns: 500 },
    )
  })
})
