// What rules build: graphs inside the op set, tangents used once, programs that mean the same however they are lowered.
import { evaluate, evaluator, interpretLowered } from "../../src/backends/reference/index.ts"
import { illegal, lower, noLimits } from "../../src/compiler/index.ts"
import {
  captured,
  expansion,
  inSession,
  isFloat,
  isTensor,
  makeAll,
  type Maybe,
  type Node,
  type OpDef,
  placeholder,
  type Program,
  type RawTensor,
  raw,
  topo,
} from "../../src/core/index.ts"
import { batchOf, floatsOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { type Case, close, direction, fewElements, law, subjects, subset } from "./_harness.ts"

/** Every node of a program, those of expansions and loop bodies included. */
const nodesOf = (p: Program, seen: Set<unknown> = new Set()): Node[] =>
  inSession(() => {
    const out: Node[] = []
    for (const n of topo(p.outs)) {
      if (seen.has(n)) continue
      seen.add(n)
      out.push(n)
      if (n.op.expand) out.push(...nodesOf(expansion(n), seen))
      if (n.op.loop) out.push(...nodesOf(n.op.loop(n.attrs).body, seen))
    }
    return out
  })
const known = new Set<OpDef<never>>(subjects.map((s) => s.op as OpDef<never>))
const differentiable = (c: Case): boolean => c.floats.includes(true) && floatsOf(c.program.outs).includes(true)

if (!process.env["ADJOINT_OP"])
  law(
    "derivatives and batches stay inside the op set",
    (c) => {
      const programs = [
        c.program,
        ...(differentiable(c) ? [jvpOf(c.program), vjpOf(c.program)] : []),
        batchOf(
          c.program,
          c.leaves.map(() => true),
          2,
        ),
      ]
      for (const p of programs)
        for (const n of nodesOf(p))
          if (!n.op.leaf && !known.has(n.op as OpDef<never>)) throw new Error(`${n.op.name} is not in the catalog`)
      return true
    },
    { share: 0.2 },
  )

law(
  "each tangent is used once in a jvp",
  (c, s) => {
    const rule = s.op.jvp
    if (typeof rule !== "function") return false
    for (const n of nodesOf(c.program)) {
      if (n.op !== (s.op as Node["op"]) || !floatsOf(n.ins).includes(true) || !floatsOf(n.outs).includes(true)) continue
      inSession(() => {
        const tans = n.ins.map((t): Maybe => (isFloat(t.dtype) ? placeholder(t) : null))
        const outs = makeAll(n.op, n.ins, n.attrs)
        const r = rule({ ins: n.ins, tans, out: outs[0]!, outs, attrs: n.attrs })
        const results: readonly Maybe[] = r === null ? [] : isTensor(r) ? [r] : (r as { tans: readonly Maybe[] }).tans
        const live = results.filter((t): t is RawTensor => t !== null).map(raw)
        const uses = new Map<RawTensor, number>()
        const use = (t: RawTensor): void => void uses.set(t, (uses.get(t) ?? 0) + 1)
        for (const m of topo(live)) m.ins.forEach(use)
        live.forEach(use)
        tans.forEach((t, k) => {
          const count = t ? (uses.get(t) ?? 0) : 0
          if (count > 1) throw new Error(`the tangent of argument ${k} is used ${count} times`)
        })
      })
    }
    return true
  },
  {
    share: 0.3,
    about: (s) => typeof s.op.jvp === "function",
    except: {
      softmax: "y * (t - sum(y t)): a tangent and its projection",
      logSoftmax: "t - sum(exp(y) t): the same projection",
    },
  },
)

/** Programs made of a case: value, forward, backward, batch of backward; with values for their parameters. */
const programsOf = (c: Case): { readonly title: string; readonly p: Program; readonly x: readonly Float64Array[] }[] => {
  const fill = (p: Program, from: number): Float64Array[] =>
    direction(
      p.params.slice(from).map((t) => ({ length: t.shape.reduce((a, b) => a * b, 1) })),
      c.next,
    )
  const n = c.values.length
  const plain = { title: "value", p: c.program, x: c.values }
  if (!differentiable(c)) return [plain]
  const f = jvpOf(c.program, subset(c.floats, c.next))
  const b = vjpOf(c.program, c.floats)
  const on = c.values.map(() => true)
  const v = batchOf(b, [...on, ...b.params.slice(n).map(() => true)], 2)
  const twice = c.values.map((x) => Float64Array.from([...x, ...x]))
  return [
    plain,
    { title: "jvp", p: f, x: [...c.values, ...fill(f, n)] },
    { title: "vjp", p: b, x: [...c.values, ...fill(b, n)] },
    { title: "vmap of vjp", p: v, x: [...twice, ...fill(v, n)] },
  ]
}
law(
  "lowering means the graph: any roots, fused or not, in the planned memory, in any order",
  (c) => {
    for (const { title, p, x } of programsOf(c)) {
      const want = evaluator(p)(x)
      const donated = p.params.map(() => c.next() < 0.5)
      const some = new Set<RawTensor>()
      const asked = new Set<RawTensor>()
      const random = (t: RawTensor): boolean => {
        if (!asked.has(t)) {
          asked.add(t)
          if (c.next() < 0.5) some.add(t)
        }
        return some.has(t)
      }
      const variants = [
        { how: "as compiled", options: { donated } },
        { how: "all roots", options: { roots: () => true, fuse: false } },
        { how: "random roots", options: { roots: random, donated, fuse: c.seed % 2 === 0 } },
        { how: "few reads", options: { limits: { ...noLimits, reads: 3 } } },
      ]
      for (const { how, options } of variants) {
        const l = lower(p, { limits: noLimits, ...options })
        const wrong = illegal(l)
        if (wrong.length > 0) throw new Error(`${title}, ${how}: ${wrong[0]}`)
        const got = interpretLowered(l, [...x, ...evaluate(captured(p))], {
          memory: "planned",
          order: c.seed % 3 === 0 ? "backward" : "forward",
        })
        got.forEach((y, k) => close(`${title}, ${how}, output ${k}`, y, want[k]!, 1e-10))
      }
    }
    return true
  },
  { share: 0.4, classes: fewElements },
)
