// Random convolutions with their gradients, as programs: of one, two and three axes, with strides, dilations, groups and margins.
import { hostLeaf } from "../../../src/core/leaf.ts"
import { type RawTensor, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { vjpOf } from "../../../src/transform/reverse.ts"
import { random } from "./random.ts"

export interface Convolution {
  readonly name: string
  /** Of x, the kernel and the outputs' cotangents: the outputs and both gradients. */
  readonly program: ReturnType<typeof trace>
  readonly inputs: readonly RawTensor[]
}
interface Case {
  readonly x: RawTensor
  readonly kernel: RawTensor
  readonly options?: object
  readonly transposed?: boolean
}
/** "usual": such as networks have, and two of several blocks. "wild": small ones of every geometry there is, transposed ones too.
 *  "depthwise": as many groups as channels. */
export const convolutions = (
  seed: number,
  rounds: number,
  kind: "usual" | "wild" | "depthwise" = "usual",
): readonly Convolution[] => {
  const next = random(seed)
  const upto = (n: number): number => 1 + Math.floor(next() * n)
  const tensor = (shape: readonly number[]): RawTensor =>
    hostLeaf(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next() - 0.5),
      shape,
    )
  const any = (round: number): Case => {
    const rank = [1, 2, 2, 2, 3][round % 5]!
    const each = (f: () => number): number[] => Array.from({ length: rank }, f)
    const groups = next() < 0.2 ? 2 : 1
    const [channels, filters] = [upto(12) * groups, upto(12) * groups]
    const taps = each(() => upto(3))
    const options = {
      stride: each(() => (next() < 0.3 ? 2 : 1)),
      dilation: each(() => (next() < 0.3 ? 2 : 1)),
      padding: next() < 0.5 ? "same" : "valid",
      groups,
    }
    const x = tensor([upto(3), ...each(() => 5 + upto(rank === 3 ? 4 : 13)), channels])
    return { x, kernel: tensor([...taps, channels / groups, filters]), options }
  }
  const strange = (round: number): Case => {
    const rank = [1, 2, 2, 3][round % 4]!
    const each = <V>(f: () => V): V[] => Array.from({ length: rank }, f)
    const groups = next() < 0.3 ? 2 : 1
    const [channels, filters] = [upto(3) * groups, upto(3) * groups]
    const transposed = next() < 0.4
    const taps = each(() => upto(rank === 3 ? 3 : 5))
    const dilation = each(() => (next() < 0.5 ? 1 : upto(3)))
    const stride = each(() => (next() < 0.3 ? 1 : upto(rank === 3 ? 3 : 4)))
    const batch = Math.floor(next() * 4) // 0, too
    const kernel = tensor(transposed ? [...taps, filters, channels * groups] : [...taps, channels, filters])
    if (transposed) {
      const padding = next() < 0.5 ? "same" : "valid"
      return {
        x: tensor([batch, ...each(() => upto(4)), channels * groups]),
        kernel,
        options: { stride, dilation, padding, groups },
        transposed,
      }
    }
    const entry = (): unknown => ["valid", "same", "full", upto(3) - 1, [upto(3) - 1, upto(3) - 1]][upto(5) - 1]
    const sides = taps.map((k, d) => dilation[d]! * (k - 1) + upto(rank === 3 ? 3 : 6))
    return {
      x: tensor([batch, ...sides, channels * groups]),
      kernel,
      options: { stride, dilation, padding: each(entry), groups },
    }
  }
  const depthwise = (round: number): Case => {
    const rank = [1, 2, 2, 3][round % 4]!
    const each = (f: () => number): number[] => Array.from({ length: rank }, f)
    const channels = 2 + upto(18)
    const many = next() < 0.2 ? 2 : 1
    const taps = each(() => upto(rank === 3 ? 2 : 4))
    const stride = each(() => (next() < 0.7 ? 1 : 2))
    const dilation = each(() => (next() < 0.7 ? 1 : 2))
    const padding = next() < 0.5 ? "same" : "valid"
    const x = tensor([upto(3), ...each(() => 7 + upto(rank === 3 ? 4 : 14)), channels])
    return { x, kernel: tensor([...taps, 1, many * channels]), options: { stride, dilation, padding, groups: channels } }
  }
  // Images of several blocks, and lines of several blocks.
  const several: Readonly<Record<typeof kind, readonly Case[]>> = {
    usual: [
      { x: tensor([1, 24, 41, 40]), kernel: tensor([3, 3, 40, 9]) },
      { x: tensor([1, 2500, 24]), kernel: tensor([5, 24, 5]) },
    ],
    wild: [],
    depthwise: [
      { x: tensor([2, 4, 34, 80]), kernel: tensor([3, 3, 1, 80]), options: { groups: 80 } },
      { x: tensor([2, 5, 302, 1]), kernel: tensor([2, 3, 1, 68]) },
    ],
  }
  const draw = { usual: any, wild: strange, depthwise }[kind]
  const cases: readonly Case[] = [...Array.from({ length: rounds }, (_, round) => draw(round)), ...several[kind]]
  return cases.map(({ x, kernel, options = {}, transposed = false }, round) => {
    const ops = transposed ? [T.convTranspose1d, T.convTranspose2d, T.convTranspose3d] : [T.conv1d, T.conv2d, T.conv3d]
    const conv = ops[x.shape.length - 3] as unknown as (...a: unknown[]) => RawTensor
    const wide = round % 3 === 0
    const net = (x: unknown, w: unknown): unknown => (wide ? T.tanh(conv(x, w, options) as never) : conv(x, w, options))
    const y = trace((x, w) => [net(x, w) as RawTensor], [x, kernel]).outs[0]!
    const inputs = [x, kernel, tensor(y.shape)]
    const program = trace((x, w, dy) => {
      const [y, pull] = vjpOf(net as (...a: unknown[]) => unknown, [x, w])
      return [y as RawTensor, ...(pull(dy) as RawTensor[])]
    }, inputs)
    const name = `${round}: ${transposed ? "transposed " : ""}${x.shape} by ${kernel.shape}, ${JSON.stringify(options)}${wide ? ", with an epilogue" : ""}`
    return { name, program, inputs }
  })
}
