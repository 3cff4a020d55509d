// Leaves: placeholders and data.
import { dtypeOfArray, type DType, type HostArray } from "./dtype.ts"
import { nodeOf } from "./make.ts"
import { defineOp } from "./op.ts"
import type { AnyTensor, Aval, RawTensor } from "./tensor.ts"

/** What a data leaf holds: a host array, or something that a device owns. Compared by identity, never by contents. */
export interface Storage {
  readonly host: HostArray | undefined
}
const param = defineOp<null>({ name: "param", leaf: true })
const data = defineOp<Storage>({ name: "data", leaf: true })
const none: readonly RawTensor[] = []

/** A fresh placeholder, equal to no other tensor. */
export const placeholder = (like: Aval): RawTensor => nodeOf(param, none, null, [like]).outs[0]!
/** A leaf that holds a value. */
export const leaf = (aval: Aval, storage: Storage): RawTensor => nodeOf(data, none, storage, [aval]).outs[0]!
export const hostLeaf = (values: HostArray, shape: readonly number[], dtype: DType = dtypeOfArray(values)): RawTensor =>
  leaf({ shape, dtype }, { host: values })
/** The value of a data leaf; undefined for anything that is still an expression. */
export const storageOf = (t: AnyTensor): Storage | undefined => (t.node.op === data ? (t.node.attrs as Storage) : undefined)
