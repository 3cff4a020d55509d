// Equality of expressions: by structure, not by value. Nothing is computed.
import type { Eq } from "fp-ts/lib/Eq.js"
import { structure } from "../core/program.ts"
import { type AnyTensor, type Program, raw } from "../core/tensor.ts"

/**
 * Two expressions are equal if they apply the same ops to the same leaves in the same way. Data leaves are compared by identity.
 */
export const eqExpression: Eq<AnyTensor> = {
  equals: (a, b) => {
    if (a === b) return true
    const [p, q]: [Program, Program] = [
      { params: [], outs: [raw(a)] },
      { params: [], outs: [raw(b)] },
    ]
    const [x, y] = [structure(p), structure(q)]
    return x.key.same(y.key) && x.leaves.every((t, k) => t.node === y.leaves[k]!.node)
  },
}
