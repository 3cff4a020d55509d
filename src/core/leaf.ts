// Leaves: placeholders and data.
import { dtypeOfArray, type DType, type HostArray } from "./dtype.ts"
import { make } from "./make.ts"
import { defineOp } from "./op.ts"
import type { AnyTensor, Aval, RawTensor } from "./tensor.ts"

/** What a data leaf holds: a host array, or something that a device owns. Compared by identity, never by contents. */
export interface Storage {
  readonly host: HostArray | undefined
}
const param = defineOp<{ readonly aval: Aval; readonly unique: number }>({ name: "param", leaf: true, shape: (_, a) => a.aval })
const data = defineOp<{ readonly aval: Aval; readonly storage: Storage }>({ name: "data", leaf: true, shape: (_, a) => a.aval })

let unique = 0
/** A fresh placeholder, equal to no other tensor. */
export const placeholder = (like: Aval): RawTensor =>
  make(param, [], { aval: { shape: like.shape, dtype: like.dtype }, unique: ++unique })
/** A leaf that holds a value. */
export const leaf = (aval: Aval, storage: Storage): RawTensor =>
  make(data, [], { aval: { shape: aval.shape, dtype: aval.dtype }, storage })
export const hostLeaf = (values: HostArray, shape: readonly number[], dtype: DType = dtypeOfArray(values)): RawTensor =>
  leaf({ shape, dtype }, { host: values })
/** The value of a data leaf; undefined for anything that is still an expression. */
export const storageOf = (t: AnyTensor): Storage | undefined =>
  t.node.op === data ? (t.node.attrs as { storage: Storage }).storage : undefined
