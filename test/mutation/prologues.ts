// Operands that are computed on their way into a product, broken.
import { type Mutant, tests } from "./suites.ts"

const prologue = (only: string) => tests("backends/wasm/prologue", only)

export const prologues: readonly Mutant[] = [
  {
    name: "wasm: a computed operand's later terms looked for behind its strip",
    file: "src/backends/wasm/gemm.ts",
    find: "add(times(f.get(ic), plan.rows.stride), times(f.get(k0), plan.stepA))",
    replace: "times(f.get(ic), plan.rows.stride)",
    suite: prologue("agree with the reference"),
  },
  {
    name: "wasm: every block of rows computes the first rows of an operand",
    file: "src/backends/wasm/prologue.ts",
    find: `f.let("i32", f.op("i32.add", f.get(first), f.get(i)))`,
    replace: `f.let("i32", f.get(i))`,
    suite: prologue("agree with the reference"),
  },
  {
    name: "compiler: windows that overlap computed on their way into a product",
    file: "src/compiler/lower.ts",
    find: "(weight.get(t) ?? 0) > HEAVY || loose.has(t)",
    replace: "(weight.get(t) ?? 0) > HEAVY",
    suite: prologue("windows of a convolution"),
  },
  {
    name: "compiler: a product's operand computed for each column of a scattered sum",
    file: "src/compiler/lower.ts",
    find: "...nestedOrSecond(v.init, t), ...computed]",
    replace: "...nestedOrSecond(v.init, t)]",
    suite: prologue("a sum is scattered"),
  },
]
