// How threads divide work, and what all programs are made of, broken.
import { type Mutant, tests } from "./suites.ts"

export const division: readonly Mutant[] = [
  {
    name: "wasm: an array that begins inside its buffer copied from the buffer's beginning",
    file: "src/backends/wasm/transfer.ts",
    find: "from.buffer, from.byteOffset",
    replace: "from.buffer, 0",
    suite: tests("backends/wasm/transfer"),
  },
  {
    name: "wasm: a sigmoid that ends where its exponential leaves float32's range",
    file: "src/backends/wasm/math.ts",
    find: "s.atLeast(s.get(x), s.k(-104.5)), s.k(60)",
    replace: "s.atLeast(s.get(x), s.k(-88)), s.k(60)",
    suite: tests("backends/wasm/accuracy"),
  },
  {
    name: "wasm: what is left over when a reduction is cut into parts forgotten",
    file: "src/backends/wasm/split.ts",
    find: "...(left > 0 ? [over([], ix(parts), ix(parts * each), left)] : []),",
    replace: "",
    suite: tests("backends/wasm/split"),
  },
  {
    name: "wasm: all parts of a long reduction are the first one",
    file: "src/backends/wasm/split.ts",
    find: "over([part], ix(part), times(part, each), each),",
    replace: "over([part], ix(part), times(part, 0), each),",
    suite: tests("backends/wasm/split"),
  },
  {
    name: "wasm: float64 divided where a step does not end",
    file: "src/backends/wasm/pairs.ts",
    find: "const UNIT = 64",
    replace: "const UNIT = 63",
    suite: tests("backends/wasm/doubles"),
  },
  {
    name: "wasm: updates divided although they may meet in one element",
    file: "src/backends/wasm/kernel.ts",
    find: "return step > 0 && less.every",
    replace: "return step >= 0 || less.every",
    suite: tests("backends/wasm/scatters"),
  },
  {
    name: "wasm: columns of a scatter divided within a row of the cache, all of them by every thread",
    file: "src/backends/wasm/kernel.ts",
    find: "(at) => row(at, part))\n  else if",
    replace: "(at) => row(at))\n  else if",
    suite: tests("backends/wasm/scatters"),
  },
  {
    name: "wasm: what a program takes alone is never looked at again",
    file: "src/backends/wasm/pool.ts",
    find: "job.helped >= AGAIN) return",
    replace: "job.helped < 0) return",
    suite: tests("backends/wasm/pool", "not with what it took when it was new"),
  },
  {
    name: "wasm: the last chunk of a range is empty",
    file: "src/backends/wasm/phases.ts",
    find: "f.i32(2 * count + 1), f.get(k)",
    replace: "f.i32(2 * count), f.get(k)",
    suite: tests("backends/wasm/pool", "chunks"),
  },
]
