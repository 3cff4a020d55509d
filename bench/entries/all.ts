// Everything that the package exports, all backends included.
import * as adjoint from "../../src/index.ts"
import * as algebra from "../../src/algebra/index.ts"
import * as core from "../../src/core/index.ts"
import * as promise from "../../src/promise.ts"
import * as scalar from "../../src/scalar/index.ts"
import * as tensor from "../../src/tensor.ts"

export { adjoint, algebra, core, promise, scalar, tensor }
