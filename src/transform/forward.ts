// Forward mode: the derivative in a direction, computed beside the value.
import { isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { jvpProgram } from "../core/interpret.ts"
import { inSession } from "../core/make.ts"
import { dense } from "../core/makers.ts"
import { same, show } from "../core/shape.ts"
import { flatten, paths, specKey, unflatten } from "../core/tree.ts"
import { traceTree } from "./call.ts"

/** Untyped core of jvp: value and tangent of the result. Tangents of integer leaves are ignored. */
export const jvpOf = (
  f: (...args: unknown[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): readonly [unknown, unknown] =>
  inSession(() => {
    const { leaves, spec } = flatten(primals)
    const given = flatten(tangents)
    if (specKey(given.spec) !== specKey(spec))
      refuse("jvp: tangents have another structure than the arguments; give one tensor for each tensor")
    leaves.forEach((x, k) => {
      const t = given.leaves[k]!
      if (!same(x.shape, t.shape) || x.dtype !== t.dtype)
        refuse(
          `jvp: the tangent at ${paths(primals)[k]!} is ${t.dtype}${show(t.shape)}, its argument is ${x.dtype}${show(x.shape)}; they must agree`,
        )
    })
    const { program, result } = traceTree(f, spec, leaves)
    const r = jvpProgram(
      program,
      leaves,
      given.leaves.map((t) => (isFloat(t.dtype) ? t : null)),
    )
    return [
      unflatten(result, r.outs),
      unflatten(
        result,
        r.tans.map((t, k) => dense(t, r.outs[k]!)),
      ),
    ] as const
  })
