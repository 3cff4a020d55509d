// What an op is: a value that carries its own rules. Nothing else in the code base knows its name.
import type { Gen } from "./gen.ts"
import type { Access, Axis, Expr, Ix, Kind } from "./ir/index.ts"
import type { AnyTensor, Aval, Maybe, Node, Program, RawTensor } from "./tensor.ts"

export interface JvpArgs<A> {
  readonly ins: readonly RawTensor[]
  readonly tans: readonly Maybe[]
  readonly out: RawTensor
  readonly outs: readonly RawTensor[]
  readonly attrs: A
}
export type JvpResult = AnyTensor | null | { readonly outs: readonly AnyTensor[]; readonly tans: readonly (AnyTensor | null)[] }
export interface TransposeArgs<A> {
  readonly ct: RawTensor
  readonly cts: readonly Maybe[]
  readonly ins: readonly RawTensor[]
  /** Which inputs the node is linear in, and wants cotangents for. The others are constants here. */
  readonly lin: readonly boolean[]
  readonly attrs: A
}
/** Batched inputs carry the batch, of size n, at axis 0; so does every output. */
export interface BatchArgs<A> {
  readonly ins: readonly RawTensor[]
  readonly on: readonly boolean[]
  readonly n: number
  readonly attrs: A
}
export interface BodyArgs<A> {
  readonly i: readonly Ix[]
  readonly attrs: A
  readonly ins: readonly Aval[]
  readonly out: Aval
}
/** out = init everywhere, then out[at(u)] accumulate= value(u) for all u in `axes`. */
export interface Store {
  readonly init: Expr
  readonly axes: readonly Axis[]
  readonly at: readonly Ix[]
  readonly value: Expr
  readonly accumulate: Kind
}
/** A sequential loop over a sub-program. Inputs: captured constants, then carries, then stacked xs; outputs: carries, then stacked ys. */
export interface LoopSpec {
  readonly body: Program
  readonly length: number
  readonly consts: number
  readonly carries: number
  readonly reverse: boolean
  /** "carry": nothing beside the ys is to be kept of each step. */
  readonly save?: "all" | "carry"
}

/** Arguments of the op's public function. */
export type Args = readonly unknown[]

/** What the laws call an op's public function with. No part of the op: an application's bundle leaves it out. */
export interface Calls {
  /** Valid arguments. */
  readonly examples: (g: Gen) => Args
  /** Invalid arguments, one generator for each kind of refusal. */
  readonly refused?: readonly ((g: Gen) => Args)[]
}

interface Rules<A> {
  readonly name: string
  /** The twin of the type rule: the result's shape and dtype, or throws the sentence. */
  readonly shape: (ins: readonly Aval[], attrs: A) => Aval | readonly Aval[]
  /** Local simplification, tried on construction. */
  readonly rewrite?: (ins: readonly RawTensor[], attrs: A) => AnyTensor | undefined
  /** Asked by mul: `by * this`, if the factor is better inside. */
  readonly absorbScale?: (node: Node, by: RawTensor) => AnyTensor | undefined
  /** Asked by add: `to + this`, if the sum is better inside. */
  readonly absorbAdd?: (node: Node, to: RawTensor) => AnyTensor | undefined
  /** Name in export formats. */
  readonly spelling?: { readonly onnx?: string; readonly stablehlo?: string }
  /** Error of one f32 evaluation in units in the last place, beyond what its inputs bring. Default 2. */
  readonly ulp?: number
}
type Jvp<A> = (a: JvpArgs<A>) => JvpResult
type Transpose<A> = (a: TransposeArgs<A>) => readonly (AnyTensor | null)[]
type Batch<A> = (a: BatchArgs<A>) => AnyTensor | readonly AnyTensor[]

/** Other ops. Derivative and batching are those of the expansion, unless the op has a better rule of its own. */
export interface Composite<A> extends Rules<A> {
  readonly expand: (ins: readonly RawTensor[], attrs: A) => AnyTensor | readonly AnyTensor[]
  readonly jvp?: Jvp<A>
  readonly transpose?: Transpose<A>
  readonly batch?: Batch<A>
}
/** What every primitive must have. "none": has no tangent (integers, booleans, stopGradient). */
interface Primitive<A> extends Rules<A> {
  readonly jvp: Jvp<A> | "none"
  readonly batch: Batch<A>
  /** Present exactly if the op is linear in some of its inputs. */
  readonly transpose?: Transpose<A>
}
/** out[i] = body. */
export interface Pull<A> extends Primitive<A> {
  readonly body: (x: readonly Access[], a: BodyArgs<A>) => Expr
}
/** Scatter. */
export interface Push<A> extends Primitive<A> {
  readonly store: (x: readonly Access[], a: BodyArgs<A>) => Store
}
export interface Looping<A> extends Primitive<A> {
  readonly loop: (attrs: A) => LoopSpec
}
/** Placeholders and data. They are equal to no other, and know their shape when they are made. */
export interface Leaf<A> extends Omit<Rules<A>, "shape"> {
  readonly leaf: true
  /** Of the type alone. */
  readonly shape?: Rules<A>["shape"]
}
export type OpDef<A> = (Composite<A> | Pull<A> | Push<A> | Looping<A> | Leaf<A>) & {
  // Optional views of the fields that only some kinds have, so that interpreters can ask without narrowing first.
  readonly leaf?: true
  readonly expand?: Composite<A>["expand"]
  readonly body?: Pull<A>["body"]
  readonly store?: Push<A>["store"]
  readonly loop?: Looping<A>["loop"]
  readonly jvp?: Jvp<A> | "none"
  readonly transpose?: Transpose<A>
  readonly batch?: Batch<A>
}
/** Types a definition: the compiler demands every rule that this kind of op needs. */
export const defineOp = <A>(op: Composite<A> | Pull<A> | Push<A> | Looping<A> | Leaf<A>): OpDef<A> => op as OpDef<A>
