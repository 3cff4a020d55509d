// Recurrent layers.
import type { Mul } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Or } from "../core/signature.ts"
import { optionsIn } from "../core/given.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { concat } from "../ops/concat.ts"
import { full } from "../ops/full.ts"
import { matmul } from "../ops/matmul.ts"
import { mul } from "../ops/mul.ts"
import { sigmoid } from "../ops/sigmoid.ts"
import { slice } from "../ops/slice.ts"
import { sub } from "../ops/sub.ts"
import { tanh } from "../ops/tanh.ts"
import { leafPlan } from "./arrow.ts"
import { glorotUniform, type Initialiser, zeros as zerosInit } from "./initialisers.ts"
import {
  type DTypeIn,
  type Floating,
  type LastSize,
  type Layer,
  layerOf,
  type Positive,
  positive,
  rankOfAtLeast,
  type ShapeIn,
} from "./layer.ts"
import { floats, lastSize } from "./spec.ts"
import { alongTime, type RecurrentOptions, type Sequences, type Steps, zerosLike, recurrentOptions, switches } from "./time.ts"

// ---- rules ---------------------------------------------------------------------------------------------------------
type Kinds = "rnn" | "lstm" | "gru"
type Gates<K extends Kinds> = K extends "lstm" ? 4 : K extends "gru" ? 3 : 1
export interface RecurrentRule<K extends Kinds, U extends number, O> extends Plain {
  readonly Kind: K
  readonly Out: Floating<K, this["In"], Steps<K, this["In"], U, Sequences<O>>>
  readonly Params: LastSize<K, ShapeIn<this["In"]>> extends infer N extends number
    ? Mul<U, Gates<K>> extends infer G extends number
      ? Weights<N, U, G, DTypeIn<this["In"]> & ("f32" | "f64")>
      : never
    : never
}
type Weights<N extends number, U extends number, G extends number, D extends "f32" | "f64"> = {
  kernel: Tensor<[N, G], D>
  recurrent: Tensor<[U, G], D>
  bias: Tensor<[G], D>
}
// ---- the same when it runs -------------------------------------------------------------------------------------------
const part = (x: RawTensor, from: number, to: number): RawTensor =>
  raw(slice(x, [...x.shape.slice(0, -1).map(() => null), [from, to] as const]))
interface Cell {
  readonly gates: number
  readonly carries: number
  /** From the carries, what the kernel made of x (with the bias), and the recurrent kernel. */
  readonly step: (carry: readonly RawTensor[], z: RawTensor, recurrent: RawTensor, units: number) => readonly RawTensor[]
  readonly bias?: Initialiser
}
const cells: Readonly<Record<Kinds, Cell>> = {
  rnn: { gates: 1, carries: 1, step: ([h], z, w) => [raw(tanh(add(z, matmul(h!, w))))] },
  lstm: {
    gates: 4,
    carries: 2,
    step: ([h, c], z, w, u) => {
      const all = raw(add(z, matmul(h!, w)))
      const [i, f, g, o] = [0, 1, 2, 3].map((k) => part(all, k * u, (k + 1) * u)) as [RawTensor, RawTensor, RawTensor, RawTensor]
      const cell = raw(add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g))))
      return [raw(mul(sigmoid(o), tanh(cell))), cell]
    },
    // the forget gate begins open
    bias: (_, [n = 0], dtype) => concat([full([n / 4], 0, dtype), full([n / 4], 1, dtype), full([n / 2], 0, dtype)]),
  },
  gru: {
    gates: 3,
    carries: 1,
    step: ([h], z, w, u) => {
      const gates = raw(sigmoid(raw(add(part(z, 0, 2 * u), matmul(h!, part(w, 0, 2 * u))))))
      const [keep, reset] = [part(gates, 0, u), part(gates, u, 2 * u)]
      const fresh = raw(tanh(raw(add(part(z, 2 * u, 3 * u), matmul(raw(mul(reset, h!)), part(w, 2 * u, 3 * u))))))
      return [raw(add(mul(keep, h!), mul(sub(1, keep), fresh)))]
    },
  },
}
const recurrentOf = <K extends Kinds, U extends number, O>(kind: K, n: number, given: unknown): Layer<RecurrentRule<K, U, O>> => {
  const units = positive(kind, "units", n)
  const options = switches(kind, optionsIn<RecurrentOptions>(kind, given, recurrentOptions))
  const { gates, carries, step, bias = zerosInit } = cells[kind]
  return layerOf<RecurrentRule<K, U, O>>(kind, {
    plan: (s) => {
      floats(kind, s)
      rankOfAtLeast(kind, 2, s)
      const [width, dtype] = [gates * units, s.dtype]
      const lead = options.returnSequences ? s.shape.slice(0, -1) : s.shape.slice(0, -2)
      return leafPlan(
        { shape: [...lead, units], dtype },
        {
          kernel: { shape: [lastSize(kind, s), width], dtype, init: glorotUniform },
          recurrent: { shape: [units, width], dtype, init: glorotUniform },
          bias: { shape: [width], dtype, init: bias },
        },
      )
    },
    apply: ({ params }, x) => {
      const [kernel, recurrent, b] = [params["kernel"], params["recurrent"], params["bias"]] as [RawTensor, RawTensor, RawTensor]
      // what does not wait for the step before is one product for all steps
      const z = raw(add(matmul(x, kernel), b))
      const start = Array.from({ length: carries }, () => zerosLike(x, units))
      return { y: alongTime(z, start, (carry, row) => step(carry, row, recurrent, units), options), state: {} }
    },
  })
}

