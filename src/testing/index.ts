// For tests of one's own: generators, gradient checks, comparisons. Needs the peer dependency fast-check.
export { arbitraryArgs, arbitraryShape, arbitraryTensor, type ShapeOptions } from "./arbitraries.ts"
export { checkGradients, type CheckOptions, GradientMismatch } from "./checkGradients.ts"
export { allClose, type Tolerance, ulpDistance } from "./compare.ts"
export { gen } from "./gen.ts"
