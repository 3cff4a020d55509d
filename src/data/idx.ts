import * as Effect from "effect/Effect"
import { type DataError, dataError } from "./errors.ts"
import type { ImageSet } from "./images.ts"

// The idx format of the MNIST releases (LeCun, Cortes, Burges 1998): two zero bytes, a type (0x08 for unsigned bytes), the number
// of axes, one 32-bit big-endian length per axis, then the elements in row-major order; usually gzipped.

/** Unsigned bytes with their shape. */
export interface Idx {
  readonly shape: readonly number[]
  readonly data: Uint8Array
}
const AGAIN = "get the file again"
const hex = (bytes: Uint8Array, n: number): string =>
  Array.from(bytes.subarray(0, n), (b) => b.toString(16).padStart(2, "0")).join(" ")
const codeOf = (cause: unknown): string => String((cause as { code?: unknown } | undefined)?.code ?? cause)

/** The bytes of a file; folders and files that are not there or may not be read are told apart. */
const readBytes = (file: string): Effect.Effect<Uint8Array, DataError> =>
  Effect.tryPromise({
    try: async () => (await import("node:fs/promises")).readFile(file),
    catch: (cause) => {
      const code = codeOf(cause)
      if (code === "ENOENT") return dataError(file, "there is no such file", "check its name")
      if (code === "EISDIR") return dataError(file, "this is a folder", "name the file itself")
      return dataError(file, `it could not be read (${code})`, "check that you may read it")
    },
  })

const gunzip = (file: string, bytes: Uint8Array): Effect.Effect<Uint8Array, DataError> =>
  Effect.tryPromise({
    try: async () => {
      const { gunzip: run } = await import("node:zlib")
      return new Promise<Uint8Array>((done, fail) => run(bytes, (e, out) => (e ? fail(e) : done(out))))
    },
    catch: (cause) =>
      codeOf(cause) === "Z_BUF_ERROR"
        ? dataError(file, `the gzip data break off after ${bytes.length} bytes`, `the download was cut short: ${AGAIN}`)
        : dataError(file, `the gzip data are damaged (${cause instanceof Error ? cause.message : codeOf(cause)})`, AGAIN),
  })

/** Decodes idx bytes (not gzipped) of unsigned bytes with `axes` axes. `file` is for the sentence. Pure. */
export const decodeIdx = (file: string, bytes: Uint8Array, axes: number): Effect.Effect<Idx, DataError> => {
  const header = 4 + 4 * axes
  const fail = (wrong: string, advice: string): Effect.Effect<never, DataError> => Effect.fail(dataError(file, wrong, advice))
  if (bytes.length < 4) return fail(`${bytes.length} bytes are too few for an idx header of ${header}`, AGAIN)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [magic, wanted] = [view.getUint32(0), 0x0800 + axes]
  if (magic !== wanted) {
    if (magic >>> 8 === 8)
      return fail(`it has ${magic & 255} axes, not ${axes}`, "check that image and label files are not exchanged")
    return fail(`it begins with ${hex(bytes, 4)}, an idx file of bytes with ${hex(Uint8Array.of(0, 0, 8, axes), 4)}`, AGAIN)
  }
  if (bytes.length < header) return fail(`it ends after ${bytes.length} of the ${header} bytes of its header`, AGAIN)
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i))
  const [held, promised] = [bytes.length - header, shape.reduce((a, b) => a * b, 1)]
  if (held < promised)
    return fail(`it holds ${held} of the ${promised} elements that its header promises ([${shape.join(", ")}])`, AGAIN)
  if (held > promised)
    return fail(`${held - promised} bytes follow after its ${promised} elements ([${shape.join(", ")}])`, AGAIN)
  return Effect.succeed({ shape, data: bytes.subarray(header) })
}

/**
 * Reads an idx file with `axes` axes, gzipped (told by its first two bytes) or not. Node only. Fails with a DataError for a file
 * that is missing, unreadable, empty, cut short, damaged, of another format, or longer or shorter than it says.
 * `readIdx("a.gz", 3)`
 */
export const readIdx = (file: string, axes: number): Effect.Effect<Idx, DataError> =>
  Effect.gen(function* () {
    const bytes = yield* readBytes(file)
    if (bytes.length === 0) return yield* dataError(file, "it is empty", AGAIN)
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return yield* decodeIdx(file, yield* gunzip(file, bytes), axes)
    if (!file.endsWith(".gz")) return yield* decodeIdx(file, bytes, axes)
    const advice = `${AGAIN}, or take .gz off its name if it is not compressed`
    return yield* dataError(file, `it is not gzip data (it begins with ${hex(bytes, 2)}, gzip with 1f 8b)`, advice)
  })

/** Reads images and their labels and checks one against the other. Labels are below `classes` (10). */
export const readImages = (images: string, labels: string, classes = 10): Effect.Effect<ImageSet, DataError> =>
  Effect.gen(function* () {
    const x = yield* readIdx(images, 3)
    const y = yield* readIdx(labels, 1)
    const [count, height, width] = x.shape as unknown as ImageSet["shape"]
    if (count !== y.data.length)
      return yield* dataError(
        labels,
        `it has ${y.data.length} labels for the ${count} images of ${images}`,
        "get both files again",
      )
    const bad = y.data.findIndex((v) => v >= classes)
    if (bad >= 0) return yield* dataError(labels, `label ${bad} is ${y.data[bad]}, where labels are 0 to ${classes - 1}`, AGAIN)
    return { images: x.data, labels: y.data, shape: [count, height, width] }
  })

const exists = (file: string): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    const { access } = await import("node:fs/promises")
    return access(file).then(
      () => true,
      () => false,
    )
  })

/** The file of that name with .gz, or without where only that exists. */
const either = (dir: string, name: string): Effect.Effect<string, DataError> =>
  Effect.gen(function* () {
    const plain = `${dir.replace(/[/\\]+$/, "")}/${name}`
    for (const file of [`${plain}.gz`, plain]) if (yield* exists(file)) return file
    return yield* dataError(`${plain}.gz`, "there is no such file (nor one without .gz)", "put it there, or name another folder")
  })

const isFolder = (dir: string): Effect.Effect<void, DataError> =>
  Effect.gen(function* () {
    const advice = "name one that holds the four MNIST files"
    const found = yield* Effect.tryPromise({
      try: async () => (await import("node:fs/promises")).stat(dir),
      catch: (cause) =>
        codeOf(cause) === "ENOENT"
          ? dataError(dir, "there is no such folder", advice)
          : dataError(dir, `it could not be opened (${codeOf(cause)})`, "check that you may read it"),
    })
    if (!found.isDirectory()) return yield* dataError(dir, "this is not a folder", advice)
  })

/**
 * The training and test sets of a folder in the MNIST layout (MNIST, Fashion-MNIST, ...): `train-images-idx3-ubyte.gz`,
 * `train-labels-idx1-ubyte.gz` and the same two with `t10k`, each gzipped or (without .gz) not. Node only. Fails with a DataError
 * whose one line names the file, what is wrong and what to do. `loadMnist("data/mnist")`
 */
export const loadMnist = (dir: string): Effect.Effect<{ readonly train: ImageSet; readonly test: ImageSet }, DataError> =>
  Effect.gen(function* () {
    yield* isFolder(dir)
    const part = Effect.fnUntraced(function* (name: string) {
      const images = yield* either(dir, `${name}-images-idx3-ubyte`)
      const labels = yield* either(dir, `${name}-labels-idx1-ubyte`)
      return yield* readImages(images, labels)
    })
    return { train: yield* part("train"), test: yield* part("t10k") }
  })
