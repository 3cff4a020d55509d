// The laws notice: each rule of an op is spoiled in turn, and the law that is about it must fail.
import { describe, expect, it } from "vitest"
import {
  type Args,
  type Composite,
  flatten,
  type Gen,
  ir,
  make,
  type OpDef,
  type Pull,
  type RawTensor,
  raw,
} from "../../src/core/index.ts"
import { add } from "../../src/ops/add.ts"
import { mul, op as mulOp } from "../../src/ops/mul.ts"
import { stopGradient } from "../../src/ops/stopGradient.ts"
import { op as sumOp } from "../../src/ops/sum.ts"
import { uniform } from "../../src/testing/gen.ts"
import { op as softmaxOp } from "../../src/ops/softmax.ts"

// The laws are stated for one op only here; this file is about the statements.
process.env["ADJOINT_OP"] = "neg"
const { draw, laws } = await import("./_harness.ts")
await import("./derivatives.test.ts")
await import("./batching.test.ts")
await import("./structure.test.ts")
await import("./values.test.ts")

const times = (a: unknown, b: unknown): RawTensor => raw(mul(a as never, b as never))
const plus = (a: unknown, b: unknown): RawTensor => raw(add(a as never, b as never))
type Spoiled = Readonly<Record<string, unknown>>
const tried = (title: string, op: OpDef<unknown>, examples: (g: Gen) => Args, attrs: unknown): string | undefined => {
  const check = laws.get(title)
  if (!check) throw new Error(`no law is called "${title}"`)
  const f = (...args: readonly unknown[]): RawTensor => make(op, flatten(args).leaves, attrs)
  // The very object: laws recognise the op's nodes by it.
  const subject = { name: op.name, op, examples, f }
  for (let seed = 1; seed <= 40; seed++)
    try {
      check(draw(subject, seed, "small"), subject)
    } catch (e) {
      return (e as Error).message
    }
  return undefined
}
const spoil = (op: unknown, by: Spoiled): OpDef<unknown> => {
  const spoiled: OpDef<unknown> = { ...(op as OpDef<unknown>), name: "spoiled", ...by } as OpDef<unknown>
  return spoiled
}
const two = (g: Gen): Args => {
  const s = g.shape(1, 2, 2)
  return [g.tensor(s), g.tensor(s)]
}
const one = (g: Gen): Args => [g.tensor([3, 3])]
const product = mulOp as unknown as Pull<null>
const total = sumOp as unknown as Pull<{ axes: readonly number[] }>
const axis0 = { axes: [0] }

