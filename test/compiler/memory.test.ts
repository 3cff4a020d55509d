// The memory plan of whole programs: no two buffers that are alive at once share memory, judged here from the statements alone; and the
// arena is hardly larger than what is alive at the worst moment, which no plan can do without. The sizes are pinned.
import { describe, expect, it } from "vitest"
import { lower, noLimits, type Lowered } from "../../src/compiler/index.ts"
import { print } from "../../src/compiler/print.ts"
import { plan } from "../../src/compiler/plan.ts"
import { type Buf, kernelsOf, readsOf, type Stmt } from "../../src/core/ir/index.ts"
import { mapTree } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import * as T from "../../src/tensor.ts"
import { remat } from "../../src/transform/index.ts"
import { crossEntropy, programs as zoo, sgd, zoo as program, type ZooProgram } from "../zoo.ts"

// Programs that are put together here have no types of their own.
type Any = any
const zeros = (...s: number[]): Any => T.fromArray(new Float32Array(s.reduce((a, b) => a * b, 1)), s as never)
const dense = (x: Any, p: Any): Any => T.add(T.matmul(x, p.k), p.b)
const linear = (i: number, o: number): Any => ({ k: zeros(i, o), b: zeros(o) })
const conv = (x: Any, p: Any, stride = 1): Any => T.add(T.conv2d(x, p.k, { padding: "same", stride } as Any) as Any, p.b)
const filter = (n: number, i: number, o: number): Any => ({ k: zeros(n, n, i, o), b: zeros(o) })
const norm = (x: Any, p: Any): Any => {
  const d = T.sub(x, T.mean(x, [-1] as Any, { keepDims: true }) as Any)
  return T.add(T.mul(T.mul(d, T.rsqrt(T.add(T.mean(T.mul(d, d), [-1] as Any, { keepDims: true }) as Any, 1e-5))), p.s), p.o)
}
const onehot = (n: number, k: number): Any => zeros(n, k)
const block =
  (heads: number) =>
  (p: Any, x: Any): Any => {
    const h = norm(x, p.n1)
    const y = T.add(x, dense((T.attention as Any)(dense(h, p.q), dense(h, p.u), dense(h, p.v), { heads, causal: true }), p.o))
    return T.add(y, dense(T.gelu(dense(norm(y, p.n2), p.up)), p.down))
  }
const blockParams = (d: number): Any => ({
  n1: { s: zeros(d), o: zeros(d) },
  n2: { s: zeros(d), o: zeros(d) },
  ...Object.fromEntries(["q", "u", "v", "o"].map((k) => [k, linear(d, d)])),
  up: linear(d, 4 * d),
  down: linear(4 * d, d),
})
const language =
  (wrap: (f: Any) => Any) =>
  (p: Any, ids: Any, y: Any): Any => {
    const h = p.blocks.reduce((x: Any, q: Any) => wrap(block(4))(q, x), T.take(p.table, ids) as Any)
    return T.mean(T.square(T.sub(T.matmul(h, T.transpose(p.table, [1, 0])), y)))
  }
