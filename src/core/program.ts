// Programs: tracing, walking, naming their structure. All walks are iterative: a chain of 100,000 nodes works.
import { placeholder, storageOf } from "./leaf.ts"
import { idOf, Key } from "./key.ts"
import { currentExpansions, inSession, makeAll } from "./make.ts"
import { type AnyTensor, type Aval, isTensor, type Node, type Program, type RawTensor, raw } from "./tensor.ts"

/** f as a program over fresh placeholders: never over tensors that the caller holds, which an equal subexpression could be. */
export const trace = (f: (...x: RawTensor[]) => readonly AnyTensor[], like: readonly Aval[]): Program =>
  inSession(() => {
    const params = like.map(placeholder)
    return { params, outs: f(...params).map(raw) }
  })

/** Nodes below `outs`, inputs first; does not enter nodes for which `stop` holds. */
export const topo = (outs: readonly RawTensor[], stop: (n: Node) => boolean = () => false): Node[] => {
  const seen = new Set<Node>()
  const order: Node[] = []
  const stack: { node: Node; next: number }[] = []
  const enter = (n: Node): void => {
    if (seen.has(n)) return
    seen.add(n)
    if (n.ins.length === 0 || stop(n)) order.push(n)
    else stack.push({ node: n, next: 0 })
  }
  for (const o of outs) {
    enter(o.node)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.node.ins.length) enter(top.node.ins[top.next++]!.node)
      else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}
/** Nodes of a program that depend on its parameters, inputs first. */
export const dependent = (outs: readonly RawTensor[], params: readonly RawTensor[]): Node[] => {
  const cut = new Set(params.map((t) => t.node))
  const on = new Set<RawTensor>(params)
  const order: Node[] = []
  for (const n of topo(outs, (m) => cut.has(m))) {
    if (cut.has(n) || !n.ins.some((t) => on.has(t))) continue
    order.push(n)
    for (const t of n.outs) on.add(t)
  }
  return order
}
/** Data leaves that a program reads without having them as parameters, in a fixed order: they become inputs when it is compiled. */
export const captured = (p: Program): RawTensor[] => {
  const cut = new Set(p.params.map((t) => t.node))
  return topo(p.outs, (n) => cut.has(n)).flatMap((n) => (!cut.has(n) && storageOf(n.outs[0]!) ? [n.outs[0]!] : []))
}

/** Marks that tell nodes of one program apart, in the order in which they occur: another trace has others. */
const renumbered = (attrs: unknown, marks: Map<unknown, number>): unknown => {
  if (typeof attrs !== "object" || attrs === null || !("unique" in attrs)) return attrs
  if (!marks.has(attrs.unique)) marks.set(attrs.unique, marks.size)
  return { ...attrs, unique: marks.get(attrs.unique) }
}
const within = new WeakMap<Program, Key>()
/** Of a program inside of attributes. */
const putStructure = (p: Program, to: Key): void => {
  let key = within.get(p)
  if (!key) within.set(p, (key = structure(p).key))
  to.key(key)
}
const putAval = (key: Key, { shape, dtype }: Aval): Key => key.text(dtype).numbers(shape)
/** What stands where the number of an op does otherwise. */
const [LEAF, FREE, END] = [-1, -2, -3]
/** A program's structure, equal up to renaming: the key of caches. Data leaves are numbered, not named; `leaves`: as `captured` has them. */
export const structure = (p: Program): { readonly key: Key; readonly leaves: readonly RawTensor[] } => {
  const key = new Key()
  const leaves: RawTensor[] = []
  const marks = new Map<unknown, number>()
  /** Outputs are numbered in the order in which they occur: of each node the first. */
  const first = new Map<Node, number>()
  let count = 0
  const number = (n: Node): void => {
    if (first.has(n)) return
    first.set(n, count)
    count += n.outs.length
  }
  const put = (t: RawTensor): Key => key.number(first.get(t.node)! + t.k)
  key.number(p.params.length)
  for (const t of p.params) {
    number(t.node)
    putAval(put(t), t)
  }
  const params = count
  for (const n of topo(p.outs, (m) => params > 0 && first.get(m)! < params)) {
    if (first.has(n)) continue
    number(n)
    const t = n.outs[0]!
    if (!n.op.leaf) {
      key.number(idOf(n.op)).number(n.ins.length)
      for (const x of n.ins) put(x)
      key.data(renumbered(n.attrs, marks), putStructure)
    } else if (storageOf(t)) {
      putAval(key.number(LEAF), t)
      leaves.push(t)
    } else key.number(FREE).number(n.id)
  }
  key.number(END).number(p.outs.length)
  for (const t of p.outs) put(t)
  return { key, leaves }
}

/** The same application on other inputs. */
export const remake = (n: Node, ins: readonly RawTensor[]): readonly RawTensor[] => makeAll(n.op, ins, n.attrs)
/** A program's outputs on given inputs. What does not depend on the parameters is shared, not copied. */
export const inline = (p: Program, ins: readonly RawTensor[]): RawTensor[] => {
  const env = new Map<RawTensor, RawTensor>(p.params.map((t, k) => [t, ins[k]!]))
  const get = (t: RawTensor): RawTensor => env.get(t) ?? t
  for (const n of dependent(p.outs, p.params)) {
    remake(n, n.ins.map(get)).forEach((t, k) => {
      env.set(n.outs[k]!, t)
    })
  }
  return p.outs.map(get)
}
const list = (r: AnyTensor | readonly AnyTensor[]): RawTensor[] => (isTensor(r) ? [r] : [...(r as readonly AnyTensor[])].map(raw))
/** Op, attributes, and the shapes and dtypes of the inputs. */
export const applied = (n: Node): Key => {
  const key = new Key().number(idOf(n.op)).data(n.attrs, putStructure)
  for (const t of n.ins) putAval(key, t)
  return key
}
/** A composite's meaning, traced once per op, attributes, shapes and dtypes within a session. */
export const expansion = (n: Node): Program => {
  const table = currentExpansions()
  const key = table && applied(n)
  const known = key && table.get(key)
  if (known) return known
  const p = trace((...x) => list(n.op.expand!(x, n.attrs)), n.ins)
  if (key) table.set(key, p)
  return p
}
