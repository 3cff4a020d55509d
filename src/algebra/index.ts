// The algebra that expressions obey, as instances for fp-ts. Laws: test/algebra.
export { eqExpression } from "./expressions.ts"
export { type Module, moduleOf, treeMonoidOf } from "./module.ts"
export { productMonoidOf, ringOf, sumMonoidOf } from "./tensors.ts"
export {
  Foldable,
  Functor,
  type Leaves,
  leavesOf,
  Traversable,
  treeOf,
  URI,
} from "./trees.ts"
