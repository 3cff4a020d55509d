// What checking costs: instantiations per call, over 200 calls of random sizes. Counts are deterministic; budgets.json holds what was
// measured, rounded up by a tenth. A program of a thousand calls at the dearest of these still checks in about a second.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { instantiations } from "./cost.ts"
import { type Random, random } from "./random.ts"

const CALLS = 200
const budgets: Readonly<Record<string, number>> = JSON.parse(readFileSync(join(import.meta.dirname, "budgets.json"), "utf8"))

/** The shapes of the operands, and the call of them. */
interface Drawn {
  readonly shapes: readonly (readonly number[])[]
  readonly call: (...names: readonly string[]) => string
}
const size = (r: Random): number => r.between(1, 999)
const image = (r: Random): number[] => [r.between(1, 64), r.between(64, 320), r.between(64, 320), r.between(1, 512)]
const cases: Readonly<Record<string, (r: Random) => Drawn>> = {
  matmul: (r) => {
    const k = size(r)
    return {
      shapes: [
        [size(r), k],
        [k, size(r)],
      ],
      call: (a, b) => `matmul(${a}, ${b})`,
    }
  },
  "matmul, batched": (r) => {
    const [b, k] = [size(r), size(r)]
    return {
      shapes: [
        [b, size(r), k],
        [b, k, size(r)],
      ],
      call: (a, b) => `matmul(${a}, ${b})`,
    }
  },
  "add, equal shapes": (r) => {
    const s = [size(r), size(r), size(r)]
    return { shapes: [s, s], call: (a, b) => `add(${a}, ${b})` }
  },
  "add, broadcasting": (r) => {
    const k = size(r)
    return {
      shapes: [
        [size(r), 1, k],
        [size(r), k],
      ],
      call: (a, b) => `add(${a}, ${b})`,
    }
  },
  "add, a number": (r) => ({ shapes: [[size(r), size(r)]], call: (a) => `add(${a}, 0.5)` }),
  sqrt: (r) => ({ shapes: [[size(r), size(r)]], call: (a) => `sqrt(${a})` }),
  "softmax, one axis": (r) => ({ shapes: [[size(r), size(r), 7]], call: (a) => `softmax(${a}, -1)` }),
  "sum, one axis": (r) => ({ shapes: [[size(r), size(r), 7]], call: (a) => `sum(${a}, -1)` }),
  "sum, two axes kept": (r) => ({ shapes: [[size(r), size(r), 7]], call: (a) => `sum(${a}, [0, 1], { keepDims: true })` }),
  transpose: (r) => ({ shapes: [[size(r), size(r), 7]], call: (a) => `transpose(${a}, [1, 0, 2])` }),
  "transpose, the last two axes": (r) => ({ shapes: [[size(r), size(r), 7]], call: (a) => `transpose(${a}, ["...", -1, -2])` }),
  flatten: (r) => ({ shapes: [[size(r), size(r), size(r)]], call: (a) => `flatten(${a}, 1)` }),
  unflatten: (r) => {
    const [h, d] = [r.between(2, 32), size(r)]
    return { shapes: [[size(r), h * d]], call: (a) => `unflatten(${a}, 1, [${h}, -1])` }
  },
  "rearrange, heads": (r) => {
    const [h, d] = [r.between(2, 32), size(r)]
    return { shapes: [[size(r), size(r), h * d]], call: (a) => `rearrange(${a}, "b t (h d) -> b h t d", { h: ${h} })` }
  },
  "rearrange, a pattern of its own": (r) => {
    const [h, d] = [r.between(2, 32), size(r)]
    const name = (c: string): string => `${c}${r.upto(100_000)}`
    const [b, t, n, m] = [name("b"), name("t"), name("h"), name("d")]
    return {
      shapes: [[size(r), size(r), h * d]],
      call: (a) => `rearrange(${a}, "${b} ${t} (${n} ${m}) -> ${b} ${n} ${t} ${m}", { ${n}: ${h} })`,
    }
  },
  "reduce, pooling": (r) => ({
    shapes: [[size(r), 2 * size(r), 2 * size(r), 3]],
    call: (a) => `reduce(${a}, "b (h 2) (w 2) c -> b h w c", "max")`,
  }),
  repeat: (r) => ({ shapes: [[size(r), size(r)]], call: (a) => `repeat(${a}, "h w -> h (w r)", { r: ${r.between(2, 9)} })` }),
  "pack of two": (r) => {
    const [b, c] = [size(r), size(r)]
    return {
      shapes: [
        [b, c],
        [b, size(r), size(r), c],
      ],
      call: (x, y) => `pack([${x}, ${y}], "b * c")`,
    }
  },
  "unpack into two": (r) => {
    const [h, w, n] = [size(r), size(r), size(r)]
    return { shapes: [[size(r), h * w + n, 7]], call: (x) => `unpack(${x}, [[${h}, ${w}], [${n}]], "b * c")` }
  },
  "reshape, a leading axis stays": (r) => {
    const [b, h, w] = [size(r), size(r), size(r)]
    return { shapes: [[b, h, w]], call: (a) => `reshape(${a}, [${b}, ${h * w}])` }
  },
  "reshape, nothing stays": (r) => {
    const [b, h, w] = [size(r), size(r), size(r)]
    return { shapes: [[b, h, w]], call: (a) => `reshape(${a}, [${h * w}, ${b}])` }
  },
  "reshape, -1 behind a leading axis": (r) => {
    const b = size(r)
    return { shapes: [[b, size(r), size(r)]], call: (a) => `reshape(${a}, [${b}, -1])` }
  },
  conv1d: (r) => {
    const c = size(r)
    return {
      shapes: [
        [size(r), r.between(64, 999), c],
        [3, c, size(r)],
      ],
      call: (a, b) => `conv1d(${a}, ${b})`,
    }
  },
  conv2d: (r) => {
    const x = image(r)
    return { shapes: [x, [3, 3, x[3]!, size(r)]], call: (a, b) => `conv2d(${a}, ${b})` }
  },
  "conv2d, stride and padding": (r) => {
    const x = image(r)
    return { shapes: [x, [3, 3, x[3]!, size(r)]], call: (a, b) => `conv2d(${a}, ${b}, { stride: 2, padding: "same" })` }
  },
  conv3d: (r) => {
    const c = size(r)
    const x = [r.between(1, 64), r.between(64, 320), r.between(64, 320), r.between(64, 320), c]
    return { shapes: [x, [3, 3, 3, c, size(r)]], call: (a, b) => `conv3d(${a}, ${b})` }
  },
  "convTranspose2d, stride and padding": (r) => {
    const x = image(r)
    const options = "{ stride: 2, padding: 1, outputPadding: 1 }"
    return { shapes: [x, [3, 3, size(r), x[3]!]], call: (a, b) => `convTranspose2d(${a}, ${b}, ${options})` }
  },
  maxPool2d: (r) => ({ shapes: [image(r)], call: (a) => `maxPool2d(${a}, 2)` }),
  "maxPool2d, the ceiling": (r) => ({ shapes: [image(r)], call: (a) => `maxPool2d(${a}, 3, { stride: 2, ceilMode: true })` }),
  adaptiveAvgPool2d: (r) => ({ shapes: [image(r)], call: (a) => `adaptiveAvgPool2d(${a}, [7, ${r.between(1, 50)}])` }),
  "concat of two": (r) => {
    const k = size(r)
    return {
      shapes: [
        [size(r), k],
        [size(r), k],
      ],
      call: (a, b) => `concat([${a}, ${b}])`,
    }
  },
  dotGeneral: (r) => {
    const [b, k] = [size(r), size(r)]
    return {
      shapes: [
        [b, size(r), k],
        [k, b, size(r)],
      ],
      call: (x, y) => `dotGeneral(${x}, ${y}, { contract: [[2], [0]], batch: [[0], [1]] })`,
    }
  },
  tensordot: (r) => {
    const [j, k] = [size(r), size(r)]
    return {
      shapes: [
        [size(r), j, k],
        [j, k, size(r)],
      ],
      call: (x, y) => `tensordot(${x}, ${y})`,
    }
  },
  diagonal: (r) => ({ shapes: [[size(r), size(r), size(r)]], call: (x) => `diagonal(${x}, 1, 0, 2)` }),
  tile: (r) => ({ shapes: [[size(r), size(r), 7]], call: (x) => `tile(${x}, [${r.between(2, 99)}, 1, 2])` }),
  "einsum, two matrices": (r) => {
    const k = size(r)
    return {
      shapes: [
        [size(r), k],
        [k, size(r)],
      ],
      call: (a, b) => `einsum("ik,kj->ij", ${a}, ${b})`,
    }
  },
  "einsum, attention scores": (r) => {
    const [b, h, d] = [size(r), size(r), size(r)]
    return {
      shapes: [
        [b, size(r), h, d],
        [b, size(r), h, d],
      ],
      call: (q, k) => `einsum("bqhd,bkhd->bhqk", ${q}, ${k})`,
    }
  },
  "einsum, subscripts of its own": (r) => {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"]
    const [b, q, h, d, k] = letters
      .map((c) => [c, r.upto(1000)] as const)
      .sort((x, y) => x[1] - y[1])
      .map(([c]) => c)
    const n = size(r)
    return {
      shapes: [
        [n, size(r), 8, 64],
        [n, size(r), 8, 64],
      ],
      call: (x, y) => `einsum("${b}${q}${h}${d},${b}${k}${h}${d}->${b}${h}${q}${k}", ${x}, ${y})`,
    }
  },
  "einsum, an ellipsis": (r) => {
    const k = size(r)
    return {
      shapes: [
        [size(r), size(r), k],
        [k, size(r)],
      ],
      call: (a, b) => `einsum("...k,kj->...j", ${a}, ${b})`,
    }
  },
  split: (r) => {
    const n = size(r)
    return { shapes: [[size(r), 3 * n]], call: (a) => `split(${a}, 3, -1)` }
  },
  "split, sizes": (r) => {
    const [n, m] = [size(r), size(r)]
    return { shapes: [[n + m, size(r)]], call: (a) => `split(${a}, [${n}, ${m}])` }
  },
  takeAlongAxis: (r) => {
    const n = size(r)
    return { shapes: [[n, size(r)]], call: (a) => `takeAlongAxis(${a}, {} as Tensor<[${n}, 1], "i32">, 1)` }
  },
  scatterAdd: (r) => {
    const [n, k] = [size(r), size(r)]
    return {
      shapes: [
        [size(r), k],
        [n, k],
      ],
      call: (a, u) => `scatterAdd(${a}, {} as Tensor<[${n}], "i32">, ${u})`,
    }
  },
  attention: (r) => {
    const [b, h, d, s] = [size(r), size(r), size(r), size(r)]
    return {
      shapes: [
        [b, size(r), h, d],
        [b, s, h, d],
        [b, s, h, d],
      ],
      call: (q, k, v) => `attention(${q}, ${k}, ${v})`,
    }
  },
  scan: (r) => {
    const s = [size(r), size(r)]
    return { shapes: [s, [size(r), ...s]], call: (a, b) => `scan((h, x) => [h, x], ${a}, ${b})` }
  },
  "attention, heads side by side": (r) => {
    const [b, h, d, s] = [size(r), r.between(2, 32), size(r), size(r)]
    return {
      shapes: [
        [b, size(r), h * d],
        [b, s, h * d],
        [b, s, h * d],
      ],
      call: (q, k, v) => `attention(${q}, ${k}, ${v}, { heads: ${h}, causal: true })`,
    }
  },
}

