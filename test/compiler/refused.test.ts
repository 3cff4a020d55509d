// Programs that no backend can count: refused when they are lowered, not computed wrongly.
import { describe, expect, it } from "vitest"
import { lower, noLimits } from "../../src/compiler/index.ts"
import { raw, type AnyTensor } from "../../src/core/tensor.ts"
import * as T from "../../src/tensor.ts"

const lowered = (t: AnyTensor) => lower({ params: [], outs: [raw(t)] }, { limits: noLimits })

describe("a fold of 2^31 elements and more", () => {
  it.each([
    ["over two axes", () => T.sum(T.ones([65536, 32768])), 2 ** 31],
    ["over one axis", () => T.sum(T.ones([2 ** 31, 2]), 0), 2 ** 31],
    ["of a repeated value", () => T.max(T.broadcastTo(T.fromArray([1, 2]), [2 ** 30, 2])), 2 ** 31],
  ] as const)("%s is refused", (_, f, n) => {
    expect(() => lowered(f())).toThrow(
      `a fold of ${n} elements into one: at most 2147483647 are counted; fold over one axis and run that first`,
    )
  })
  it("one element less is not", () => {
    expect(lowered(T.sum(T.ones([2 ** 31 - 1]))).stmts).toHaveLength(1)
  })
})
