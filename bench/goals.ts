// What every row should reach, and whether it does. Ratios to peers of the same run; torch 2.13 and JAX 0.10 are anchors that were
// measured on this kind of machine before, with the same harness (two threads, medians in the row's unit).

type Numbers = Readonly<Record<string, number>>
export const torch: Numbers = {
  matmul_64: 0.098,
  matmul_128: 0.12,
  matmul_256: 0.27,
  matmul_512: 1.43,
  matmul_1024: 11.0,
  bmm_32x128x64x128: 0.42,
  ewise_1e6: 2.22,
  softmax_1024: 0.35,
  layernorm_1024: 0.2,
  sum_axis0_2048: 0.66,
  sum_axis1_2048: 0.16,
  conv_fwd_N32_28x28x32: 2.34,
  conv_fwdbwd_N32_28x28x32: 7.75,
  conv_fwd_N8_56x56x64: 8.59,
  conv_fwdbwd_N8_56x56x64: 27.2,
  mlp_fwd: 1.53,
  mlp_train: 4.31,
  cnn_fwd: 19.2,
  cnn_train: 37.9,
  dispatch_eager: 1.16,
  dispatch_jit_call: 2.98,
  dispatch_jit_fused: 0.61,
  xor_train: 140,
  lstm_fwd: 8.53,
  lstm_train: 13.0,
  xfmr_fwd: 2.87,
  xfmr_fwdbwd: 8.65,
}
export const jax: Numbers = {
  matmul_64: 0.027,
  matmul_128: 0.075,
  matmul_256: 0.24,
  matmul_512: 1.26,
  matmul_1024: 10.3,
  bmm_32x128x64x128: 0.7,
  ewise_1e6: 0.48,
  softmax_1024: 0.37,
  layernorm_1024: 0.32,
  sum_axis0_2048: 0.32,
  sum_axis1_2048: 0.16,
  conv_fwd_N32_28x28x32: 4.63,
  conv_fwdbwd_N32_28x28x32: 15.2,
  conv_fwd_N8_56x56x64: 18.3,
  conv_fwdbwd_N8_56x56x64: 57.4,
  mlp_fwd: 1.16,
  mlp_train: 2.75,
  cnn_fwd: 8.92,
  cnn_train: 167,
  dispatch_eager: 6.62,
  dispatch_jit_call: 4.52,
  dispatch_jit_fused: 0.0077,
  xor_train: 47.2,
  lstm_fwd: 2.74,
  lstm_train: 8.39,
  xfmr_fwd: 1.92,
  xfmr_fwdbwd: 5.13,
}

/** Our figures of a row: with the result copied to the host, as the JavaScript peers are measured, and without, as the native ones. */
export interface Ours {
  readonly copied: number
  readonly resident: number
  readonly gflops?: number
}
/** A peer's median of this row, if it was measured. */
export type Peer = (name: string) => number | undefined
export interface Verdict {
  readonly text: string
  /** Undefined where the peer was not measured. */
  readonly met: boolean | undefined
}
type Goal = (ours: Ours, peer: Peer, row: string) => Verdict
const show = (v: number): string => v.toFixed(v < 10 ? 2 : v < 100 ? 1 : 0)

const faster =
  (times: number, of: readonly string[], name = of.join(" and ")): Goal =>
  (ours, peer) => {
    const known = of.flatMap((p) => peer(p) ?? [])
    if (known.length === 0) return { text: `${times}x ${name}: not measured`, met: undefined }
    const ratio = Math.min(...known) / ours.copied
    return { text: `${show(ratio)}x ${name} (goal ${times}x)`, met: ratio >= times }
  }
const within =
  (times: number, name: string, anchor: Numbers): Goal =>
  (ours, peer, row) => {
    const ratio = ours.resident / anchor[row]!
    const here = anchor === torch ? peer("torch:2") : undefined
    const beside = here === undefined ? "" : `; of torch 1.13's here ${show(ours.resident / here)}`
    return { text: `${show(ratio)} of ${name}'s time (goal ${times}${beside})`, met: ratio <= times }
  }
const rate =
  (gflops: number): Goal =>
  (ours) => ({ text: `${show(ours.gflops!)} GFLOP/s (goal ${gflops})`, met: ours.gflops! >= gflops })
const javascript = ["jax-js:1", "jax-js:eager", "jax-js:mt", "tfjs:wasm", "tfjs:cpu", "ort:web1"]
const wasm = javascript.filter((p) => p !== "tfjs:cpu")
const everything = [...javascript, "ort:node1", "ort:node2", "torch:1", "torch:2", "numpy:1"]

const product = [faster(2.5, ["tfjs:wasm"]), faster(3, ["jax-js:1"]), rate(80)]
const all = [faster(1, everything, "the best peer measured"), within(1, "torch 2.13", torch), within(1, "JAX", jax)]
const rows4 = faster(4, wasm, "the best wasm peer")
const model = [faster(3, javascript, "the best JavaScript peer"), within(2, "JAX", jax)]
const both = [within(1, "torch 2.13", torch), within(1, "JAX", jax)]
const native = (times: number): readonly Goal[] => [within(times, "torch 2.13", torch)]
export const nativeGoals: Readonly<Record<string, readonly Goal[]>> = {
  matmul_256: native(1.1),
  matmul_512: native(1.1),
  matmul_1024: native(1.1),
  bmm_32x128x64x128: native(1.3),
  conv_fwd_N32_28x28x32: native(1.5),
  conv_fwdbwd_N32_28x28x32: native(1.5),
  mlp_train: both,
  cnn_train: native(1.2),
  lstm_train: [within(1.3, "JAX", jax)],
  xfmr_fwdbwd: [within(1.3, "JAX", jax)],
}
/** By the wasm backend on two threads. */
export const goals: Readonly<Record<string, readonly Goal[]>> = {
  matmul_256: product,
  matmul_512: product,
  matmul_1024: product,
  bmm_32x128x64x128: [rate(60)],
  ewise_1e6: [faster(10, ["jax-js:mt"]), within(1, "torch 2.13", torch), within(2.2, "JAX", jax)],
  softmax_1024: [rows4, within(1.6, "torch 2.13", torch)],
  layernorm_1024: [rows4, within(1, "torch 2.13", torch)],
  sum_axis0_2048: [rows4, within(1, "torch 2.13", torch)],
  sum_axis1_2048: [rows4, within(1, "torch 2.13", torch)],
  conv_fwd_N32_28x28x32: [faster(3, ["ort:web1"])],
  conv_fwdbwd_N32_28x28x32: [within(2.2, "torch 2.13", torch)],
  mlp_train: [faster(3, javascript, "the best JavaScript peer"), within(1.3, "torch 2.13", torch), within(2, "JAX", jax)],
  cnn_train: [faster(100, ["jax-js:1"]), within(2, "torch 2.13", torch), within(1, "JAX", jax)],
  lstm_train: model,
  xfmr_fwdbwd: model,
  dispatch_eager: all,
  dispatch_jit_call: all,
  dispatch_jit_fused: all,
  xor_train: all,
}
