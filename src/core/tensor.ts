// A tensor is one output of a node: an expression that nobody has computed yet, or a leaf that holds a value.
import type { Shape } from "../../typelevel/shape.ts"
import type { DType } from "./dtype.ts"
import { refuse } from "./errors.ts"
import type { OpDef } from "./op.ts"
import { show } from "./shape.ts"

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
export declare namespace of {
  /** A tensor as the compiler shows those of other dtypes. No methods: each property costs instantiations wherever a tensor is matched (matmul: 120 with the four methods, 112 without). */
  interface Tensor<out S extends Shape, out D extends DType> {
    readonly node: Node
    readonly k: number
    readonly shape: S
    readonly dtype: D
  }
}
export declare namespace f32 {
  /** A tensor of f32: TypeScript prints every type argument, defaults too, so the commonest dtype has an interface of its own. */
  interface Tensor<out S extends Shape> extends of.Tensor<S, "f32"> {}
}
/**
 * A tensor of shape S and dtype D: an immutable expression. Building one computes nothing and owns no memory.
 * Covariant: a `Tensor<[442, 10]>` goes where a `Tensor<[number, 10]>` is wanted.
 */
export type Tensor<S extends Shape = Shape, D extends DType = "f32"> = [D] extends ["f32"] ? f32.Tensor<S> : of.Tensor<S, D>
class Output<out S extends Shape, out D extends DType> implements of.Tensor<S, D> {
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
export const tensorOf = <S extends Shape, D extends DType>(node: Node, k: number, shape: S, dtype: D): of.Tensor<S, D> =>
  new Output(node, k, shape, dtype)
/** Any tensor at all: every tensor is assignable to it. */
export type AnyTensor = of.Tensor<Shape, DType>
/** A tensor as rules see it: sizes are numbers. */
export type RawTensor = of.Tensor<readonly number[], DType>
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
