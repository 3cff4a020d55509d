import {
  type Calls,
  type Aval,
  type BatchArgs,
  defineOp,
  dense,
  dependent,
  flatten,
  inline,
  isFloat,
  type JvpArgs,
  type LoopSpec,
  makeAll,
  type Maybe,
  type OpDef,
  paths,
  placeholder,
  type Program,
  type RawTensor,
  raw,
  refuse,
  same,
  show,
  specKey,
  trace,
  type TransposeArgs,
  type TreeSpec,
  unflatten,
  upto,
  flagIn,
  functionIn,
  optionsIn,
  wordIn,
} from "../core/index.ts"
import { backward, batchProgram, jvpProgram } from "../core/interpret.ts"
import type { Or } from "../core/signature.ts"
import {
  type CarryOut,
  changed,
  type Given,
  type LengthRule,
  noLength,
  noRows,
  noSize,
  otherLength,
  otherTree,
  type Row,
  type Scanned,
  sizesDiffer,
  type XsRule,
} from "./_scan.ts"
import { residuals } from "./_residuals.ts"
import { add } from "./add.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { exp } from "./exp.ts"
import { full } from "./full.ts"
import { moveAxis } from "./moveAxis.ts"
import { mul } from "./mul.ts"
import { tanh } from "./tanh.ts"
import { zeros } from "./zeros.ts"

export interface ScanOptions {
  /** Steps, where there are no xs. */
  readonly length?: number
  /** From the last x to the first; ys stand where their xs stood. */
  readonly reverse?: boolean
  /** What a derivative keeps of each step: everything it needs, or the carry alone, the rest being computed again. Default "all". */
  readonly save?: "all" | "carry"
}
interface Attrs extends LoopSpec {
  readonly save: "all" | "carry"
}

// ---- rules ---------------------------------------------------------------------------------------------------------
const split = <T>(v: readonly T[], a: number, b: number): readonly [T[], T[], T[]] => [
  v.slice(0, a),
  v.slice(a, a + b),
  v.slice(a + b),
]
const at = <T>(v: readonly T[], places: readonly number[]): T[] => places.map((k) => v[k]!)
/** Outputs as a program of these tensors, over placeholders of its own. */
const closed = (params: readonly RawTensor[], outs: readonly RawTensor[]): Program => {
  const fresh = params.map(placeholder)
  return { params: fresh, outs: inline({ params, outs }, fresh) }
}