const languageArgs = (n: number): Any[] => [
  { table: zeros(50, 32), blocks: Array.from({ length: n }, () => blockParams(32)) },
  T.fromArray(new Int32Array(4 * 16), [4, 16]),
  zeros(4, 16, 50),
]
const residual = (x: Any, p: Any): Any => T.relu(T.add(x, conv(T.relu(conv(x, p[0])), p[1])))
const resnet = (p: Any, x: Any, y: Any): Any => {
  let h = T.relu(conv(x, p.stem))
  for (const [k, stage] of p.stages.entries()) {
    if (k > 0) h = T.relu(conv(h, p.down[k - 1], 2))
    for (const q of stage) h = residual(h, q)
  }
  return crossEntropy(dense(T.mean(h, [1, 2] as Any), p.head), y)
}
const unet = (p: Any, x: Any, y: Any): Any => {
  const a = T.relu(conv(x, p.a))
  const b = T.relu(conv(T.maxPool2d(a as Any, 2), p.b))
  const c = T.relu(conv(T.maxPool2d(b as Any, 2), p.c))
  const up = (v: Any, k: Any): Any => (T.convTranspose2d as Any)(v, k, { stride: 2 })
  const d = T.relu(conv(T.concat([b, up(c, p.u)] as Any, 3), p.d))
  const e = T.relu(conv(T.concat([a, up(d, p.v)] as Any, 3), p.e))
  return T.mean(T.square(T.sub(conv(e, p.out), y)))
}
const lstm = (p: Any, xs: Any): Any => {
  const n = p.u.shape[0]
  const part = (z: Any, k: number): Any => T.slice(z, [null, [k * n, (k + 1) * n]] as Any)
  const zero = zeros(xs.shape[1], n)
  return (T.scan as Any)(
    ([h, c]: Any, x: Any) => {
      const z = T.add(T.add(T.matmul(x, p.w), T.matmul(h, p.u)), p.b)
      const next = T.add(T.mul(T.sigmoid(part(z, 0)), c), T.mul(T.sigmoid(part(z, 1)), T.tanh(part(z, 2))))
      const out = T.mul(T.sigmoid(part(z, 3)), T.tanh(next))
      return [[out, next], out]
    },
    [zero, zero],
    xs,
  )[1]
}
const cellParams = (i: number, n: number): Any => ({ w: zeros(i, 4 * n), u: zeros(n, 4 * n), b: zeros(4 * n) })
const mlp = (ps: Any, x: Any, y: Any): Any =>
  crossEntropy(
    ps.reduce((h: Any, p: Any, k: number) => (k < ps.length - 1 ? T.tanh(dense(h, p)) : dense(h, p)), x),
    y,
  )
const adam = (p: Any, m: Any, v: Any, x: Any, y: Any): unknown => {
  const [next] = (sgd(mlp as Any) as Any)(p, x, y)
  const d = mapTree(p, (a: Any, _: unknown, b: Any) => T.sub(a, b), next)
  const m2 = mapTree(m, (a: Any, _: unknown, b: Any) => T.add(T.mul(a, 0.9), T.mul(b, 0.1)), d)
  const v2 = mapTree(v, (a: Any, _: unknown, b: Any) => T.add(T.mul(a, 0.99), T.mul(T.mul(b, b), 0.01)), d)
  return [mapTree(p, (w: Any, _: unknown, a: Any, b: Any) => T.sub(w, T.div(a, T.add(T.sqrt(b), 1e-8))), m2, v2), m2, v2]
}
const layers = (...n: number[]): Any => n.slice(1).map((o, k) => linear(n[k]!, o))
const stages = [8, 16, 32]
const train = (name: string, args: Any[], loss: Any): ZooProgram => program(name, args, sgd(loss) as never, [0])
const programs: readonly ZooProgram[] = [
  train("mlp", [layers(64, 128, 128, 10), zeros(32, 64), onehot(32, 10)], mlp),
  train("deep mlp", [layers(64, ...Array.from({ length: 12 }, () => 64), 10), zeros(32, 64), onehot(32, 10)], mlp),
  program(
    "mlp, adam",
    [layers(64, 128, 10), layers(64, 128, 10), layers(64, 128, 10), zeros(32, 64), onehot(32, 10)],
    adam as never,
    [0, 1, 2],
  ),
  train(
    "cnn",
    [[filter(3, 1, 8), filter(3, 8, 8), linear(14 * 14 * 8, 10)], zeros(8, 28, 28, 1), onehot(8, 10)],
    (p: Any, x: Any, y: Any) =>
      crossEntropy(dense(T.reshape(T.maxPool2d(T.relu(conv(T.relu(conv(x, p[0])), p[1])) as Any, 2), [8, -1]), p[2]), y),
  ),
  train(
    "resnet",
    [
      {
        stem: filter(3, 3, 8),
        stages: stages.map((c) => [0, 1].map(() => [filter(3, c, c), filter(3, c, c)])),
        down: stages.slice(1).map((c) => filter(3, c / 2, c)),
        head: linear(32, 10),
      },
      zeros(4, 16, 16, 3),
      onehot(4, 10),
    ],
    resnet,
  ),
  train(
    "u-net",
    [
      {
        a: filter(3, 1, 8),
        b: filter(3, 8, 16),
        c: filter(3, 16, 32),
        u: zeros(2, 2, 16, 32),
        v: zeros(2, 2, 8, 16),
        d: filter(3, 32, 16),
        e: filter(3, 16, 8),
        out: filter(1, 8, 2),
      },
      zeros(2, 16, 16, 1),
      zeros(2, 16, 16, 2),
    ],
    unet,
  ),
  train("lstm", [cellParams(16, 32), zeros(20, 8, 16)], (p: Any, xs: Any) => T.mean(T.square(lstm(p, xs)))),
  train("two lstms", [[cellParams(16, 32), cellParams(32, 32)], zeros(20, 8, 16)], (p: Any, xs: Any) =>
    T.mean(T.square(lstm(p[1], lstm(p[0], xs)))),
  ),
  program("lstm, forward", [cellParams(16, 32), zeros(20, 8, 16)], lstm as never),
  train(
    "transformer",
    languageArgs(4),
    language((f) => f),
  ),
  train("transformer, recomputed", languageArgs(4), language(remat as Any)),
  program("transformer, forward", [blockParams(32), zeros(2, 16, 32)], block(4) as never),
]

