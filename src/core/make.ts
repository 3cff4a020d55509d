// Making nodes. Inside a session equal applications are one node (hash-consing): code written twice is computed once.
import { refuse } from "./errors.ts"
import { tensorIn } from "./given.ts"
import { notASize } from "./messages.ts"
import type { OpDef } from "./op.ts"
import { type AnyTensor, type Aval, type Node, type Program, type RawTensor, raw, tensorOf } from "./tensor.ts"

// A session is one outermost trace, transformation or compilation. Its table dies with it: a global one would keep every graph alive.
interface Session {
  readonly nodes: Map<string, Node>
  readonly expansions: Map<string, Program>
}
let session: Session | undefined
/** Runs f inside a session; nested calls share the outermost one. */
export const inSession = <T>(f: () => T): T => {
  if (session) return f()
  session = { nodes: new Map(), expansions: new Map() }
  try {
    return f()
  } finally {
    session = undefined
  }
}
export const currentExpansions = (): Map<string, Program> | undefined => session?.expansions

let ids = 0
let objects = 0
const identities = new WeakMap<object, number>()
/** A number for an object, the same as long as the object lives. */
export const idOf = (o: object): number => {
  let id = identities.get(o)
  if (id === undefined) identities.set(o, (id = ++objects))
  return id
}
const isProgram = (o: object): o is Program => "params" in o && "outs" in o
/** Canonical text of attributes. Plain data by content, programs by structure, anything else by identity. */
export const attrKey = (a: unknown, structure: (p: Program) => string): string => {
  if (typeof a === "number") return Object.is(a, -0) ? "-0" : String(a)
  if (typeof a === "string") return JSON.stringify(a)
  if (typeof a === "function") return `#${idOf(a)}`
  if (typeof a !== "object" || a === null) return String(a)
  if (Array.isArray(a)) return `[${a.map((v) => attrKey(v, structure)).join()}]`
  if (isProgram(a)) return structure(a)
  const proto = Object.getPrototypeOf(a)
  if (proto !== Object.prototype && proto !== null) return `#${idOf(a)}`
  return `{${Object.entries(a)
    .sort(([p], [q]) => (p < q ? -1 : 1))
    .map(([k, v]) => `${k}:${attrKey(v, structure)}`)
    .join()}}`
}
// any: one entry for all ops
const keyOf = (op: OpDef<any>, ins: readonly RawTensor[], attrs: unknown): string =>
  `${idOf(op)}|${attrKey(attrs, (p) => `#${idOf(p)}`)}|${ins.map((t) => `${t.node.id}.${t.k}`).join()}`

/** A node with outputs of these shapes and dtypes, equal to no other. */
export const nodeOf = <A>(op: OpDef<A>, ins: readonly RawTensor[], attrs: A, avals: readonly Aval[]): Node => {
  const outs: RawTensor[] = []
  const node: Node = { id: ++ids, op, ins, attrs, outs }
  for (const a of avals) outs.push(tensorOf(node, outs.length, a.shape, a.dtype))
  return node
}
/** All outputs of op applied to ins. Throws the op's sentence if they do not fit. */
export const makeAll = <A>(op: OpDef<A>, ins: readonly RawTensor[], attrs: A): readonly RawTensor[] => {
  const simpler = op.rewrite?.(ins, attrs)
  if (simpler) return [raw(simpler)]
  const key = session && keyOf(op, ins, attrs)
  const hit = key === undefined ? undefined : session?.nodes.get(key)
  if (hit) return hit.outs
  const avals = op.shape!(ins, attrs)
  const all = Array.isArray(avals) ? (avals as readonly Aval[]) : [avals as Aval]
  for (const a of all) for (const n of a.shape) if (!Number.isSafeInteger(n) || n < 0) refuse(notASize(op.name, n))
  const node = nodeOf(op, ins, attrs, all)
  if (key !== undefined) session?.nodes.set(key, node)
  return node.outs
}
export const make = <A>(op: OpDef<A>, ins: readonly RawTensor[], attrs: A): RawTensor => makeAll(op, ins, attrs)[0]!
/** `make` for public functions, whose result type is computed by the op's type rule. */
export const emit = <R>(op: OpDef<never> | OpDef<null>, ins: readonly unknown[], attrs?: unknown): R => {
  for (const x of ins) tensorIn(op.name, x)
  return make(op as OpDef<unknown>, ins as readonly RawTensor[], attrs ?? null) as R & AnyTensor
}