/** Two scans: the primal one, which also stacks what the tangents need of each step (the cut), and a linear one over tangents and cut. */
const jvp = ({ ins, tans, attrs: a }: JvpArgs<Attrs>) => {
  const p = a.body
  const first = a.consts + a.carries
  const active = ins.map((t, k) => isFloat(t.dtype) && tans[k] !== null)
  const linearise = () => {
    const d = p.params.map((t, k): Maybe => (active[k] ? placeholder(t) : null))
    return { d, ...jvpProgram(p, p.params, d) }
  }
  let r = linearise()
  // a carry that gets a tangent in the body has one from then on: until nothing changes
  for (let more = true; more; ) {
    more = false
    for (let k = 0; k < a.carries; k++) if (r.tans[k] && !active[a.consts + k]) active[a.consts + k] = more = true
    if (more) r = linearise()
  }
  const { d } = r
  const carries = upto(a.carries).filter((k) => active[a.consts + k])
  const ys = upto(p.outs.length - a.carries).filter((k) => r.tans[a.carries + k])
  const douts = [...carries.map((k) => dense(r.tans[k], p.outs[k]!)), ...ys.map((k) => r.tans[a.carries + k]!)]
  const live = d.filter((t): t is RawTensor => t !== null)
  const linear = dependent(douts, live)
  const isLinear = new Set([...live, ...linear.flatMap((n) => n.outs)])
  const varying = new Set([...p.params, ...dependent([...r.outs, ...douts], p.params).flatMap((n) => n.outs)])
  const needed = [...new Set(linear.flatMap((n) => n.ins).filter((t) => !isLinear.has(t) && varying.has(t)))]
  const place = (t: RawTensor): number => p.params.indexOf(t)
  const carried = (t: RawTensor): boolean => place(t) >= a.consts && place(t) < first
  const fixed = (t: RawTensor): boolean => !varying.has(t) || (place(t) >= 0 && !carried(t))
  const all = residuals(needed, fixed)
  const cut =
    a.save === "all"
      ? all.kept.filter((t) => varying.has(t))
      : upto(p.params.length).flatMap((k) => (reaches(needed, p.params[k]!) ? [p.params[k]!] : []))
  const consts = cut.filter((t) => place(t) >= 0 && place(t) < a.consts)
  const rows = cut.filter((t) => place(t) >= first)
  const saved = cut.filter((t) => !consts.includes(t) && !rows.includes(t))

  const body = closed(p.params, [...r.outs, ...saved])
  const [lastCarry, stackedYs, stackedCut] = split(makeAll(op, ins, { ...a, body }), a.carries, p.outs.length - a.carries)
  const dConsts = upto(a.consts).filter((k) => active[k])
  const dRows = upto(ins.length).filter((k) => k >= first && active[k])
  const given = (k: number): RawTensor => dense(tans[k], ins[k]!)
  const tangents = makeAll(
    op,
    [
      ...consts.map((t) => ins[place(t)]!),
      ...dConsts.map(given),
      ...carries.map((k) => given(a.consts + k)),
      ...rows.map((t) => ins[place(t)]!),
      ...stackedCut,
      ...dRows.map(given),
    ],
    {
      body: closed(
        [
          ...consts,
          ...at(d, dConsts).map((t) => t!),
          ...carries.map((k) => d[a.consts + k]!),
          ...rows,
          ...saved,
          ...at(d, dRows).map((t) => t!),
        ],
        douts,
      ),
      length: a.length,
      consts: consts.length + dConsts.length,
      carries: carries.length,
      reverse: a.reverse,
      save: all.lean ? "carry" : a.save,
    },
  )
  const tangent = (k: number, list: readonly number[], from: number): Maybe =>
    list.includes(k) ? tangents[from + list.indexOf(k)]! : null
  return {
    outs: [...lastCarry, ...stackedYs],
    tans: [...upto(a.carries).map((k) => tangent(k, carries, 0)), ...stackedYs.map((_, k) => tangent(k, ys, carries.length))],
  }
}
/** Do some of these tensors depend on p? */
const reaches = (outs: readonly RawTensor[], p: RawTensor): boolean => outs.includes(p) || dependent(outs, [p]).length > 0

/** The body transposed, run the other way; cotangents of captured tensors are summed in carries of their own. */
const transpose = ({ cts, ins, lin, attrs: a }: TransposeArgs<Attrs>) => {
  const p = a.body
  const first = a.consts + a.carries
  const [pConsts, pCarries, pRows] = split(p.params, a.consts, a.carries)
  const where = (from: number, to: number, wanted: boolean): number[] => upto(to - from).filter((k) => lin[from + k] === wanted)
  const fixed = where(0, a.consts, false)
  const linear = where(0, a.consts, true)
  const fixedRows = where(first, ins.length, false)
  const linearRows = where(first, ins.length, true)
  const sums = at(pConsts, linear).map(placeholder)
  const ctCarries = pCarries.map(placeholder)
  const ctYs = p.outs.slice(a.carries).map(placeholder)
  const leaves = [...at(pConsts, linear), ...pCarries, ...at(pRows, linearRows)]
  const [ofConsts, ofCarries, ofRows] = split(backward(p.outs, [...ctCarries, ...ctYs], leaves), linear.length, pCarries.length)
  const body = closed(
    [...at(pConsts, fixed), ...sums, ...ctCarries, ...at(pRows, fixedRows), ...ctYs],
    [
      ...sums.map((t, k) => (ofConsts[k] ? raw(add(t, ofConsts[k]!)) : t)),
      ...ofCarries.map((t, k) => dense(t, pCarries[k]!)),
      ...ofRows.map((t, k) => dense(t, at(pRows, linearRows)[k]!)),
    ],
  )
  const stackedLike = (t: Aval): Aval => ({ dtype: t.dtype, shape: [a.length, ...t.shape] })
  const r = makeAll(
    op,
    [
      ...at(ins, fixed),
      ...sums.map((t) => raw(zeros(t.shape, t.dtype))),
      ...pCarries.map((t, k) => dense(cts[k], t)),
      ...fixedRows.map((k) => ins[first + k]!),
      ...ctYs.map((t, k) => dense(cts[a.carries + k], stackedLike(t))),
    ],
    { body, length: a.length, consts: fixed.length, carries: sums.length + pCarries.length, reverse: !a.reverse, save: a.save },
  )
  const out: Maybe[] = ins.map(() => null)
  linear.forEach((k, j) => {
    out[k] = r[j]!
  })
  pCarries.forEach((_, k) => {
    out[a.consts + k] = r[linear.length + k]!
  })
  linearRows.forEach((k, j) => {
    out[first + k] = r[linear.length + pCarries.length + j]!
  })
  return out
}

