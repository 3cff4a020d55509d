// Binds the three ops that rules of every op may use: the linear structure of tensors. The only place outside ops/ that names ops.
import { bindLinear } from "../core/makers.ts"
import { add } from "../ops/add.ts"
import { broadcastTo } from "../ops/broadcastTo.ts"
import { full } from "../ops/full.ts"

bindLinear({
  add: (a, b) => add(a, b),
  zeros: (like) => full(like.shape, 0, like.dtype),
  broadcastTo: (x, shape) => broadcastTo(x, shape),
})
