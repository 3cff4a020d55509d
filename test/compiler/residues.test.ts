// Sums whose terms depend on remainders (input gradients of strided convolutions, gradients of pools) as one statement for each remainder:
// together they write every element once, and no statement multiplies with zeros.
import { describe, expect, it } from "vitest"
import { evaluate, interpretLowered } from "../../src/backends/reference/index.ts"
import { illegal, lower, type LowerOptions, noLimits } from "../../src/compiler/index.ts"
import { print } from "../../src/compiler/print.ts"
import { reuse } from "../../src/compiler/reuse.ts"
import { apart } from "../../src/compiler/effects.ts"
import {
  type Axis,
  axis,
  type Buf,
  call,
  type Ix,
  ix,
  type Kernel,
  kernelsOf,
  num,
  plus,
  read,
  times,
} from "../../src/core/ir/index.ts"
import { inline, inSession, type Program, type RawTensor, size, trace } from "../../src/core/index.ts"
import { add } from "../../src/scalar/add.ts"
import { convolutions } from "../backends/wasm/_convolutions.ts"
import * as T from "../../src/tensor.ts"
import { vjpOf } from "../../src/transform/reverse.ts"

// Options are computed here.
type Any = any
const zeros = (...s: number[]): RawTensor => T.fromArray(new Float32Array(size(s)), s as never) as unknown as RawTensor
/** The gradient of f with respect to its first argument. */
const back = (f: (...x: Any[]) => Any, ...args: RawTensor[]): Program => {
  const y = trace((...x) => [f(...x)], args).outs[0]!
  return trace((...x) => [(vjpOf(f, x.slice(0, -1))[1](x.at(-1)) as RawTensor[])[0]!], [...args, zeros(...y.shape)])
}
const conv2d =
  (options: object) =>
  (x: Any, k: Any): Any =>
    (T.conv2d as Any)(x, k, options)
const text = (p: Program, options: Partial<LowerOptions> = {}): string =>
  `\n${print(lower(p, { limits: noLimits, ...options }))
    .split("\n")
    .slice(1)
    .join("\n")}\n`