/** The body batched; carries become batched until nothing changes. Rows have the batch behind the axis of steps. */
const batch = ({ ins, on, n, attrs: a }: BatchArgs<Attrs>) => {
  const b = [...on]
  const batched = () => {
    const params = a.body.params.map((t, k) => placeholder(b[k] ? { dtype: t.dtype, shape: [n, ...t.shape] } : t))
    return { params, ...batchProgram(a.body, params, b, n) }
  }
  let r = batched()
  for (let more = true; more; ) {
    more = false
    for (let k = 0; k < a.carries; k++) if (r.on[k] && !b[a.consts + k]) b[a.consts + k] = more = true
    if (more) r = batched()
  }
  const repeated = (t: RawTensor): RawTensor => raw(broadcastTo(t, [n, ...t.shape]))
  const outs = r.outs.map((t, k) => (k < a.carries && b[a.consts + k] && !r.on[k] ? repeated(t) : t))
  const given = ins.map((t, k) => {
    if (!b[k]) return t
    return k >= a.consts + a.carries ? raw(moveAxis(t, 0, 1)) : on[k] ? t : repeated(t)
  })
  return makeAll(op, given, { ...a, body: { params: r.params, outs } }).map((t, k) => {
    if (k < a.carries) return b[a.consts + k] ? t : repeated(t)
    return r.on[k] ? moveAxis(t, 1, 0) : repeated(t)
  })
}

/** Inputs: what the body captures, the first carry, the xs; outputs: the last carry, the ys. Attributes: the body as a program. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "scan",
  spelling: { onnx: "Scan", stablehlo: "while" },
  shape: (_, { body, carries, length }) =>
    body.outs.map((t, k) => (k < carries ? t : { dtype: t.dtype, shape: [length, ...t.shape] })),
  loop: (a) => a,
  jvp,
  transpose,
  batch,
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 2)
    const n = g.shapes === "empty" ? g.int(0, 1) : g.int(1, 4)
    const x = g.tensor([n, ...s])
    const c = g.tensor(s)
    // no constant and no argument: captured
    const w = exp(full(s, -0.25))
    type T = RawTensor
    const step = (h: T, v: T) => [tanh(add(mul(h, w), v)), mul(h, v)]
    const pair = ({ a, b }: { a: T; b: T }, [u, v]: readonly [T, T]) => [
      { a: add(mul(a, u), b), b: mul(b, v) },
      { a, sum: add(a, v) },
    ]
    const count = (h: T) => [mul(h, w), h]
    return g.pick<readonly unknown[]>([
      [step, c, x],
      [step, c, x, { reverse: true }],
      [step, c, x, { save: "carry" }],
      [pair, { a: c, b: g.tensor(s) }, [x, g.tensor([n, ...s])], { reverse: g.bool() }],
      [count, c, null, { length: n }],
    ])
  },
  refused: [
    (g) => [(h: RawTensor, v: RawTensor) => [add(h, v), v], g.tensor([2]), g.tensor([g.int(1, 4), 3, 2])],
    (g) => [(h: RawTensor) => [h, h], g.tensor([2]), [g.tensor([g.int(1, 2)]), g.tensor([3])]],
    (g) => [(h: RawTensor) => [h, h], g.tensor([g.int(1, 3)]), null],
    (g) => [(h: RawTensor) => [h, h], g.tensor([g.int(1, 3)]), g.tensor([])],
    (g) => [(h: RawTensor) => h, g.tensor([g.int(1, 3)]), g.tensor([2])],
  ],
})

// ---- the public function -------------------------------------------------------------------------------------------
const text = (t: Aval): string => `${t.dtype}${show(t.shape)}`
const stepsOf = (xs: readonly RawTensor[], length: number | undefined): number => {
  for (const x of xs) if (x.shape.length === 0) refuse(noRows)
  const sizes = xs.map((x) => x.shape[0]!)
  const n = sizes[0] ?? length ?? refuse(noLength)
  if (sizes.some((m) => m !== n)) refuse(sizesDiffer(Math.min(...sizes), Math.max(...sizes)))
  if (length !== undefined && length !== n) refuse(otherLength(n, length))
  return Number.isSafeInteger(n) && n >= 0 ? n : refuse(noSize(n))
}
const checkCarry = (
  init: unknown,
  before: readonly RawTensor[],
  key: string,
  after: readonly RawTensor[],
  spec: TreeSpec,
): void => {
  if (specKey(spec) !== key) refuse(otherTree)
  const names = paths(init)
  after.forEach((t, k) => {
    const s = before[k]!
    if (t.dtype !== s.dtype || !same(t.shape, s.shape)) refuse(changed(names[k]!, text(s), text(t)))
  })
}

/**
 * A loop: `[carry, y_t] = f(carry, x_t)` for t = 0 to length - 1. Gives the last carry, and all y stacked.
 *
 * Carry, x and y are trees of tensors; x_t is row t of the xs. The body is traced once; what it computes that does not depend on carry
 * or x moves out of the loop. Differentiable and batchable like any op, in memory proportional to the length (`save: "carry"`: only the
 * carries are kept). Refuses a carry that changes its shape or dtype. JAX `lax.scan`.
 * @example scan((s, x) => [add(s, x), s], zeros([]), ones([5])) // [5, [0, 1, 2, 3, 4]]
 */
