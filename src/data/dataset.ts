import * as Stream from "effect/Stream"
import { type DType, hostArray, type HostArrays } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { fold, type Key, key, permutation } from "./prng.ts"

/** A tensor's worth of numbers on the host: elements in row-major order, shape, dtype. */
export interface HostTensor<D extends DType = DType, S extends readonly number[] = readonly number[]> {
  readonly data: HostArrays[D]
  readonly shape: S
  readonly dtype: D
}
/** One field of a dataset: `shape` is that of one row, `data` holds the rows one after another. */
export type Rows<D extends DType = DType, S extends readonly number[] = readonly number[]> = HostTensor<D, S>
export type Fields = Readonly<Record<string, Rows>>

/** Named fields with one number of rows. */
export interface Dataset<F extends Fields> {
  readonly rows: number
  readonly fields: F
}

/** `size` rows of every field, in the order of the epoch. Every batch has the same shapes, so one compiled program serves all. */
export interface Batch<F extends Fields, N extends number = number> {
  /** Place in the epoch, from 0. */
  readonly index: number
  /** How many rows are real; the rest, after them, is zeros. */
  readonly rows: number
  readonly fields: { readonly [K in keyof F]: HostTensor<F[K]["dtype"], readonly [N, ...F[K]["shape"]]> }
  /** 1 for a real row, 0 for a padded one: a mean over a batch is sum(value * mask) / sum(mask). */
  readonly mask: HostTensor<"f32", readonly [N]>
}

export interface BatchOptions<N extends number = number> {
  readonly size: N
  /** A seed or key: rows in random order, another for each epoch. Without it they come as they are. */
  readonly shuffle?: number | Key
  /** Which permutation of that key, from 0. */
  readonly epoch?: number
  /**
   * What becomes of the last rows that fill no batch. Unless told: dropped when shuffled (training), padded and masked when not.
   */
  readonly last?: "drop" | "pad"
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/**
 * A dataset from its fields. Throws a ShapeError where a field is no whole number of rows or the fields differ in rows.
 * `dataset({ x: { data: pixels, shape: [28, 28, 1], dtype: "f32" }, label: { data: labels, shape: [], dtype: "i32" } })`
 */
export const dataset = <const F extends Fields>(fields: F): Dataset<F> => {
  let first: { readonly name: string; readonly rows: number } | undefined
  for (const [name, { data, shape }] of Object.entries(fields)) {
    const each = product(shape)
    const rows = data.length / each
    if (!Number.isInteger(rows))
      return refuse(
        `dataset: ${name} has ${data.length} numbers, no multiple of its row shape [${shape.join(", ")}]; correct one of them`,
      )
    first ??= { name, rows }
    if (rows !== first.rows)
      return refuse(
        `dataset: ${name} has ${rows} rows and ${first.name} has ${first.rows}; give every field the same number of rows`,
      )
  }
  return first ? { rows: first.rows, fields } : refuse("dataset: no fields; give at least one")
}

const drops = (o: BatchOptions): boolean => (o.last ?? (o.shuffle === undefined ? "pad" : "drop")) === "drop"

/** Throws a ShapeError where no batch can be made. */
const checked = (rows: number, o: BatchOptions): void => {
  if (!Number.isInteger(o.size) || o.size < 1) refuse(`batches: size ${o.size}; a batch has a whole number of rows from 1`)
  if (!Number.isInteger(o.epoch ?? 0) || (o.epoch ?? 0) < 0) refuse(`batches: epoch ${o.epoch}; epochs are counted 0, 1, 2`)
  if (drops(o) && o.size > rows)
    refuse(
      `batches: size ${o.size} of ${rows} rows; no batch is left without the partial one; take size <= ${rows} or last: "pad"`,
    )
}

/** How many batches an epoch has. */
export const batchCount = (rows: number, o: BatchOptions): number => {
  checked(rows, o)
  return drops(o) ? Math.floor(rows / o.size) : Math.ceil(rows / o.size)
}

/** The order of the rows in an epoch: the identity, or permutation `epoch` of the key. */
export const rowOrder = (rows: number, { shuffle, epoch = 0 }: Omit<BatchOptions, "size">): Int32Array => {
  if (shuffle === undefined) return Int32Array.from({ length: rows }, (_, i) => i)
  return permutation(fold(typeof shuffle === "number" ? key(shuffle) : shuffle, epoch), rows)
}

/** Copies rows order[from], order[from + 1], ... of a field; what lies past the end of `order` stays zero. */
const gather = ({ data, shape, dtype }: Rows, order: Int32Array, from: number, size: number): HostTensor => {
  const each = product(shape)
  const out = hostArray(dtype, size * each)
  for (let i = 0; i < size && from + i < order.length; i++) {
    const row = order[from + i] as number
    out.set(data.subarray(row * each, (row + 1) * each), i * each)
  }
  return { data: out, shape: [size, ...shape], dtype }
}

/** Batch `index` of a row order, as `batches` gives it. Pure. */
export const batchAt = <F extends Fields, N extends number>(
  d: Dataset<F>,
  order: Int32Array,
  size: N,
  index: number,
): Batch<F, N> => {
  const rows = Math.min(size, order.length - index * size)
  const fields = Object.fromEntries(Object.entries(d.fields).map(([name, f]) => [name, gather(f, order, index * size, size)]))
  const mask: Batch<F, N>["mask"] = { data: new Float32Array(size).fill(1, 0, rows), shape: [size], dtype: "f32" }
  return { index, rows, mask, fields: fields as unknown as Batch<F, N>["fields"] }
}

/**
 * The batches of one epoch, made one at a time as they are asked for. Each run of the stream gives the same batches; another
 * epoch is another permutation. Throws a ShapeError for options that make no batch.
 * `batches(train, { size: 64, shuffle: 42, epoch: 3 })`
 */
export const batches = <F extends Fields, const N extends number>(
  d: Dataset<F>,
  o: BatchOptions<N>,
): Stream.Stream<Batch<F, N>> => {
  const count = batchCount(d.rows, o)
  function* made(): Generator<Batch<F, N>> {
    const order = rowOrder(d.rows, o)
    for (let index = 0; index < count; index++) yield batchAt(d, order, o.size, index)
  }
  // A generator runs once, hence suspend. Up to 4,096 elements are pulled before the first is passed on, hence chunks of 1.
  return Stream.suspend(() => Stream.fromIterable(made(), { chunkSize: 1 }))
}

/**
 * Makes elements ahead of their use, up to 2n of them (measured for n = 1, 2, 3, 4, 8: the consumer takes the whole buffer while
 * the producer fills it again). It hides waiting (files, devices), not computing: both sides share one thread. Throws a
 * ShapeError where n is no whole number from 1. `batches(d, o).pipe(prefetch(1))`
 */
export const prefetch = (n: number): (<A, Err, R>(stream: Stream.Stream<A, Err, R>) => Stream.Stream<A, Err, R>) => {
  if (!Number.isInteger(n) || n < 1) refuse(`prefetch: ${n} elements; give a whole number from 1, or leave prefetch out`)
  return Stream.buffer({ capacity: n })
}
