// Contractions on WebGPU, in WGSL of our own beside the kernels of gpu.js, over the same buffers: a workgroup of 16 x 16 threads makes a
// tile of the product out of slices of A and B in shared memory, each thread a square of elements in registers. gpu.js's one thread per
// element reads two numbers for every multiplication; this one an eighth of that (64 x 64 tiles).
import { addressOf, classify } from "../../compiler/index.ts"
import { type Atom, type Axis, type Buf, type Expr, type Ix, ix, mapExpr, read } from "../../core/ir/index.ts"
import type { DType } from "../../core/dtype.ts"
import type { Dense, KernelSource } from "./emit.ts"
import { elementsOf } from "./sizes.ts"

/** Multiplications below which a kernel of gpu.js is as good. */
const WORTH = 2 ** 17
const LEAST_SIDE = 8
/** Depth of a slice. */
const DEPTH = 16
/** Workgroups that keep a large GPU busy; tiles get smaller until there are so many. */
const WORKGROUPS = 128

/** One axis of an address: size and distance of neighbours. */
interface Digit {
  readonly n: number
  readonly c: number
}
/** sum of c * digit over the digits of x, as a WGSL function; digits whose distances follow each other are one. */
const addressing = (name: string, digits: readonly Digit[]): string => {
  const merged: Digit[] = []
  for (const d of digits) {
    const p = merged.at(-1)
    if (p && p.c === d.c * d.n) merged[merged.length - 1] = { n: p.n * d.n, c: d.c }
    else merged.push(d)
  }
  const lines: string[] = []
  for (let k = merged.length - 1; k > 0; k--) {
    const { n, c } = merged[k]!
    if (c !== 0) lines.push(`  s += (r % ${n}) * ${c};`)
    lines.push(`  r = r / ${n};`)
  }
  const first = merged[0]
  return `fn ${name}(x: i32) -> i32 {\n  var r = x;\n  var s = 0;\n${lines.join("\n")}\n  return s + r * ${first?.c ?? 0};\n}`
}
interface Side {
  readonly name: string
  /** Elements of the tile along the kept index, and in all. */
  readonly tile: number
  readonly size: number
  readonly kept: readonly Digit[]
  readonly reduced: readonly Digit[]
  readonly batch: readonly Digit[]
}
/** Loads of one slice: which (kept, reduced) elements each thread brings. Neighbouring threads take what is closer in memory. */
const loads = (s: Side, depth: number): { readonly before: string; readonly inside: string } => {
  const closest = (d: readonly Digit[]): number => Math.abs(d.at(-1)?.c ?? 0) || Infinity
  const alongDepth = closest(s.reduced) < closest(s.kept)
  const before: string[] = []
  const inside: string[] = []
  for (let q = 0; q < (s.tile * DEPTH) / 256; q++) {
    const id = `(t + ${256 * q})`
    const [kept, deep] = alongDepth ? [`${id} / ${DEPTH}`, `${id} % ${DEPTH}`] : [`${id} % ${s.tile}`, `${id} / ${s.tile}`]
    const v = `${s.name}${q}`
    before.push(`  let ${v}i = ${kept};`, `  let ${v}d = ${deep};`, `  let ${v}ok = ${s.name}0_ + ${v}i < ${s.size};`)
    before.push(`  let ${v}at = ${s.name}base + ${s.name}kept(${s.name}0_ + ${v}i);`)
    inside.push(
      `    var ${v}v = 0.0;`,
      `    if (${v}ok && k0 + ${v}d < ${depth}) { ${v}v = ${s.name}[${v}at + ${s.name}deep(k0 + ${v}d)]; }`,
    )
    inside.push(`    ${s.name}s[${v}d * ${s.tile + 1} + ${v}i] = ${v}v;`)
  }
  return { before: before.join("\n"), inside: inside.join("\n") }
}
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k)

