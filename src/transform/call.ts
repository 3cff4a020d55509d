// Calling functions of trees as programs: arguments are flattened, the function is traced on placeholders of their shapes.
import "./linear.ts"
import { refuse } from "../core/errors.ts"
import { notScalar } from "../core/messages.ts"
import { trace } from "../core/program.ts"
import { type Aval, isTensor, type Program, type RawTensor } from "../core/tensor.ts"
import { flatten, type TreeSpec, unflatten } from "../core/tree.ts"

// Any function at all; its own type is kept by the callers' signatures
export type AnyFunction = (...args: never[]) => unknown

/** What jit returns, and whoever else wraps a pure function: transformations look inside. */
export interface Carrier {
  readonly pure: AnyFunction
}
export const pureOf = (f: AnyFunction | Carrier): ((...args: unknown[]) => unknown) => {
  if (typeof f !== "function" && !(typeof f === "object" && f !== null && "pure" in f))
    return refuse(
      `a transformation was given ${isTensor(f) ? String(f) : typeof f}, not a function; give it the function, and call the result`,
    )
  return ("pure" in f ? f.pure : f) as (...args: unknown[]) => unknown
}

export interface Traced {
  readonly program: Program
  /** Structure of the result. */
  readonly result: TreeSpec
}
/** f traced for arguments of this structure, whose leaves have these shapes. */
export const traceTree = (f: (...args: unknown[]) => unknown, spec: TreeSpec, like: readonly Aval[]): Traced => {
  let result: TreeSpec | undefined
  const program = trace((...leaves) => {
    const out = flatten(f(...(unflatten(spec, leaves) as unknown[])))
    result = out.spec
    return out.leaves
  }, like)
  return { program, result: result! }
}
/** The one tensor that a scalar-valued function returned. */
export const scalarOf = (op: string, value: unknown): RawTensor | string => {
  if (!isTensor(value))
    return `${op}: the function must return a scalar tensor (shape []); with further results, return [scalar, more] and say { aux: true }`
  return value.shape.length === 0 ? value : notScalar(op, value.shape)
}
