// What plain JavaScript can pass to layers: any argument or option replaced by a value that has no place there. The network is refused
// with a sentence, or works; there is never a raw TypeError or RangeError.
import { describe, expect, it } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { Init, Net } from "../../src/nn/index.ts"
import { junkOf, misspelt } from "../_junk.ts"

type Make = (...args: readonly unknown[]) => unknown
const net = Net as unknown as Record<string, Make>
const image = ["b", 8, 8, 4]
const sequence = ["b", 6, 4]
const window = { stride: 2, padding: [1, 0] }
const init = { kernelInit: Init.zeros, biasInit: Init.ones, bias: false }
/** A layer's arguments, and what goes into it. */
const layers: readonly (readonly [name: string, args: readonly unknown[], input: unknown])[] = [
  ["dense", [3, init], ["b", 4]],
  ["conv1d", [{ filters: 2, kernel: 3, ...window, dilation: 1, groups: 2, ...init }], sequence],
  ["conv2d", [{ filters: 2, kernel: [3, 2], ...window, ...init }], image],
  ["conv3d", [{ filters: 2, kernel: 2 }], ["b", 4, 4, 4, 1]],
  ["depthwiseConv2d", [{ kernel: 3, multiplier: 2, ...window, ...init }], image],
  ["convTranspose1d", [{ filters: 2, kernel: 3, stride: 2 }], sequence],
  ["convTranspose2d", [{ filters: 2, kernel: 3, stride: 2, outputPadding: [1, 0], ...init }], image],
  ["maxPool1d", [2, { stride: 1 }], sequence],
  ["maxPool2d", [[2, 3], { ...window, ceilMode: true }], image],
  ["avgPool2d", [2, { ...window, countPadding: true }], image],
  ["adaptiveAvgPool2d", [[2, null]], image],
  ["adaptiveMaxPool1d", [2], sequence],
  ["crop2d", [[4, 5]], image],
  ["trim2d", [[[0, 1], 2]], image],
  ["zeroPad2d", [[1, [0, 2]]], image],
  ["upsample2d", [2, "bilinear"], image],
  ["dropout", [0.5], image],
  ["embedding", [10, 4, { tableInit: Init.zeros }], Net.input(["b", 6], "i32")],
  ["unembedding", [10, { tableInit: Init.zeros }], sequence],
  ["batchNorm", [{ momentum: 0.5, epsilon: 1e-3 }], image],
  ["layerNorm", [{ epsilon: 1e-3 }], image],
  ["localResponseNorm", [{ size: 3, alpha: 1, beta: 0.5, k: 1 }], image],
  ["rnn", [3, { returnSequences: true, reverse: false }], sequence],
  ["lstm", [3, { returnSequences: true }], sequence],
  ["gru", [3, { reverse: true }], sequence],
  ["recurrent", [Net.sequential(Net.join, Net.dense(5)), { carry: [5], reverse: true }], sequence],
  [
    "multiHeadAttention",
    [{ heads: 2, keyHeads: 1, headSize: 3, causal: true, dropout: 0.1, fused: true, bias: false }],
    sequence,
  ],
  ["positionEmbedding", [8, { tableInit: Init.zeros }], sequence],
  ["prependToken", [{ tokenInit: Init.zeros }], sequence],
  ["selectToken", [1], sequence],
  ["reshape", [[2, -1]], image],
  ["transpose", [[0, 2, 1, 3]], image],
  ["leakyRelu", [0.1], image],
  ["elu", [0.1], image],
  ["residual", [Net.dense(4), { shortcut: Net.dense(4) }], sequence],
  ["skip", [Net.dense(4), { crop: true }], image],
  ["sequential", [Net.relu, Net.dense(4)], sequence],
  ["repeat", [2, Net.dense(4)], sequence],
  ["named", ["a", Net.dense(4)], sequence],
  ["shared", ["a", Net.dense(4)], sequence],
  ["concat", [Net.dense(4), Net.relu], sequence],
  ["add", [Net.dense(4), Net.relu], sequence],
  ["branch", [Net.dense(4), Net.relu], sequence],
  ["parallel", [Net.dense(4), Net.relu], [sequence, sequence]],
  ["select", [1], [sequence, sequence]],
]

const complaint = (name: string, args: readonly unknown[], input: unknown): string | undefined => {
  try {
    net["network"]!(input, net[name]!(...args))
    return undefined
  } catch (e) {
    if (!(e instanceof ShapeError)) return String(e)
    return /^\w+(\[\d+\])?( > .+)?: ./.test(e.message) ? undefined : `says ${e.message}`
  }
}

describe("every layer, given junk", () => {
  it.each(layers)("%s", (name, args, input) => {
    expect(complaint(name, args, input), "as it is").toBe(undefined)
    const problems = new Map<string, number>()
    let k = 0
    for (const junk of junkOf(args)) {
      const c = complaint(name, junk, input)
      if (c !== undefined) problems.set(c, k)
      k++
    }
    expect([...problems.keys()]).toEqual([])
  })
  it.each(layers)("%s: an option that there is not", (name, args) => {
    for (const odd of misspelt(args))
      expect(() => net[name]!(...odd)).toThrow(new RegExp(`^${name}: there is no option mispelt; the options are `))
  })
})