const cases: readonly (readonly [law: string, what: string, op: OpDef<unknown>, examples: (g: Gen) => Args, attrs: unknown])[] = [
  [
    "jvp = central finite difference",
    "a factor in a jvp",
    spoil(product, {
      jvp: ({ ins, tans }: { ins: RawTensor[]; tans: RawTensor[] }) => (tans[0] ? times(tans[0], times(ins[1], 1.001)) : null),
    }),
    two,
    null,
  ],
  [
    "<jvp t, c> = <t, vjp c>",
    "a transpose that forgets the other factor",
    (() => {
      const op: OpDef<unknown> = spoil(product, {
        jvp: ({ ins, tans }: { ins: RawTensor[]; tans: RawTensor[] }) => (tans[0] ? make(op, [tans[0], ins[1]!], null) : null),
        transpose: ({ ct }: { ct: RawTensor }) => [ct, null],
      })
      return op
    })(),
    two,
    null,
  ],
  [
    "<f(x + t) - f(x), c> = <t, transpose c>, for each argument that is transposed",
    "a transpose that no jvp asks for",
    spoil(product, { transpose: ({ ct, ins }: { ct: RawTensor; ins: RawTensor[] }) => [times(ct, ins[1]), times(ct, ins[1])] }),
    two,
    null,
  ],
  [
    "<f(x + t) - f(x), c> = <t, transpose c>, for each argument that is transposed",
    "a cotangent of another shape",
    spoil(total, { transpose: ({ ct }: { ct: RawTensor }) => [ct] }),
    one,
    axis0,
  ],
  [
    "second derivative = finite difference of the gradient",
    "a jvp whose factor has no derivative of its own",
    spoil(product, {
      jvp: ({ ins, tans }: { ins: RawTensor[]; tans: RawTensor[] }) =>
        [0, 1].reduce<RawTensor | null>((s, k) => {
          const t = tans[k]
          if (!t) return s
          const d = times(t, stopGradient(ins[1 - k] as never))
          return s ? plus(s, d) : d
        }, null),
    }),
    two,
    null,
  ],
  [
    "vmap = loop, over every subset of arguments",
    "axes that are not shifted under a batch",
    spoil(total, {
      batch: ({ ins, attrs }: { ins: RawTensor[]; attrs: { axes: number[] } }) => make(sumOp as OpDef<unknown>, ins, attrs),
    }),
    one,
    axis0,
  ],
  [
    "grad of vmap = vmap of grad",
    "a batching rule that batches the value but not its derivative",
    spoil(total, {
      batch: ({ ins, attrs }: { ins: RawTensor[]; attrs: { axes: number[] } }) =>
        times(
          make(sumOp as OpDef<unknown>, ins, { axes: attrs.axes.map((k) => k + 1) }),
          stopGradient(plus(1, times(make(sumOp as OpDef<unknown>, ins, { axes: attrs.axes.map((k) => k + 1) }), 0)) as never),
        ),
      jvp: ({ tans }: { tans: RawTensor[] }) => (tans[0] ? times(make(sumOp as OpDef<unknown>, [tans[0]], axis0), 2) : null),
    }),
    one,
    axis0,
  ],
  [
    "each tangent is used once in a jvp",
    "a tangent used twice",
    spoil(product, {
      jvp: ({ ins, tans }: { ins: RawTensor[]; tans: RawTensor[] }) =>
        tans[0] ? plus(times(tans[0], ins[1]), times(tans[0], 0.5)) : null,
    }),
    two,
    null,
  ],
  [
    "what is computed has the shape and dtype of the shape rule",
    "a shape rule that contradicts the expansion",
    spoil(softmaxOp as unknown as Composite<unknown>, {
      shape: ([x]: RawTensor[]) => ({ shape: [...x!.shape, 1], dtype: x!.dtype }),
    }),
    one,
    axis0,
  ],
  [
    "what is computed has the shape and dtype of the shape rule",
    "an index that leaves its buffer",
    spoil(product, {
      body: ([x]: ((i: readonly unknown[]) => unknown)[], { i }: { i: readonly ir.Ix[] }) => x!(i.map((e) => ir.plus(e, 1))),
    }),
    two,
    null,
  ],
  [
    "lowering means the graph: any roots, fused or not, in the planned memory, in any order",
    "a body that is not a function of its index",
    (() => {
      const next = uniform(1)
      return spoil(product, {
        body: ([x, y]: ((i: readonly unknown[]) => unknown)[], { i }: { i: readonly unknown[] }) =>
          next() < 0.5 ? x!(i) : y!(i),
      })
    })(),
    two,
    null,
  ],
]
describe("the laws notice", () => {
  it.each(cases.map((c) => [c[1], c] as const))("%s", (_, [title, , op, examples, attrs]) => {
    expect(tried(title, op, examples, attrs)).toBeTypeOf("string")
  })
  it("and accept the rules as they are", () => {
    for (const title of new Set(cases.map((c) => c[0])))
      for (const [op, examples, attrs] of [
        [mulOp, two, null],
        [sumOp, one, axis0],
      ] as const)
        expect(tried(title, { ...op } as unknown as OpDef<unknown>, examples, attrs)).toBe(undefined)
  })
})
