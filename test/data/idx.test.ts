import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DataError } from "../../src/data/errors.ts"
import { loadMnist, readIdx } from "../../src/data/idx.ts"
import { imageDataset } from "../../src/data/images.ts"

/** idx bytes of a shape. */
const idx = (shape: readonly number[], data: Uint8Array): Buffer => {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.writeUInt32BE(0x0800 + shape.length, 0)
  shape.forEach((n, i) => header.writeUInt32BE(n, 4 + 4 * i))
  return Buffer.concat([header, data])
}
const images = (n: number): Buffer =>
  idx(
    [n, 4, 3],
    Uint8Array.from({ length: n * 12 }, (_, i) => (i * 7) % 256),
  )
const labels = (n: number): Buffer =>
  idx(
    [n],
    Uint8Array.from({ length: n }, (_, i) => i % 10),
  )
const [TRAIN_X, TRAIN_Y] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
const [TEST_X, TEST_Y] = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
const gz = (bytes: Uint8Array): Buffer => gzipSync(bytes)

let root = ""
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "adjoint-idx-"))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A new folder with a good data set, but for the files given (undefined: left out). */
const folder = async (change: Record<string, Uint8Array | undefined> = {}): Promise<string> => {
  const dir = join(root, String(folders++))
  await mkdir(dir)
  const good = { [`${TRAIN_X}.gz`]: gz(images(6)), [`${TRAIN_Y}.gz`]: gz(labels(6)), [`${TEST_X}.gz`]: gz(images(2)) }
  for (const [name, bytes] of Object.entries({ ...good, [`${TEST_Y}.gz`]: gz(labels(2)), ...change }))
    if (bytes) await writeFile(join(dir, name), bytes)
  return dir
}
/** The sentence of the failure, with the folder's name taken out. */
const failure = async (dir: string): Promise<string> => {
  const error = await Effect.runPromise(Effect.flip(loadMnist(dir)))
  expect(error).toBeInstanceOf(DataError)
  expect(error._tag).toBe("DataError")
  expect(error.message.startsWith(`${error.file}: `)).toBe(true)
  expect(error.message).not.toContain("\n")
  return error.message.replaceAll(dir, "DIR")
}

