// Operands of element-wise ops: tensors or plain numbers, of one dtype, broadcast to one shape. Broadcasting is nodes put in
// here, so that every rule sees equal shapes: alignment at the last axis inside a node would break vmap, whose new axis is the
// first.
import { type DType, holds, isTensor, make, type OpDef, type RawTensor, raw, refuse, same, spelled } from "../core/index.ts"
import { dtypesDiffer, noBroadcast, numberMisfit, twoNumbers } from "../core/messages.ts"
import type { Accepts } from "./_dtypes.ts"
import { constantOf } from "./_constant.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { full } from "./full.ts"

/** What else stands where a tensor or a number belongs: only plain JavaScript gets here. */
const notANumber = (name: string, v: unknown): string =>
  `${name}: an operand is ${Array.isArray(v) ? "an array" : typeof v === "string" ? `the string ${JSON.stringify(v)}` : spelled(v)}; give a tensor or a number (fromArray makes a tensor of an array)`
/** A number as a tensor of the dtype of the other operand, or the sentence. */
export const scalarLike = (name: string, v: number, dtype: DType): RawTensor => {
  if (typeof v !== "number") return refuse(notANumber(name, v))
  return holds(dtype, v) ? raw(full([], v, dtype)) : refuse(numberMisfit(name, v, dtype))
}

/** Two tensors of one dtype, or the sentence. */
export const operands = (name: string, a: unknown, b: unknown): readonly [RawTensor, RawTensor] => {
  if (isTensor(a)) {
    if (!isTensor(b)) return [a, scalarLike(name, b as number, a.dtype)]
    return a.dtype === b.dtype ? [a, b] : refuse(dtypesDiffer(name, a.dtype, b.dtype))
  }
  if (isTensor(b)) return [scalarLike(name, a as number, b.dtype), b]
  const odd = [a, b].find((v) => typeof v !== "number")
  return refuse(odd === undefined && typeof a === "number" && typeof b === "number" ? twoNumbers(name) : notANumber(name, odd))
}

/** The common shape, aligned at the last axis, or the sentence. */
export const jointShape = (name: string, a: readonly number[], b: readonly number[]): readonly number[] => {
  if (same(a, b)) return a
  const joint: number[] = []
  for (let k = 1; k <= Math.max(a.length, b.length); k++) {
    const m = a.at(-k) ?? 1
    const n = b.at(-k) ?? 1
    if (m !== n && m !== 1 && n !== 1) refuse(noBroadcast(name, a, b, m, n))
    joint.unshift(m === 1 ? n : m)
  }
  return joint
}
/** x repeated to the shape; a constant stays one node. */
export const widen = (x: RawTensor, shape: readonly number[]): RawTensor => {
  if (same(x.shape, shape)) return x
  const v = constantOf(x)
  return raw(v === undefined ? broadcastTo(x, shape) : full(shape, v, x.dtype))
}
/** op(a, b), after all checks: dtypes, then shapes, then whether the op has a meaning for the dtype. */
export const binary = <R>(op: OpDef<null>, a: unknown, b: unknown, accepts?: Accepts): R => {
  const [x, y] = operands(op.name, a, b)
  const shape = jointShape(op.name, x.shape, y.shape)
  accepts?.([x, y])
  return make(op, [widen(x, shape), widen(y, shape)], null) as R & RawTensor
}
