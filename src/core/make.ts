// Making nodes. Inside a session equal applications are one node (hash-consing): code written twice is computed once.
import { refuse } from "./errors.ts"
import { tensorIn } from "./given.ts"
import { idOf, Key, Table } from "./key.ts"
import { notASize } from "./messages.ts"
import type { OpDef } from "./op.ts"
import { type AnyTensor, type Aval, type Node, type Program, type RawTensor, raw, tensorOf } from "./tensor.ts"

// A session is one outermost trace, transformation or compilation. Its table dies with it: a global one would keep every graph alive.
interface Session {
  readonly nodes: Table<Node>
  readonly expansions: Table<Program>
}
let session: Session | undefined
/** Runs f inside a session; nested calls share the outermost one. */
export const inSession = <T>(f: () => T): T => {
  if (session) return f()
  session = { nodes: new Table(), expansions: new Table() }
  try {
    return f()
  } finally {
    session = undefined
  }
}
export const currentExpansions = (): Table<Program> | undefined => session?.expansions

let ids = 0
// any: one entry for all ops
const keyOf = (op: OpDef<any>, ins: readonly RawTensor[], attrs: unknown): Key => {
  const key = new Key().number(idOf(op)).data(attrs)
  for (const t of ins) key.number(t.node.id).number(t.k)
  return key
}

/** A node with outputs of these shapes and dtypes, equal to no other. */
export const nodeOf = <A>(op: OpDef<A>, ins: readonly RawTensor[], attrs: A, avals: readonly Aval[]): Node => {
  const outs = Array<RawTensor>(avals.length) // to push into an empty list takes room for 17
  const node: Node = { id: ++ids, op, ins, attrs, outs }
  for (let k = 0; k < avals.length; k++) outs[k] = tensorOf(node, k, avals[k]!.shape, avals[k]!.dtype)
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
