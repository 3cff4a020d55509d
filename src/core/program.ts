// Programs: tracing, walking, naming their structure. All walks are iterative: a chain of 100,000 nodes works.
import { placeholder, storageOf } from "./leaf.ts"
import { attrKey, currentExpansions, idOf, inSession, makeAll } from "./make.ts"
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
    stack.push({ node: n, next: 0 })
  }
  for (const o of outs) {
    enter(o.node)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.node.ins.length && !stop(top.node)) enter(top.node.ins[top.next++]!.node)
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

const structures = new WeakMap<Program, string>()
/** Marks that tell nodes of one program apart, in the order in which they occur: another trace has others. */
const renumbered = (attrs: unknown, marks: Map<unknown, number>): unknown => {
  if (typeof attrs !== "object" || attrs === null || !("unique" in attrs)) return attrs
  if (!marks.has(attrs.unique)) marks.set(attrs.unique, marks.size)
  return { ...attrs, unique: marks.get(attrs.unique) }
}
/** A program's structure as text, equal up to renaming: the key of caches. Data leaves are numbered, not named. */
export const structure = (p: Program): string => {
  const known = structures.get(p)
  if (known !== undefined) return known
  const names = new Map<RawTensor, string>()
  const cut = new Set(p.params.map((t) => t.node))
  const lines: string[] = []
  const marks = new Map<unknown, number>()
  let leaves = 0
  p.params.forEach((t, k) => {
    names.set(t, `p${k}`)
  })
  for (const n of topo(p.outs, (m) => cut.has(m))) {
    if (cut.has(n)) continue
    if (n.op.leaf) {
      const t = n.outs[0]!
      names.set(t, storageOf(t) ? `d${leaves++}:${t.dtype}[${t.shape}]` : `free${n.id}`)
      continue
    }
    n.outs.forEach((t, k) => {
      names.set(t, `${lines.length}.${k}`)
    })
    lines.push(`${idOf(n.op)}(${n.ins.map((t) => names.get(t)).join()})${attrKey(renumbered(n.attrs, marks), structure)}`)
  }
  const text = `{${p.params.map((t) => `${t.dtype}[${t.shape}]`).join()}|${lines.join("|")}>${p.outs.map((t) => names.get(t)).join()}}`
  structures.set(p, text)
  return text
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
/** A composite's meaning, traced once per op, attributes, shapes and dtypes within a session. */
export const expansion = (n: Node): Program => {
  const table = currentExpansions()
  const key = table && `${idOf(n.op)}${attrKey(n.attrs, structure)}${n.ins.map((t) => `${t.dtype}[${t.shape}]`).join()}`
  const known = key === undefined ? undefined : table?.get(key)
  if (known) return known
  const p = trace((...x) => list(n.op.expand!(x, n.attrs)), n.ins)
  if (key !== undefined) table?.set(key, p)
  return p
}