describe("is pinned", () => {
  it("three taps, stride two: sums of four, two, two and one taps, over one copy with a margin", () => {
    const p = back(conv2d({ stride: 2, padding: "same" }), zeros(2, 8, 8, 3), zeros(3, 3, 3, 5))
    expect(text(p)).toMatchInlineSnapshot(`
      "
      t0[i,j,k,l] = {0<=j-1<4 & 0<=k-1<4: arg2[i,j-1,k-1,l] else 0}   for i<2,j<5,k<5,l<5
      out0[i,2j,2k,l] = add[m<2,n<2,o<5](mul(t0[i,-m+j+1,-n+k+1,o], arg1[2m,2n,l,o]))   for i<2,j<4,k<4,l<3   // contraction M i,j,k N l K m,n,o
      out0[i,2j,2k+1,l] = add[m<2,n<5](mul(t0[i,-m+j+1,k+1,n], arg1[2m,1,l,n]))   for i<2,j<4,k<4,l<3   // contraction M i,j,k N l K m,n
      out0[i,2j+1,2k,l] = add[m<2,n<5](mul(t0[i,j+1,-m+k+1,n], arg1[1,2m,l,n]))   for i<2,j<4,k<4,l<3   // contraction M i,j,k N l K m,n
      out0[i,2j+1,2k+1,l] = add[m<5](mul(arg2[i,j,k,m], arg1[1,1,l,m]))   for i<2,j<4,k<4,l<3   // contraction M i,j,k N l K m
      "
    `)
  })
  it("what surrounds the sum is with all of them", () => {
    const p = back((x, k) => conv2d({ stride: [2, 1] })(T.relu(x), k), zeros(1, 5, 5, 3), zeros(3, 1, 3, 5))
    expect(text(p)).toMatchInlineSnapshot(`
      "
      t0[0,i,j,k] = {0<=i-1<2: arg2[0,i-1,j,k] else 0}   for i<4,j<5,k<5
      out0[0,2i,j,k] = where(lt(0, relu(arg0[0,2i,j,k])), add[l<2,m<5](mul(t0[0,-l+i+1,j,m], arg1[2l,0,k,m])), 0)   for i<3,j<5,k<3   // contraction M i,j N k K l,m
      out0[0,2i+1,j,k] = where(lt(0, relu(arg0[0,2i+1,j,k])), add[l<5](mul(arg2[0,i,j,l], arg1[1,0,k,l])), 0)   for i<2,j<5,k<3   // contraction M i,j N k K l
      "
    `)
  })
  it("one tap: the elements between are nothing", () => {
    const p = back(conv2d({ stride: 2 }), zeros(2, 8, 7, 3), zeros(1, 1, 3, 5))
    expect(text(p)).toMatchInlineSnapshot(`
      "
      out0[i,2j,2k,l] = add[m<5](mul(arg2[i,j,k,m], arg1[0,0,l,m]))   for i<2,j<4,k<4,l<3   // contraction M i,j,k N l K m
      out0[i,2j,2k+1,l] = 0   for i<2,j<4,k<3,l<3
      out0[i,2j+1,k,l] = 0   for i<2,j<4,k<7,l<3
      "
    `)
  })
  it("stride three, taps two apart: every third tap; no element between is copied", () => {
    const conv = (x: Any, k: Any): Any => (T.conv1d as Any)(x, k, { stride: 3, dilation: 2, padding: 4 })
    expect(text(back(conv, zeros(2, 12, 3), zeros(5, 3, 4)))).toMatchInlineSnapshot(`
      "
      out0[i,3j,k] = add[l<4](mul(arg2[i,j,l], arg1[2,k,l]))   for i<2,j<4,k<3   // contraction M i,j N k K l
      t0[i,j,k] = {0<=j-1<4: arg2[i,j-1,k] else 0}   for i<2,j<7,k<4
      out0[i,3j+1,k] = add[l<2,m<4](mul(t0[i,j-2l+2,m], arg1[3l+1,k,m]))   for i<2,j<4,k<3   // contraction M i,j N k K l,m
      out0[i,3j+2,k] = add[l<2,m<4](mul(t0[i,j-2l+3,m], arg1[3l,k,m]))   for i<2,j<4,k<3   // contraction M i,j N k K l,m
      "
    `)
  })
  it("a convolution stays whole where the stride divides its taps: they are columns of one product", () => {
    const p = trace((x, k) => [(T.convTranspose2d as Any)(x, k, { stride: 2 })], [zeros(2, 4, 4, 3), zeros(4, 2, 5, 3)])
    expect(text(p)).toMatchInlineSnapshot(`
      "
      t0[i,j,k,l] = {0<=j-1<4: arg0[i,j-1,k,l] else 0}   for i<2,j<6,k<4,l<3
      out0[i,2j+k,2l+m,n] = add[o<2,p<3](mul(t0[i,-o+j+1,l,p], arg1[2o+k,m,n,p]))   for i<2,j<5,k<2,l<4,m<2,n<5   // contraction M i,j,l N k,m,n K o,p
      "
    `)
  })
  it("a pool of overlapping windows: a sum over the windows that have the element", () => {
    expect(text(back((x) => (T.maxPool1d as Any)(x, 3, { stride: 2 }), zeros(2, 9, 3)))).toMatchInlineSnapshot(`
      "
      rows i<2
        t0[i,j,k] = max[l<3](arg0[i,2j+l,k])   for j<4,k<3
        t1[i,m,n] = mul(arg1[i,m,n], div(1, add[o<3](cast:f32(eq(arg0[i,2m+o,n], t0[i,m,n])))))   for m<4,n<3
        out0[i,2p,q] = add[r<2]({0<=-r+p<4: mul(t1[i,-r+p,q], cast:f32(eq(arg0[i,2p,q], t0[i,-r+p,q]))) else 0})   for p<5,q<3
      out0[i,2j+1,k] = mul(t1[i,j,k], cast:f32(eq(arg0[i,2j+1,k], t0[i,j,k])))   for i<2,j<4,k<3
      "
    `)
  })
  it("more than 32 remainders, and a device that fills buffers whole: zeros are multiplied", () => {
    const statements = (stride: number, options: Partial<LowerOptions> = {}): number => {
      const p = back(conv2d({ stride }), zeros(1, 20, 20, 2), zeros(stride + 1, stride + 1, 2, 3))
      return kernelsOf(lower(p, { limits: noLimits, ...options }).stmts).length
    }
    expect([2, 3, 5, 6].map((s) => statements(s))).toMatchInlineSnapshot(`
      [
        5,
        10,
        26,
        4,
      ]
    `)
    expect(statements(2, { limits: { ...noLimits, parts: false } })).toBeLessThan(statements(2))
  })
})

