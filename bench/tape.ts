// Reverse mode over plain loops in float64: an oracle for whole workloads that shares nothing with the library. Slow on purpose.

type Numbers = Float64Array<ArrayBuffer>
type Shape = readonly number[]
const count = (s: Shape): number => s.reduce((a, b) => a * b, 1)

/** A value with its gradient, and how the gradient goes on to what the value was made of. */
export class Var {
  readonly shape: Shape
  readonly data: Numbers
  readonly from: readonly Var[]
  readonly back: (g: Numbers) => void
  private sum: Numbers | undefined
  constructor(shape: Shape, data: Numbers, from: readonly Var[] = [], back: (g: Numbers) => void = () => {}) {
    this.shape = shape
    this.data = data
    this.from = from
    this.back = back
  }
  get grad(): Numbers {
    this.sum ??= new Float64Array(this.data.length)
    return this.sum
  }
}
export const backward = (out: Var, seed: ArrayLike<number>): void => {
  const order: Var[] = []
  const seen = new Set<Var>()
  const walk = (v: Var): void => {
    if (seen.has(v)) return
    seen.add(v)
    v.from.forEach(walk)
    order.push(v)
  }
  walk(out)
  out.grad.set(seed)
  for (const v of order.reverse()) v.back(v.grad)
}

// ---- products ------------------------------------------------------------------------------------------------------
interface Sizes {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
}
/** c[m, n] += a[m, k] b[k, n]; a and b may be stored transposed. */
const gemm = ({ batch, m, n, k }: Sizes, a: Numbers, ta: boolean, b: Numbers, tb: boolean, c: Numbers): void => {
  for (let at = 0; at < batch; at++)
    for (let i = 0; i < m; i++)
      for (let p = 0; p < k; p++) {
        const v = a[at * m * k + (ta ? p * m + i : i * k + p)]!
        const row = at * m * n + i * n
        const other = at * k * n + (tb ? p : p * n)
        const step = tb ? k : 1
        for (let j = 0; j < n; j++) c[row + j]! += v * b[other + j * step]!
      }
}
/** [..., m, k] times [..., k, n], equal leading axes. */
export const matmul = (a: Var, b: Var): Var => {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!]
  const batch = count(a.shape.slice(0, -2))
  const y = new Float64Array(batch * m * n)
  gemm({ batch, m, n, k }, a.data, false, b.data, false, y)
  return new Var([...a.shape.slice(0, -1), n], y, [a, b], (g) => {
    gemm({ batch, m, n: k, k: n }, g, false, b.data, true, a.grad)
    gemm({ batch, m: k, n, k: m }, a.data, true, g, false, b.grad)
  })
}
/** Images [n, h, w, c], kernel [kh, kw, c, f], stride 1, padding "same" or none. */
export const conv = (x: Var, w: Var, same: boolean): Var => {
  const [n, h, wide, c] = x.shape as [number, number, number, number]
  const [kh, kw, , f] = w.shape as [number, number, number, number]
  const pad = same ? (kh - 1) >> 1 : 0
  const [oh, ow] = [h + 2 * pad - kh + 1, wide + 2 * pad - kw + 1]
  const y = new Float64Array(n * oh * ow * f)
  const each = (visit: (y: number, x: number, w: number) => void): void => {
    for (let b = 0; b < n; b++)
      for (let i = 0; i < oh; i++)
        for (let j = 0; j < ow; j++)
          for (let p = 0; p < kh; p++)
            for (let q = 0; q < kw; q++) {
              const [r, s] = [i + p - pad, j + q - pad]
              if (r < 0 || r >= h || s < 0 || s >= wide) continue
              visit(((b * oh + i) * ow + j) * f, ((b * h + r) * wide + s) * c, (p * kw + q) * c * f)
            }
  }
  each((yo, xo, wo) => {
    for (let a = 0; a < c; a++) for (let b = 0; b < f; b++) y[yo + b]! += x.data[xo + a]! * w.data[wo + a * f + b]!
  })
  return new Var([n, oh, ow, f], y, [x, w], (g) => {
    const [dx, dw] = [x.grad, w.grad]
    each((yo, xo, wo) => {
      for (let a = 0; a < c; a++) {
        let sum = 0
        for (let b = 0; b < f; b++) {
          sum += g[yo + b]! * w.data[wo + a * f + b]!
          dw[wo + a * f + b]! += g[yo + b]! * x.data[xo + a]!
        }
        dx[xo + a]! += sum
      }
    })
  })
}

