// Writing definitions of scalar functions over primitives.
import { call, type Expr, num, type Scalar } from "../core/ir/index.ts"

/** A scalar function as a function of expressions; numbers take the dtype of the other operands. */
export const lift =
  (f: Scalar) =>
  (...args: readonly (Expr | number)[]): Expr => {
    const dtype = (args.find((a) => typeof a !== "number") as Expr).dtype
    return call(
      f,
      args.map((a) => (typeof a === "number" ? num(a, dtype) : a)),
    )
  }