const headOf = (op: string): string => `import type { Tensor } from "../../../src/core/tensor.ts"
import { ${op} } from "../../../src/ops/${op}.ts"
`
/** Instantiations per call, without what declaring the operands costs. */
const costOf = (op: string, draw: (r: Random) => Drawn): number => {
  const r = random(99)
  const head = headOf(op)
  let declared = head
  let called = head
  for (let k = 0; k <= CALLS; k++) {
    const { shapes, call } = draw(r)
    const names = shapes.map((_, j) => `a${k}_${j}`)
    const operands = shapes.map((s, j) => `declare const ${names[j]}: Tensor<[${s.join(", ")}]>\n${names[j]}.dtype\n`).join("")
    const line = `export const r${k} = ${call(...names)}\n`
    declared += k === 0 ? operands + line : operands // the first call pays for what all share
    called += operands + line
  }
  return (instantiations(called) - instantiations(declared)) / CALLS
}

describe("instantiations per call", () => {
  it("every case has a budget", () => expect(Object.keys(budgets).sort()).toEqual(Object.keys(cases).sort()))
  for (const [name, draw] of Object.entries(cases))
    it(name, () => {
      const cost = costOf(/^\w+/.exec(name)![0], draw)
      console.log(`${name}: ${cost.toFixed(1)} of ${budgets[name]}`)
      expect(cost).toBeLessThanOrEqual(budgets[name]!)
      expect(cost, "a budget far above the cost guards nothing").toBeGreaterThan(0.5 * budgets[name]!)
    })
})
