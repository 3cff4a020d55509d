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
  const seen = new Set<number>() // to look up a number takes a fraction of what a new object does
  const order: Node[] = []
  const stack: { node: Node; next: number }[] = []
  const enter = (n: Node): void => {
    if (seen.has(n.id)) return
    seen.add(n.id)
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
type Marks = unknown[]
const marked = (attrs: unknown): attrs is { readonly unique: unknown } =>
  typeof attrs === "object" && attrs !== null && "unique" in attrs
const renumbered = (attrs: { readonly unique: unknown }, marks: Marks): unknown => {
  const k = marks.indexOf(attrs.unique)
  return { ...attrs, unique: k < 0 ? marks.push(attrs.unique) - 1 : k }
}
const within = new WeakMap<Program, Key>()
/** Of a program inside of attributes. */
const putStructure = (p: Program, to: Key): void => {
  let key = within.get(p)
  if (!key) within.set(p, (key = structure(p).key))
  to.key(key)
}
const putAval = (key: Key, { shape, dtype }: Aval): Key => key.text(dtype).numbers(shape)
/** Numbers nodes as they come. The first few are looked for one by one: most expressions that are run at once have no more. */
class Numbers {
  private readonly few = [0, 0, 0, 0, 0, 0, 0, 0]
  private count = 0
  private many: Map<number, number> | undefined
  /** The node's number if it has one already; else it gets one. */
  of({ id }: Node): number | undefined {
    const { few } = this
    for (let k = 0; k < this.count && k < few.length; k++) if (few[k] === id) return k
    const known = this.many?.get(id)
    if (known !== undefined) return known
    if (this.count < few.length) few[this.count] = id
    else (this.many ??= new Map()).set(id, this.count)
    this.count++
    return undefined
  }
}
/** A list that is being written. */
interface Frame {
  readonly list: readonly RawTensor[]
  next: number
  readonly up: Frame | undefined
}
/** What stands where the number of an op does otherwise. */
const [SEEN, LEAF, FREE] = [-1, -2, -3]
/** A program's structure, equal up to renaming: the key of caches. Data leaves are numbered, not named; `leaves`: as `captured` has them.
 *  Each tensor is written before its inputs, and only once. */
export const structure = (p: Program): { readonly key: Key; readonly leaves: readonly RawTensor[] } => {
  const key = new Key()
  const leaves: RawTensor[] = []
  let marks: Marks | undefined
  const seen = new Numbers()
  key.number(p.params.length)
  for (const t of p.params) putAval(key.number(seen.of(t.node) ?? SEEN).number(t.k), t)
  key.number(p.outs.length)
  let at: Frame | undefined = { list: p.outs, next: 0, up: undefined }
  while (at) {
    const t: RawTensor | undefined = at.list[at.next++]
    if (!t) {
      at = at.up
      continue
    }
    const { id, op, ins, attrs } = t.node
    const before = seen.of(t.node)
    if (before !== undefined) {
      key.number(SEEN).number(before).number(t.k)
      continue
    }
    if (!op.leaf) {
      key.number(idOf(op)).number(t.k).number(ins.length)
      key.data(marked(attrs) ? renumbered(attrs, (marks ??= [])) : attrs, putStructure)
      at = { list: ins, next: 0, up: at }
    } else if (storageOf(t)) {
      putAval(key.number(LEAF), t)
      leaves.push(t)
    } else key.number(FREE).number(id)
  }
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
