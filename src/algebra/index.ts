// The algebra that expressions obey, as instances for fp-ts. Laws: test/algebra.
export { eqExpression } from "./expressions.ts"
export { productMonoidOf, ringOf, sumMonoidOf } from "./tensors.ts"
export {
  Foldable,
  Functor,
  type Leaves,
  leavesOf,
  type Module,
  moduleOf,
  Traversable,
  treeMonoidOf,
  treeOf,
  URI,
} from "./trees.ts"