// ---- element by element --------------------------------------------------------------------------------------------
/** f and its derivative, as a function of x and f(x). */
const map = (x: Var, f: (x: number) => number, df: (x: number, y: number) => number): Var => {
  const y = x.data.map(f)
  return new Var(x.shape, y, [x], (g) => {
    const d = x.grad
    for (let i = 0; i < d.length; i++) d[i]! += g[i]! * df(x.data[i]!, y[i]!)
  })
}
export const tanh = (x: Var): Var => map(x, Math.tanh, (_, y) => 1 - y * y)
export const sigmoid = (x: Var): Var =>
  map(
    x,
    (v) => 1 / (1 + Math.exp(-v)),
    (_, y) => y * (1 - y),
  )
export const relu = (x: Var): Var =>
  map(
    x,
    (v) => Math.max(v, 0),
    (v) => (v > 0 ? 1 : 0),
  )
export const scale = (x: Var, s: number): Var =>
  map(
    x,
    (v) => v * s,
    () => s,
  )
/** By tanh. */
export const gelu = (x: Var): Var => {
  const c = Math.sqrt(2 / Math.PI)
  const inner = (v: number): number => Math.tanh(c * (v + 0.044715 * v ** 3))
  return map(
    x,
    (v) => 0.5 * v * (1 + inner(v)),
    (v) => 0.5 * (1 + inner(v)) + 0.5 * v * (1 - inner(v) ** 2) * c * (1 + 3 * 0.044715 * v * v),
  )
}
/** b's axes are the last ones of a. */
const zip = (a: Var, b: Var, f: (x: number, y: number) => number, da: (y: number) => number, db: (x: number) => number): Var => {
  const n = b.data.length
  const y = a.data.map((v, i) => f(v, b.data[i % n]!))
  return new Var(a.shape, y, [a, b], (g) => {
    for (let i = 0; i < g.length; i++) {
      a.grad[i]! += g[i]! * da(b.data[i % n]!)
      b.grad[i % n]! += g[i]! * db(a.data[i]!)
    }
  })
}
const one = (): number => 1
export const add = (a: Var, b: Var): Var => zip(a, b, (x, y) => x + y, one, one)
export const mul = (a: Var, b: Var): Var =>
  zip(
    a,
    b,
    (x, y) => x * y,
    (y) => y,
    (x) => x,
  )

// ---- places --------------------------------------------------------------------------------------------------------
/** y[i] = x[index(i)] */
const gather = (x: Var, shape: Shape, index: (i: number) => number): Var => {
  const places = Int32Array.from({ length: count(shape) }, (_, i) => index(i))
  return new Var(
    shape,
    Float64Array.from(places, (p) => x.data[p]!),
    [x],
    (g) => {
      for (let i = 0; i < g.length; i++) x.grad[places[i]!]! += g[i]!
    },
  )
}
export const reshape = (x: Var, shape: Shape): Var => gather(x, shape, (i) => i)
export const transpose = (x: Var, perm: readonly number[]): Var => {
  const strides = x.shape.map((_, a) => count(x.shape.slice(a + 1)))
  const shape = perm.map((p) => x.shape[p]!)
  const from = (i: number): number =>
    perm.reduceRight(
      ({ rest, at }, p, a) => ({ rest: Math.floor(rest / shape[a]!), at: at + (rest % shape[a]!) * strides[p]! }),
      {
        rest: i,
        at: 0,
      },
    ).at
  return gather(x, shape, from)
}
/** Columns lo to hi of the last axis. */
export const columns = (x: Var, lo: number, hi: number): Var => {
  const [n, w] = [x.shape.at(-1)!, hi - lo]
  return gather(x, [...x.shape.slice(0, -1), w], (i) => Math.floor(i / w) * n + lo + (i % w))
}
export const row = (x: Var, t: number): Var => gather(x, x.shape.slice(1), (i) => t * count(x.shape.slice(1)) + i)
/** Windows of 2 by 2; the first of equal ones. */
export const maxPool = (x: Var): Var => {
  const [n, h, w, c] = x.shape as [number, number, number, number]
  return gather(x, [n, h / 2, w / 2, c], (i) => {
    const [ch, j, r] = [i % c, Math.floor(i / c) % (w / 2), Math.floor(i / c / (w / 2))]
    const corner = (2 * r * w + 2 * j) * c + ch
    return [corner + c, corner + w * c, corner + (w + 1) * c].reduce((a, b) => (x.data[b]! > x.data[a]! ? b : a), corner)
  })
}