/** Statements in the order in which they run, those of a loop as one: what it touches has to last for all of it. */
const touched = (s: Stmt): Set<Buf> => new Set(kernelsOf([s]).flatMap((k) => [k.out, ...readsOf(k).map((r) => r.buf)]))
/** Pairs of temporaries that overlap in memory and in time. */
const collisions = (l: Lowered): string[] => {
  const steps = l.stmts.map(touched)
  const bytesOf = (b: Buf): number => b.shape.reduce((n, d) => n * d, b.dtype === "f64" ? 8 : 4)
  const spans = l.temps.flatMap(({ buf, offset }) => {
    const at = steps.flatMap((s, j) => (s.has(buf) ? [j] : []))
    return at.length > 0 ? [{ buf, from: offset, to: offset + bytesOf(buf), first: at[0]!, last: at.at(-1)! }] : []
  })
  return spans.flatMap((p, k) =>
    spans.slice(k + 1).flatMap((q) => {
      const together = p.first <= q.last && q.first <= p.last && p.from < q.to && q.from < p.to
      // within one statement, a loop's own temporaries may take turns
      const inside = p.first === p.last && q.first === q.last && p.first === q.first && l.stmts[p.first]!.k === "loop"
      return together && !inside ? [`b${p.buf.id} and b${q.buf.id}`] : []
    }),
  )
}
describe.each(programs.map((p) => [p.name, p] as const))("%s", (_, p) => {
  const l = lower(p.program, { limits: noLimits, donated: p.donated })
  it("nothing shares memory while both are needed; the arena is near the bound; updates are in place", () => {
    expect(collisions(l)).toEqual([])
    expect(collisions({ ...l, temps: l.temps.map((t) => ({ ...t, offset: 0 })) })).not.toEqual([])
    expect(l.arena).toBeLessThanOrEqual(1.2 * l.bound)
    const params = p.donated.filter(Boolean).length
    expect(l.alias.filter((a) => a !== undefined).length).toBe(params)
  })
})
it("is pinned: bytes needed at the worst moment, and the arena's share beyond them", () => {
  const sizes = programs.map((p) => {
    const l = lower(p.program, { limits: noLimits, donated: p.donated })
    return `${p.name}: ${l.bound}, +${(100 * (l.arena / l.bound - 1)).toFixed(1)} %`
  })
  expect(`\n${sizes.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    mlp: 50432, +0.5 %
    deep mlp: 107776, +0.8 %
    mlp, adam: 49152, +0.3 %
    cnn: 991360, +0.0 %
    resnet: 720960, +0.8 %
    u-net: 207136, +0.4 %
    lstm: 251904, +5.9 %
    two lstms: 415744, +3.7 %
    lstm, forward: 88064, +0.3 %
    transformer: 750336, +0.5 %
    transformer, recomputed: 293632, +0.6 %
    transformer, forward: 24576, +1.0 %
    "
  `)
})
it("random choices of buffers, and random orders: no collision", () => {
  for (const [k, p] of [...zoo(), ...programs].entries()) {
    const g = gen(k + 1, "small")
    const chosen = new Map<unknown, boolean>()
    const roots = (t: unknown): boolean => {
      if (!chosen.has(t)) chosen.set(t, g.bool())
      return chosen.get(t)!
    }
    const l = lower(p.program, { limits: noLimits, donated: p.donated, roots, fuse: g.bool() })
    expect(collisions(l), p.name).toEqual([])
    const again = { ...l, ...plan(l.stmts, l.args, l.outs) }
    expect(again.arena).toBe(l.arena)
    expect(print(again)).toBe(print(l))
  }
})
