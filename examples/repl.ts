// A REPL with everything loaded, on the promise face: `await T.read(T.sum(T.ones([3])))`.
import { Checkpoint, Data, Train } from "adjoint"
import * as adjoint from "adjoint/promise"
import { start } from "node:repl"

const { T, ...rest } = adjoint
console.log("adjoint: T (ops; await T.run, T.read, T.item), grad, valueAndGrad, vmap, jit, session, Net, Loss, Optim, Random.")
console.log("Example: await T.read(T.sum(T.ones([3])))")
const repl = start({ prompt: "> " })
Object.assign(repl.context, { T, Checkpoint, Data, Train, ...rest })