// ---- rows ----------------------------------------------------------------------------------------------------------
const byRow = (x: Var, f: (from: number, n: number) => void): void => {
  const n = x.shape.at(-1)!
  for (let from = 0; from < x.data.length; from += n) f(from, n)
}
export const softmax = (x: Var): Var => {
  const y = new Float64Array(x.data.length)
  byRow(x, (o, n) => {
    let [most, sum] = [Number.NEGATIVE_INFINITY, 0]
    for (let i = o; i < o + n; i++) most = Math.max(most, x.data[i]!)
    for (let i = o; i < o + n; i++) sum += y[i] = Math.exp(x.data[i]! - most)
    for (let i = o; i < o + n; i++) y[i]! /= sum
  })
  return new Var(x.shape, y, [x], (g) =>
    byRow(x, (o, n) => {
      let sum = 0
      for (let i = o; i < o + n; i++) sum += g[i]! * y[i]!
      for (let i = o; i < o + n; i++) x.grad[i]! += y[i]! * (g[i]! - sum)
    }),
  )
}
export const layerNorm = (x: Var, g: Var, b: Var): Var => {
  const y = new Float64Array(x.data.length)
  const inverse = new Map<number, number>()
  byRow(x, (o, n) => {
    let [mean, variance] = [0, 0]
    for (let i = o; i < o + n; i++) mean += x.data[i]! / n
    for (let i = o; i < o + n; i++) variance += (x.data[i]! - mean) ** 2 / n
    const r = 1 / Math.sqrt(variance + 1e-5)
    inverse.set(o, r)
    for (let i = o; i < o + n; i++) y[i] = (x.data[i]! - mean) * r
  })
  const hat = new Var(x.shape, y, [x], (d) =>
    byRow(x, (o, n) => {
      let [sum, along] = [0, 0]
      for (let i = o; i < o + n; i++) {
        sum += d[i]! / n
        along += (d[i]! * y[i]!) / n
      }
      for (let i = o; i < o + n; i++) x.grad[i]! += inverse.get(o)! * (d[i]! - sum - y[i]! * along)
    }),
  )
  return add(mul(hat, g), b)
}
/** Mean over rows of -sum t log softmax(x). */
export const crossEntropy = (x: Var, t: Var): Var => {
  const rows = x.data.length / x.shape.at(-1)!
  const p = softmax(x).data
  const loss = p.reduce((sum, v, i) => (t.data[i] ? sum - (t.data[i]! * Math.log(v)) / rows : sum), 0)
  return new Var([], Float64Array.of(loss), [x], ([g]) => {
    for (let i = 0; i < p.length; i++) x.grad[i]! += (g! * (p[i]! - t.data[i]!)) / rows
  })
}
export const meanSquare = (x: Var): Var => {
  const n = x.data.length
  return new Var([], Float64Array.of(x.data.reduce((s, v) => s + (v * v) / n, 0)), [x], ([g]) => {
    for (let i = 0; i < n; i++) x.grad[i]! += (2 * g! * x.data[i]!) / n
  })
}
