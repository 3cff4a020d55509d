import { type Dataset, dataset, type Rows } from "./dataset.ts"

/** Images as bytes (row-major, 0 is background) with one label each. */
export interface ImageSet {
  readonly images: Uint8Array
  readonly labels: Uint8Array
  readonly shape: readonly [count: number, height: number, width: number]
}

/** What an image classifier trains on: x [rows, height, width, 1] f32 in 0 .. 1, label [rows] i32. */
export type ImageDataset<H extends number = number, W extends number = number> = Dataset<{
  readonly x: Rows<"f32", readonly [H, W, 1]>
  readonly label: Rows<"i32", readonly []>
}>

/** Bytes 0 .. 255 to float32 0 .. 1. `normalize(set.images)` */
export const normalize = (bytes: Uint8Array): Float32Array => {
  const out = new Float32Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] as number) / 255
  return out
}

/** A set of images as a dataset of rows. `imageDataset(digits({ seed: 42, count: 8000 }))` */
export const imageDataset = ({ images, labels, shape: [, height, width] }: ImageSet): ImageDataset =>
  dataset({
    x: { data: normalize(images), shape: [height, width, 1], dtype: "f32" },
    label: { data: Int32Array.from(labels), shape: [], dtype: "i32" },
  })
