// Generated from the files of this folder by generate.ts: every op with its definition, for laws and docs; the library itself never imports this. Do not edit.
import * as abs from "./abs.ts"
import * as adaptiveAvgPool1d from "./adaptiveAvgPool1d.ts"
import * as adaptiveAvgPool2d from "./adaptiveAvgPool2d.ts"
import * as adaptiveAvgPool3d from "./adaptiveAvgPool3d.ts"
import * as adaptiveMaxPool1d from "./adaptiveMaxPool1d.ts"
import * as adaptiveMaxPool2d from "./adaptiveMaxPool2d.ts"
import * as adaptiveMaxPool3d from "./adaptiveMaxPool3d.ts"
import * as add from "./add.ts"
import * as arange from "./arange.ts"
import * as argmax from "./argmax.ts"
import * as argmin from "./argmin.ts"
import * as attention from "./attention.ts"
import * as avgPool1d from "./avgPool1d.ts"
import * as avgPool2d from "./avgPool2d.ts"
import * as avgPool3d from "./avgPool3d.ts"
import * as barrier from "./barrier.ts"
import * as bitwiseAnd from "./bitwiseAnd.ts"
import * as bitwiseOr from "./bitwiseOr.ts"
import * as bitwiseXor from "./bitwiseXor.ts"
import * as broadcastTo from "./broadcastTo.ts"
import * as cast from "./cast.ts"
import * as chunk from "./chunk.ts"
import * as concat from "./concat.ts"
import * as contract from "./contract.ts"
import * as conv1d from "./conv1d.ts"
import * as conv2d from "./conv2d.ts"
import * as conv3d from "./conv3d.ts"
import * as convTranspose1d from "./convTranspose1d.ts"
import * as convTranspose2d from "./convTranspose2d.ts"
import * as convTranspose3d from "./convTranspose3d.ts"
import * as cos from "./cos.ts"
import * as cumsum from "./cumsum.ts"
import * as customJvp from "./customJvp.ts"
import * as customVjp from "./customVjp.ts"
import * as diagonal from "./diagonal.ts"
import * as dim from "./dim.ts"
import * as div from "./div.ts"
import * as dotGeneral from "./dotGeneral.ts"
import * as einsum from "./einsum.ts"
import * as elu from "./elu.ts"
import * as equal from "./equal.ts"
import * as erf from "./erf.ts"
import * as erfInv from "./erfInv.ts"
import * as exp from "./exp.ts"
import * as expandDims from "./expandDims.ts"
import * as expm1 from "./expm1.ts"
import * as flatten from "./flatten.ts"
import * as flip from "./flip.ts"
import * as floor from "./floor.ts"
import * as fold from "./fold.ts"
import * as fromArray from "./fromArray.ts"
import * as full from "./full.ts"
import * as gather from "./gather.ts"
import * as gelu from "./gelu.ts"
import * as globalAvgPool1d from "./globalAvgPool1d.ts"
import * as globalAvgPool2d from "./globalAvgPool2d.ts"
import * as globalAvgPool3d from "./globalAvgPool3d.ts"
import * as globalMaxPool1d from "./globalMaxPool1d.ts"
import * as globalMaxPool2d from "./globalMaxPool2d.ts"
import * as globalMaxPool3d from "./globalMaxPool3d.ts"
import * as greater from "./greater.ts"
import * as greaterEqual from "./greaterEqual.ts"
import * as inner from "./inner.ts"
import * as iota from "./iota.ts"
import * as leakyRelu from "./leakyRelu.ts"
import * as less from "./less.ts"
import * as lessEqual from "./lessEqual.ts"
import * as log from "./log.ts"
import * as log1p from "./log1p.ts"
import * as logSoftmax from "./logSoftmax.ts"
import * as logSumExp from "./logSumExp.ts"
import * as logicalAnd from "./logicalAnd.ts"
import * as logicalNot from "./logicalNot.ts"
import * as logicalOr from "./logicalOr.ts"
import * as matmul from "./matmul.ts"
import * as max from "./max.ts"
import * as maxPool1d from "./maxPool1d.ts"
import * as maxPool2d from "./maxPool2d.ts"
import * as maxPool3d from "./maxPool3d.ts"
import * as maximum from "./maximum.ts"
import * as mean from "./mean.ts"
import * as min from "./min.ts"
import * as minimum from "./minimum.ts"
import * as moveAxis from "./moveAxis.ts"
import * as mul from "./mul.ts"
import * as neg from "./neg.ts"
import * as notEqual from "./notEqual.ts"
import * as oneHot from "./oneHot.ts"
import * as ones from "./ones.ts"
import * as outer from "./outer.ts"
import * as pack from "./pack.ts"
import * as pad from "./pad.ts"
import * as pow from "./pow.ts"
import * as prod from "./prod.ts"
import * as rearrange from "./rearrange.ts"
import * as reduce from "./reduce.ts"
import * as relu from "./relu.ts"
import * as relu6 from "./relu6.ts"
import * as repeat from "./repeat.ts"
import * as reshape from "./reshape.ts"
import * as rsqrt from "./rsqrt.ts"
import * as scan from "./scan.ts"
import * as scatter from "./scatter.ts"
import * as scatterAdd from "./scatterAdd.ts"
import * as scatterMax from "./scatterMax.ts"
import * as shiftLeft from "./shiftLeft.ts"
import * as shiftRight from "./shiftRight.ts"
import * as sigmoid from "./sigmoid.ts"
import * as sign from "./sign.ts"
import * as silu from "./silu.ts"
import * as sin from "./sin.ts"
import * as slice from "./slice.ts"
import * as softmax from "./softmax.ts"
import * as softplus from "./softplus.ts"
import * as split from "./split.ts"
import * as sqrt from "./sqrt.ts"
import * as square from "./square.ts"
import * as squeeze from "./squeeze.ts"
import * as stack from "./stack.ts"
import * as stopGradient from "./stopGradient.ts"
import * as sub from "./sub.ts"
import * as sum from "./sum.ts"
import * as take from "./take.ts"
import * as takeAlongAxis from "./takeAlongAxis.ts"
import * as tanh from "./tanh.ts"
import * as tensordot from "./tensordot.ts"
import * as threefry from "./threefry.ts"
import * as tile from "./tile.ts"
import * as trace from "./trace.ts"
import * as transpose from "./transpose.ts"
import * as unflatten from "./unflatten.ts"
import * as unpack from "./unpack.ts"
import * as unstack from "./unstack.ts"
import * as variance from "./variance.ts"
import * as where from "./where.ts"
import * as windows from "./windows.ts"
import * as zeros from "./zeros.ts"