/** The values of an index. */
const at = (e: Ix, values: ReadonlyMap<Axis, number>): number => e.t.reduce((s, [k, a]) => s + k * values.get(a)!, e.c)
/** How often kernels write each element of a buffer. */
const writes = (ks: readonly Kernel[], b: Buf): number[] => {
  const count = Array.from({ length: size(b.shape) }, () => 0)
  for (const k of ks) {
    if (k.out !== b) continue
    const run = (axes: readonly Axis[], values: Map<Axis, number>): void => {
      const [a, ...rest] = axes
      if (a) for (let v = 0; v < a.n; v++) run(rest, new Map(values).set(a, v))
      else count[k.at.reduce((p, e, d) => p * b.shape[d]! + at(e, values), 0)]!++
    }
    run(k.axes, new Map())
  }
  return count
}
describe.each(convolutions(20261123, 60, "wild").map((c) => [c.name, c] as const))("%s", (_, { program, inputs }) => {
  it("every element is written once, and is what the reference says", () => {
    const values = evaluate(inputs)
    const want = evaluate(inSession(() => inline(program, inputs)))
    for (const options of [{}, { fuse: false, roots: () => true }]) {
      const l = lower(program, { limits: noLimits, ...options })
      expect(illegal(l)).toEqual([])
      if (options.fuse === false) for (const o of l.outs) expect(writes(kernelsOf(l.stmts), o).every((n) => n === 1)).toBe(true)
      interpretLowered(l, values, { memory: "planned" }).forEach((got, k) => {
        got.forEach((v, i) => expect(Math.abs(v - want[k]![i]!)).toBeLessThan(1e-11))
      })
    }
  })
})

describe("parts in place", () => {
  const buf = (id: number, role: Buf["role"]): Buf => ({ id, shape: [6], dtype: "f32", role })
  const [x, a, b, y] = [buf(1, "arg"), buf(2, "temp"), buf(3, "temp"), buf(4, "out")]
  const map = (out: Buf, from: Buf, step = 1, first = 0, shift = 0): Kernel => {
    const i = axis(6 / step)
    const own = plus(times(i, step), first)
    return { k: "kernel", out, axes: [i], at: [own], value: call(add, [read(from, [plus(own, shift)]), num(1, "f32")]) }
  }
  const outs = (ks: readonly Kernel[]): number[] => kernelsOf(reuse(ks, new Set([x, y]))).map((k) => k.out.id)
  it("where each reads what it overwrites", () => {
    expect(outs([map(a, x), map(b, a, 2, 0), map(b, a, 2, 1), map(y, b)])).toEqual([2, 2, 2, 4])
    expect(outs([map(a, x), map(b, a, 3, 2), map(b, a, 3, 1), map(b, a, 3, 0), map(y, b)])).toEqual([2, 2, 2, 2, 4])
  })
  it("not where a part reads what another one overwrites", () => {
    expect(outs([map(a, x), map(b, a, 2, 0), map(b, a, 2, 1, -1), map(y, b)])).toEqual([2, 3, 3, 4])
  })
  it("not where they meet, or another statement reads what has gone", () => {
    expect(outs([map(a, x), map(b, a, 2, 0), map(b, a), map(y, b)])).toEqual([2, 3, 3, 4])
    expect(outs([map(a, x), map(b, a, 2, 0), map(b, x, 2, 1), map(y, a), map(y, b)])).toEqual([2, 3, 3, 4, 4])
  })
  it("apart: by the remainders along some dimension", () => {
    const of = (...e: Ix[]): Kernel => ({ k: "kernel", out: a, axes: [], at: e, value: num(0, "f32") })
    const [i, j] = [ix(axis(4)), ix(axis(5))]
    expect(apart(of(i, times(j, 4)), of(j, plus(times(i, 6), 1)))).toBe(true)
    expect(apart(of(i, times(j, 4)), of(j, plus(times(i, 6), 2)))).toBe(false)
    expect(apart(of(ix(0)), of(ix(1)))).toBe(true)
    expect(apart(of(ix(1)), of(ix(1)))).toBe(false)
    expect(apart(of(i), of(plus(j, 9)))).toBe(false)
  })
})