describe("loadMnist", () => {
  test("reads gzipped and plain files alike", async () => {
    const zipped = await Effect.runPromise(loadMnist(await folder()))
    expect(zipped.train.shape).toEqual([6, 4, 3])
    expect(zipped.test.shape).toEqual([2, 4, 3])
    expect([...zipped.train.images.subarray(0, 4)]).toEqual([0, 7, 14, 21])
    expect([...zipped.train.labels]).toEqual([0, 1, 2, 3, 4, 5])
    const plainDir = await folder({
      [`${TRAIN_X}.gz`]: undefined,
      [`${TRAIN_Y}.gz`]: undefined,
      [TRAIN_X]: images(6),
      [TRAIN_Y]: labels(6),
    })
    expect(await Effect.runPromise(loadMnist(`${plainDir}/`))).toEqual(zipped)
    const d = imageDataset(zipped.train)
    expect(d.rows).toBe(6)
    expect(d.fields.x.shape).toEqual([4, 3, 1])
    expect(d.fields.x.data[1]).toBe(Math.fround(7 / 255))
    expect([...d.fields.label.data]).toEqual([0, 1, 2, 3, 4, 5])
  })

  const again = "get the file again"
  const X = `${TRAIN_X}.gz`
  const Y = `${TRAIN_Y}.gz`
  const good = gz(images(6))
  const broken = (at: number, xor: number): Buffer => {
    const copy = Buffer.from(good)
    copy[at < 0 ? copy.length + at : at]! ^= xor
    return copy
  }
  const faults: readonly [name: string, change: Record<string, Uint8Array | undefined>, sentence: string][] = [
    [
      "missing",
      { [X]: undefined },
      `DIR/${X}: there is no such file (nor one without .gz); put it there, or name another folder`,
    ],
    ["empty", { [X]: Buffer.alloc(0) }, `DIR/${X}: it is empty; ${again}`],
    [
      "gzip cut short",
      { [X]: good.subarray(0, good.length - 12) },
      `DIR/${X}: the gzip data break off after ${good.length - 12} bytes; the download was cut short: ${again}`,
    ],
    ["gzip checksum", { [X]: broken(-6, 1) }, `DIR/${X}: the gzip data are damaged (incorrect data check); ${again}`],
    ["gzip length", { [X]: broken(-1, 1) }, `DIR/${X}: the gzip data are damaged (incorrect length check); ${again}`],
    [
      "not gzip",
      { [X]: Buffer.from("<html>404</html>") },
      `DIR/${X}: it is not gzip data (it begins with 3c 68, gzip with 1f 8b); ${again}, or take .gz off its name if it is not compressed`,
    ],
    [
      "wrong magic",
      { [X]: gz(Buffer.from("PNG and more than sixteen bytes")) },
      `DIR/${X}: it begins with 50 4e 47 20, an idx file of bytes with 00 00 08 03; ${again}`,
    ],
    ["exchanged", { [X]: gz(labels(6)) }, `DIR/${X}: it has 1 axes, not 3; check that image and label files are not exchanged`],
    ["no header", { [X]: gz(Buffer.from([0, 0])) }, `DIR/${X}: 2 bytes are too few for an idx header of 16; ${again}`],
    ["header cut", { [X]: gz(images(6).subarray(0, 10)) }, `DIR/${X}: it ends after 10 of the 16 bytes of its header; ${again}`],
    [
      "body cut",
      { [X]: gz(images(6).subarray(0, 60)) },
      `DIR/${X}: it holds 44 of the 72 elements that its header promises ([6, 4, 3]); ${again}`,
    ],
    [
      "trailing",
      { [X]: gz(Buffer.concat([images(6), Buffer.alloc(5)])) },
      `DIR/${X}: 5 bytes follow after its 72 elements ([6, 4, 3]); ${again}`,
    ],
    ["counts", { [Y]: gz(labels(5)) }, `DIR/${Y}: it has 5 labels for the 6 images of DIR/${X}; get both files again`],
    [
      "label out of range",
      { [Y]: gz(idx([6], Uint8Array.of(0, 1, 2, 77, 4, 5))) },
      `DIR/${Y}: label 3 is 77, where labels are 0 to 9; ${again}`,
    ],
    [
      "missing test labels",
      { [`${TEST_Y}.gz`]: undefined },
      `DIR/${TEST_Y}.gz: there is no such file (nor one without .gz); put it there, or name another folder`,
    ],
  ]
  test.each(faults)("fault: %s", async (_, change, sentence) => {
    expect(await failure(await folder(change))).toBe(sentence)
  })
  test("each fault has a sentence of its own", () => {
    expect(new Set(faults.map((f) => f[2])).size).toBe(faults.length)
  })

  test("the folder is missing, or is a file", async () => {
    expect(await failure(join(root, "nowhere"))).toBe("DIR: there is no such folder; name one that holds the four MNIST files")
    await writeFile(join(root, "file"), "x")
    expect(await failure(join(root, "file"))).toBe("DIR: this is not a folder; name one that holds the four MNIST files")
  })

  test("readIdx alone: a missing file, a folder", async () => {
    const message = (file: string): Promise<string> => Effect.runPromise(Effect.flip(readIdx(file, 1))).then((e) => e.message)
    expect(await message(join(root, "no"))).toBe(`${join(root, "no")}: there is no such file; check its name`)
    expect(await message(root)).toBe(`${root}: this is a folder; name the file itself`)
  })
})

const shared = join(import.meta.dirname, "../../../shared/data/mnist")
const there = existsSync(shared)
if (!there) console.log(`skipped: MNIST as released: no folder ${shared}`)
test.skipIf(!there)("MNIST as released: counts, label histogram, mean and deviation", async () => {
  const { train, test: held } = await Effect.runPromise(loadMnist(shared))
  expect(train.shape).toEqual([60000, 28, 28])
  expect(held.shape).toEqual([10000, 28, 28])
  const histogram = Array.from({ length: 10 }, () => 0)
  for (const l of train.labels) histogram[l]!++
  expect(histogram).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
  expect([...held.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  let [sum, square] = [0, 0]
  for (const v of train.images) {
    sum += v
    square += v * v
  }
  const mean = sum / train.images.length / 255
  expect(mean).toBeCloseTo(0.13066, 5)
  expect(Math.sqrt(square / train.images.length / 255 ** 2 - mean * mean)).toBeCloseTo(0.308108, 5)
})