export const catalog = {
  abs,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  add,
  arange,
  argmax,
  argmin,
  attention,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  barrier,
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
  broadcastTo,
  cast,
  chunk,
  concat,
  contract,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cos,
  cumsum,
  customJvp,
  customVjp,
  diagonal,
  dim,
  div,
  dotGeneral,
  einsum,
  elu,
  equal,
  erf,
  erfInv,
  exp,
  expandDims,
  expm1,
  flatten,
  flip,
  floor,
  fold,
  fromArray,
  full,
  gather,
  gelu,
  globalAvgPool1d,
  globalAvgPool2d,
  globalAvgPool3d,
  globalMaxPool1d,
  globalMaxPool2d,
  globalMaxPool3d,
  greater,
  greaterEqual,
  inner,
  iota,
  leakyRelu,
  less,
  lessEqual,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  max,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maximum,
  mean,
  min,
  minimum,
  moveAxis,
  mul,
  neg,
  notEqual,
  oneHot,
  ones,
  outer,
  pack,
  pad,
  pow,
  prod,
  rearrange,
  reduce,
  relu,
  relu6,
  repeat,
  reshape,
  rsqrt,
  scan,
  scatter,
  scatterAdd,
  scatterMax,
  shiftLeft,
  shiftRight,
  sigmoid,
  sign,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  squeeze,
  stack,
  stopGradient,
  sub,
  sum,
  take,
  takeAlongAxis,
  tanh,
  tensordot,
  threefry,
  tile,
  trace,
  transpose,
  unflatten,
  unpack,
  unstack,
  variance,
  where,
  windows,
  zeros,
}
