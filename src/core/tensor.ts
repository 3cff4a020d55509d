// A tensor is one output of a node: an expression that nobody has computed yet, or a leaf that holds a value.
import type { Shape } from "../../typelevel/shape.ts"
import type { DType } from "./dtype.ts"
import { refuse } from "./errors.ts"
import type { OpDef } from "./op.ts"
import { show } from "./shape.ts"
import type { Tensor as TensorF32 } from "./tensorF32.ts"
import type { Tensor as TensorOf } from "./tensorOf.ts"

/** Shape and dtype: all that a rule may ask of an input it does not read. */
export interface Aval {
  readonly shape: readonly number[]
  readonly dtype: DType
}
/** An application of an op. Immutable; equal applications inside one session are one node. */
export interface Node {
  readonly id: number
  // any: nodes of all ops live in one graph; the attributes belong to the op alone
  readonly op: OpDef<any>
  readonly ins: readonly RawTensor[]
  readonly attrs: unknown
  readonly outs: readonly RawTensor[]
}
/**
 * A tensor of shape S and dtype D: an immutable expression. Building one computes nothing and owns no memory.
 * Covariant: a `Tensor<[442, 10]>` goes where a `Tensor<[number, 10]>` is wanted.
 */
export type Tensor<S extends Shape = Shape, D extends DType = "f32"> = [D] extends ["f32"] ? TensorF32<S> : TensorOf<S, D>
class Output<out S extends Shape, out D extends DType> implements TensorOf<S, D> {
  readonly node: Node
  readonly k: number
  readonly shape: S
  readonly dtype: D
  constructor(node: Node, k: number, shape: S, dtype: D) {
    this.node = node
    this.k = k
    this.shape = shape
    this.dtype = dtype
  }
  /** Shape, dtype and whether it has been run; never its contents, and never runs anything. */
  toString(): string {
    const state = this.node.op.name === "data" ? "value" : this.node.op.name === "param" ? "placeholder" : "not run yet"
    return `Tensor ${this.dtype}${show(this.shape)} (${state})`
  }
  /** JavaScript's operators do not work on tensors: they would give NaN without a word. */
  [Symbol.toPrimitive](hint: "number" | "string" | "default"): string {
    if (hint === "string") return this.toString()
    return refuse(`${this}: a tensor is not a number; use ops, for instance T.mul(t, 2) for t * 2, or its value: item(t)`)
  }
  /** As text: contents are read by an effect, `read(t)`. */
  toJSON(): string {
    return this.toString()
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}
export const tensorOf = <S extends Shape, D extends DType>(node: Node, k: number, shape: S, dtype: D): TensorOf<S, D> =>
  new Output(node, k, shape, dtype)
/** Any tensor at all: every tensor is assignable to it. */
export type AnyTensor = TensorOf<Shape, DType>
/** A tensor as rules see it: sizes are numbers. */
export type RawTensor = TensorOf<readonly number[], DType>
/** A tangent or cotangent; null is known to be zero and is never materialised by a rule. */
export type Maybe = RawTensor | null

/** The unit of every transformation: outputs as a function of placeholders. */
export interface Program {
  readonly params: readonly RawTensor[]
  readonly outs: readonly RawTensor[]
}
export const isTensor = (v: unknown): v is RawTensor => v instanceof Output
/** A public tensor as rules see it. At run time every dim is a number, named dims included. */
export const raw = (t: AnyTensor): RawTensor => t as RawTensor