// ---- layers --------------------------------------------------------------------------------------------------------
/**
 * A simple recurrent layer: h = tanh(x kernel + h recurrent + bias), [..., time, n] to [..., units].
 *
 * Parameters: kernel [n, units], recurrent [units, units], bias [units]. Floats. Both directions: Net.concat of two, one with
 * `reverse`. Refuses inputs without an axis of time or without a size. Elman 1990.
 * @example Net.network(["b", "t", 8], Net.rnn(16), Net.dense(2))
 */
export const rnn = <const U extends number, const O extends RecurrentOptions = {}>(
  units: Or<Positive<"rnn", "units", U>, U>,
  options?: O,
): Layer<RecurrentRule<"rnn", U, O>> => recurrentOf("rnn", units as number, options)
/**
 * Long short-term memory, [..., time, n] to [..., units]: gates i, f, g, o of x kernel + h recurrent + bias; c = f c + i g, h = o
 * tanh(c).
 *
 * Parameters: kernel [n, 4 units], recurrent [units, 4 units], bias [4 units], 1 for f. Floats. Refuses inputs without an axis of
 * time or without a size. Hochreiter and Schmidhuber 1997, Gers et al. 1999.
 * @example Net.network(["b", "t", 8], Net.lstm(32, { returnSequences: true }), Net.lstm(32), Net.dense(2))
 */
export const lstm = <const U extends number, const O extends RecurrentOptions = {}>(
  units: Or<Positive<"lstm", "units", U>, U>,
  options?: O,
): Layer<RecurrentRule<"lstm", U, O>> => recurrentOf("lstm", units as number, options)
/**
 * The gated recurrent unit, [..., time, n] to [..., units]: gates z, r of x and h; h = z h + (1 - z) tanh(x kernel + (r h)
 * recurrent + bias).
 *
 * Parameters: kernel [n, 3 units], recurrent [units, 3 units], bias [3 units]. Floats. Refuses inputs without an axis of time or
 * without a size. Cho et al. 2014.
 * @example Net.network(["b", "t", 8], Net.gru(32), Net.dense(2))
 */
export const gru = <const U extends number, const O extends RecurrentOptions = {}>(
  units: Or<Positive<"gru", "units", U>, U>,
  options?: O,
): Layer<RecurrentRule<"gru", U, O>> => recurrentOf("gru", units as number, options)