export function scan<const C, const X, R, Y, const O extends ScanOptions = {}>(
  f: (carry: Given<C>, x: Row<X>) => readonly [CarryOut<C, R>, Y],
  init: C,
  xs: Or<XsRule<X, O>, X>,
  options?: Or<LengthRule<X, O>, O>,
): Scanned<C, X, R, Y, O> {
  const step = functionIn<(...v: unknown[]) => unknown>("scan", "the step", f)
  const given = optionsIn<ScanOptions>("scan", options, ["length", "reverse", "save"])
  const { leaves: carry, spec } = flatten(init)
  const { leaves: rows, spec: rowSpec } = flatten(xs)
  const length = stepsOf(rows, given.length)
  let ySpec: TreeSpec | undefined
  const p = trace(
    (...v) => {
      const r = step(unflatten(spec, v.slice(0, carry.length)), unflatten(rowSpec, v.slice(carry.length)))
      if (!Array.isArray(r) || r.length !== 2) return refuse("scan: the function must return [carry, y]")
      const [next, y] = r.map((t) => flatten(t))
      checkCarry(init, carry, specKey(spec), next!.leaves, next!.spec)
      ySpec = y!.spec
      return [...next!.leaves, ...y!.leaves]
    },
    [...carry, ...rows.map((x) => ({ dtype: x.dtype, shape: x.shape.slice(1) }))],
  )
  const inside = dependent(p.outs, p.params)
  const varying = new Set([...p.params, ...inside.flatMap((n) => n.outs)])
  // constants stay inside, everything else that does not vary is captured
  const captured = [...inside.flatMap((n) => n.ins), ...p.outs].filter(
    (t) => !varying.has(t) && (t.node.ins.length > 0 || t.node.op.leaf),
  )
  const free = [...new Set(captured)]
  const body = closed([...free, ...p.params], p.outs)
  const attrs = {
    body,
    length,
    consts: free.length,
    carries: carry.length,
    reverse: flagIn("scan", "reverse", given.reverse),
    save: wordIn("scan", "save", given.save ?? "all", ["all", "carry"]),
  } as const
  const r = makeAll(op, [...free, ...carry, ...rows], attrs)
  return [unflatten(spec, r.slice(0, carry.length)), unflatten(ySpec!, r.slice(carry.length))] as Scanned<C, X, R, Y, O>
}
