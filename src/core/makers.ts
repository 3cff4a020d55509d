// Op makers and rule combinators: what ops of one kind have in common, so that an op's file holds only what is its own.
import { type DType, isFloat } from "./dtype.ts"
import { refuse } from "./errors.ts"
import { type Access, call, type Expr, type Ix, type Scalar } from "./ir/index.ts"
import { make } from "./make.ts"
import { type BatchArgs, defineOp, type JvpArgs, type OpDef, type TransposeArgs } from "./op.ts"
import { same, show } from "./shape.ts"
import { type AnyTensor, type Aval, type Maybe, type Node, type RawTensor, raw } from "./tensor.ts"

/** The linear structure that rules of every op may use. These are ops, made by the makers below, so core cannot import them:
 *  `transform/linear.ts` binds them, once. */
export interface Linear {
  readonly add: (a: RawTensor, b: RawTensor) => AnyTensor
  readonly zeros: (like: Aval) => AnyTensor
  readonly broadcastTo: (x: RawTensor, shape: readonly number[]) => AnyTensor
}
let bound: Linear | undefined
export const bindLinear = (l: Linear): void => {
  bound = l
}
export const linear = (): { readonly [K in keyof Linear]: (...a: Parameters<Linear[K]>) => RawTensor } => {
  const l = bound ?? refuse("core: rules need add, zeros and broadcastTo; import adjoint, or adjoint/tensor, first")
  return { add: (a, b) => raw(l.add(a, b)), zeros: (a) => raw(l.zeros(a)), broadcastTo: (x, s) => raw(l.broadcastTo(x, s)) }
}

// ---- rule combinators ----------------------------------------------------------------------------------------------
/** Sum of contributions, skipping those known to be zero. */
export const sumOf = (...parts: readonly (AnyTensor | null | false | undefined)[]): Maybe =>
  parts.reduce<Maybe>((a, b) => (b ? (a ? linear().add(a, raw(b)) : raw(b)) : a), null)
/** Sum over the inputs that have a tangent. */
export const each = (tans: readonly Maybe[], f: (t: RawTensor, k: number) => AnyTensor | null): Maybe =>
  sumOf(...tans.map((t, k) => t && f(t, k)))
/** The tensor, or zeros like `like` where it is known to be zero. */
export const dense = (t: Maybe | undefined, like: Aval): RawTensor => t ?? linear().zeros(like)
/** jvp of an op that is linear in its first input: the tangent goes through the op itself. */
export const linearIn =
  <A>(op: () => OpDef<A>) =>
  ({ ins, tans, attrs }: JvpArgs<A>): Maybe =>
    tans[0] ? make(op(), [tans[0], ...ins.slice(1)], attrs) : null
/** Every input gets the batch axis; those without are broadcast, which costs nothing. */
export const lift = ({ ins, on, n }: Pick<BatchArgs<unknown>, "ins" | "on" | "n">): RawTensor[] =>
  ins.map((x, k) => (on[k] ? x : linear().broadcastTo(x, [n, ...x.shape])))

// ---- element-wise --------------------------------------------------------------------------------------------------
export interface MapRules {
  readonly name?: string
  readonly dtype?: DType
  /** Dtypes of the operands that have a meaning; default: all operands of one dtype. Throws the sentence. */
  readonly accepts?: (ins: readonly Aval[]) => void
  readonly jvp: ((a: JvpArgs<null>) => AnyTensor | null) | "none"
  readonly transpose?: (a: TransposeArgs<null>) => readonly (AnyTensor | null)[]
  readonly rewrite?: (...x: readonly RawTensor[]) => AnyTensor | undefined
  readonly absorbScale?: (node: Node, by: RawTensor) => AnyTensor | undefined
  readonly absorbAdd?: (node: Node, to: RawTensor) => AnyTensor | undefined
  readonly spelling?: { readonly onnx?: string; readonly stablehlo?: string }
  readonly ulp?: number
}
/** An op that applies a scalar function to each element. Inputs have equal shapes: public functions broadcast first. */
export const mapOp = (f: Scalar, rules: MapRules): OpDef<null> => {
  const name = rules.name ?? f.name
  const { dtype, accepts, rewrite, ...rest } = rules
  const op: OpDef<null> = defineOp<null>({
    ...rest,
    name,
    shape: (ins) => {
      accepts?.(ins)
      for (const x of ins)
        if (!same(x.shape, ins[0]!.shape)) refuse(`${name}: shapes differ: ${ins.map((v) => show(v.shape)).join(" x ")}`)
      return { shape: ins[0]!.shape, dtype: dtype ?? f.result ?? ins.at(-1)!.dtype }
    },
    body: (x, { i }) =>
      call(
        f,
        x.map((at) => at(i)),
      ),
    batch: (a) => make(op, lift(a), null),
    ...(rewrite ? { rewrite: (ins: readonly RawTensor[]) => rewrite(...ins) } : {}),
  })
  return op
}

// ---- index maps ----------------------------------------------------------------------------------------------------
export interface ViewRules<A> {
  readonly name: string
  readonly shape: (x: Aval, attrs: A) => readonly number[]
  /** The element of the input that element i of the output is. */
  readonly at: (x: Access, i: readonly Ix[], attrs: A, from: readonly number[], to: readonly number[]) => Expr
  readonly transpose: (ct: RawTensor, attrs: A, from: readonly number[]) => AnyTensor
  /** Attributes for an input with one more axis in front. */
  readonly batch: (attrs: A, n: number) => A
  /** Attributes of the linear part; default: the same. */
  readonly tangent?: (attrs: A) => A
  readonly rewrite?: (x: RawTensor, attrs: A) => AnyTensor | undefined
  readonly spelling?: { readonly onnx?: string; readonly stablehlo?: string }
}
/** An op of one input whose every element is an element of the input (or a constant): linear, so most rules are the same for all. */
export const view = <A>(v: ViewRules<A>): OpDef<A> => {
  const { name, spelling, rewrite } = v
  const op: OpDef<A> = defineOp<A>({
    name,
    ...(spelling ? { spelling } : {}),
    shape: ([x], a) => ({ shape: v.shape(x!, a), dtype: x!.dtype }),
    body: ([x], { i, attrs, ins, out }) => v.at(x!, i, attrs, ins[0]!.shape, out.shape),
    jvp: ({ tans, attrs }) => tans[0]! && make(op, [tans[0]!], v.tangent ? v.tangent(attrs) : attrs),
    transpose: ({ ct, ins, attrs }) => [v.transpose(ct, attrs, ins[0]!.shape)],
    batch: ({ ins, n, attrs }) => make(op, ins, v.batch(attrs, n)),
    ...(rewrite ? { rewrite: ([x]: readonly RawTensor[], a: A) => rewrite(x!, a) } : {}),
  })
  return op
}
/** Refuses operands that are not floating point. */
export const floatsOnly =
  (name: string) =>
  (ins: readonly Aval[]): void => {
    for (const x of ins) if (!isFloat(x.dtype)) refuse(`${name}: needs a floating-point tensor, got ${x.dtype}; cast it first`)
  }