const wgslOf = (a: Side, b: Side, depth: number): string => {
  const [rows, columns] = [a.tile / 16, b.tile / 16]
  const [la, lb] = [loads(a, depth), loads(b, depth)]
  const cells = range(rows).flatMap((i) => range(columns).map((j) => [i, j] as const))
  // A sum of sixteen products before it is added to the total: the error grows with depth / 16.
  const step = [
    ...range(rows).map((i) => `      let a${i} = As[k * ${a.tile + 1} + ty + ${16 * i}];`),
    ...range(columns).map((j) => `      let b${j} = Bs[k * ${b.tile + 1} + tx + ${16 * j}];`),
    ...cells.map(([i, j]) => `      p${i}_${j} += a${i} * b${j};`),
  ].join("\n")
  const stores = cells.map(
    ([i, j]) =>
      `  if (A0_ + ty + ${16 * i} < ${a.size} && B0_ + tx + ${16 * j} < ${b.size}) { C[(z * ${a.size} + A0_ + ty + ${16 * i}) * ${b.size} + B0_ + tx + ${16 * j}] = c${i}_${j}; }`,
  )
  return `struct Bases { a: i32, b: i32, p: i32, q: i32 }
@group(0) @binding(0) var<uniform> bases: Bases;
@group(0) @binding(1) var<storage, read> A: array<f32>;
@group(0) @binding(2) var<storage, read> B: array<f32>;
@group(0) @binding(3) var<storage, read_write> C: array<f32>;
var<workgroup> As: array<f32, ${DEPTH * (a.tile + 1)}>;
var<workgroup> Bs: array<f32, ${DEPTH * (b.tile + 1)}>;
${addressing("Akept", a.kept)}
${addressing("Adeep", a.reduced)}
${addressing("Abatch", a.batch)}
${addressing("Bkept", b.kept)}
${addressing("Bdeep", b.reduced)}
${addressing("Bbatch", b.batch)}
@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) w: vec3<u32>, @builtin(local_invocation_id) l: vec3<u32>) {
  let tx = i32(l.x);
  let ty = i32(l.y);
  let t = ty * 16 + tx;
  let z = i32(w.z);
  let A0_ = i32(w.y) * ${a.tile};
  let B0_ = i32(w.x) * ${b.tile};
  let Abase = bases.a + Abatch(z);
  let Bbase = bases.b + Bbatch(z);
${la.before}
${lb.before}
${cells.map(([i, j]) => `  var c${i}_${j} = 0.0;`).join("\n")}
  for (var k0 = 0; k0 < ${depth}; k0 += ${DEPTH}) {
${la.inside}
${lb.inside}
    workgroupBarrier();
${cells.map(([i, j]) => `    var p${i}_${j} = 0.0;`).join("\n")}
    for (var k = 0; k < ${DEPTH}; k++) {
${step}
    }
${cells.map(([i, j]) => `    c${i}_${j} += p${i}_${j};`).join("\n")}
    workgroupBarrier();
  }
${stores.join("\n")}
}`
}

export interface TiledContraction {
  readonly source: KernelSource
  /** Where the product goes: row-major over batch, M, N. */
  readonly axes: readonly Axis[]
  /** What is left to do; undefined if the product is all. */
  readonly rest: ((product: Buf) => Dense) | undefined
}
/** The kernel as a tiled product and what follows it, if it is one and large enough. */
export const tiled = (k: Dense, dtype: DType): TiledContraction | undefined => {
  if (dtype !== "f32") return undefined
  const c = classify({ k: "kernel", out: { id: 0, shape: [], dtype, role: "temp" }, axes: k.axes, at: [], value: k.value })
  if (c?.a.k !== "read" || c.b.k !== "read" || c.a.dtype !== "f32" || c.b.dtype !== "f32") return undefined
  const [fa, fb] = [addressOf(c.a), addressOf(c.b)]
  const inputs = [c.a.buf, c.b.buf]
  const of = (axes: readonly Axis[], from: ReadonlyMap<Atom, number>): Digit[] =>
    axes.map((a) => ({ n: a.n, c: from.get(a) ?? 0 }))
  const size = (axes: readonly Axis[]): number => elementsOf(axes.map((a) => a.n))
  const batch = c.batch.filter((a) => fa.of.has(a) || fb.of.has(a))
  const [m, n, depth, z] = [size(c.m), size(c.n), size(c.k), size(batch)]
  if (m * n * depth * z < WORTH || m < LEAST_SIDE || n < LEAST_SIDE || depth < DEPTH || z > 65535) return undefined
  // The axes of a sum may come in any order: what is close in A comes last.
  const deep = [...c.k].sort((p, q) => Math.abs(fa.of.get(q) ?? 0) - Math.abs(fa.of.get(p) ?? 0))
  const tiles = (t: number): number => z * Math.ceil(m / t) * Math.ceil(n / t)
  const side = tiles(64) >= WORKGROUPS ? 64 : tiles(32) >= WORKGROUPS ? 32 : 16
  const fit = (s: number): number => (s > 32 ? side : Math.min(side, s > 16 ? 32 : 16))
  const a: Side = { name: "A", tile: fit(m), size: m, kept: of(c.m, fa.of), reduced: of(deep, fa.of), batch: of(batch, fa.of) }
  const b: Side = { name: "B", tile: fit(n), size: n, kept: of(c.n, fb.of), reduced: of(deep, fb.of), batch: of(batch, fb.of) }
  const own = new Set<Atom>([...c.m, ...c.n, ...c.k, ...batch])
  const base = (f: typeof fa): Ix => ({ c: f.base, t: [...f.of].filter(([x]) => !own.has(x)).map(([x, q]) => [q, x] as const) })
  const bases = [base(fa), base(fb)] as const
  const loops = [...new Set(bases.flatMap((e) => e.t.map(([, x]) => x)))]
  const code = wgslOf(a, b, depth)
  const groups = [Math.ceil(n / b.tile), Math.ceil(m / a.tile), z] as const
  const axes = [...batch, ...c.m, ...c.n]
  const whole = k.value === c.reduce && axes.length === k.axes.length && axes.every((x, d) => x === k.axes[d])
  return {
    source: { source: code, inputs, scalars: loops, output: [z, m, n], pair: false, wgsl: { groups, bases } },
    axes,
    rest: whole
      ? undefined
      : (product) => ({
          axes: k.axes,
          value: mapExpr(k.value, (x: Expr) => (x === c.reduce ? read(product, axes.map(ix)) : undefined)),
        }),
  }
}
