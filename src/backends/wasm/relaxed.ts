// Relaxed SIMD: a fused multiply-add, where the host has one. Off unless asked for: results differ in last bits from those without, and
// hosts may differ from each other.
import { engine } from "./engine.ts"
import { Module } from "./module.ts"

/** Does this host's WebAssembly have relaxed SIMD? (Node 20 with --experimental-wasm-relaxed-simd, later ones as they are.) */
export const relaxedHere = (): boolean => {
  const module = new Module({ initial: 1 })
  const f = module.func([], "none")
  f.drop(f.op("f32x4.relaxed_madd", f.splat("f32", 0), f.splat("f32", 0), f.splat("f32", 0)))
  return engine?.validate(module.bytes()) ?? false
}
