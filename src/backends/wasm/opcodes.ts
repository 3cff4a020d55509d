// WebAssembly's instructions under their official names, each with its signature, so that `Code.op` is checked by the types.
// Source: WebAssembly Core Specification 2.0, section 5.4 (binary format of instructions).

export type Type = "i32" | "f32" | "f64" | "v128"

interface Op<P extends readonly Type[], R extends Type> {
  readonly code: number
  readonly params: P
  readonly result: R
}

/** Prefixed opcodes: 0xfd (vector) and 0xfc (saturating truncation). */
export const SIMD = 0x10000
export const SATURATING = 0x20000

const signature =
  <const P extends readonly Type[], R extends Type>(params: P, result: R, prefix = 0) =>
  <N extends string>(codes: Record<N, number>): Record<N, Op<P, R>> => {
    const out = {} as Record<N, Op<P, R>>
    for (const name of Object.keys(codes) as N[]) out[name] = { code: prefix + codes[name], params, result }
    return out
  }

export const ops = {
  ...signature(["i32"], "i32")({ "i32.eqz": 0x45 }),
  ...signature(
    ["i32", "i32"],
    "i32",
  )({
    "i32.eq": 0x46,
    "i32.ne": 0x47,
    "i32.lt_s": 0x48,
    "i32.lt_u": 0x49,
    "i32.gt_s": 0x4a,
    "i32.le_s": 0x4c,
    "i32.le_u": 0x4d,
    "i32.ge_s": 0x4e,
    "i32.add": 0x6a,
    "i32.sub": 0x6b,
    "i32.mul": 0x6c,
    "i32.div_u": 0x6e,
    "i32.rem_s": 0x6f,
    "i32.rem_u": 0x70,
    "i32.and": 0x71,
    "i32.or": 0x72,
    "i32.xor": 0x73,
    "i32.shl": 0x74,
    "i32.shr_s": 0x75,
    "i32.shr_u": 0x76,
  }),
  ...signature(
    ["f64", "f64"],
    "i32",
  )({
    "f64.eq": 0x61,
    "f64.ne": 0x62,
    "f64.lt": 0x63,
    "f64.le": 0x65,
  }),
  ...signature(
    ["f32", "f32"],
    "f32",
  )({
    "f32.mul": 0x94,
  }),
  ...signature(
    ["f64"],
    "f64",
  )({
    "f64.abs": 0x99,
    "f64.neg": 0x9a,
    "f64.floor": 0x9c,
    "f64.sqrt": 0x9f,
  }),
  ...signature(
    ["f64", "f64"],
    "f64",
  )({
    "f64.add": 0xa0,
    "f64.sub": 0xa1,
    "f64.mul": 0xa2,
    "f64.div": 0xa3,
    "f64.min": 0xa4,
    "f64.max": 0xa5,
  }),
  ...signature(["i32"], "f64")({ "f64.convert_i32_s": 0xb7, "f64.convert_i32_u": 0xb8 }),
  ...signature(["f64"], "f32")({ "f32.demote_f64": 0xb6 }),
  ...signature(["f32"], "f64")({ "f64.promote_f32": 0xbb }),
  ...signature(["f32"], "i32", SATURATING)({ "i32.trunc_sat_f32_s": 0, "i32.trunc_sat_f32_u": 1 }),
  ...signature(["f64"], "i32", SATURATING)({ "i32.trunc_sat_f64_s": 2, "i32.trunc_sat_f64_u": 3 }),
  ...signature(["i32"], "v128", SIMD)({ "i32x4.splat": 0x11 }),
  ...signature(["f64"], "v128", SIMD)({ "f64x2.splat": 0x14 }),
  ...signature(["v128"], "i32", SIMD)({ "v128.any_true": 0x53 }),
  ...signature(
    ["v128", "i32"],
    "v128",
    SIMD,
  )({
    "i32x4.shl": 0xab,
    "i32x4.shr_s": 0xac,
    "i32x4.shr_u": 0xad,
    "i64x2.shl": 0xcb,
    "i64x2.shr_u": 0xcd,
  }),
  ...signature(
    ["v128"],
    "v128",
    SIMD,
  )({
    "v128.not": 0x4d,
    "f32x4.demote_f64x2_zero": 0x5e,
    "f64x2.promote_low_f32x4": 0x5f,
    "f32x4.floor": 0x68,
    "f64x2.floor": 0x75,
    "i32x4.abs": 0xa0,
    "i32x4.neg": 0xa1,
    "f32x4.abs": 0xe0,
    "f32x4.neg": 0xe1,
    "f32x4.sqrt": 0xe3,
    "f64x2.abs": 0xec,
    "f64x2.neg": 0xed,
    "f64x2.sqrt": 0xef,
    "i32x4.trunc_sat_f32x4_s": 0xf8,
    "i32x4.trunc_sat_f32x4_u": 0xf9,
    "f32x4.convert_i32x4_s": 0xfa,
    "f32x4.convert_i32x4_u": 0xfb,
    "i32x4.trunc_sat_f64x2_s_zero": 0xfc,
    "i32x4.trunc_sat_f64x2_u_zero": 0xfd,
    "f64x2.convert_low_i32x4_s": 0xfe,
    "f64x2.convert_low_i32x4_u": 0xff,
  }),
  ...signature(
    ["v128", "v128"],
    "v128",
    SIMD,
  )({
    "i32x4.eq": 0x37,
    "i32x4.ne": 0x38,
    "i32x4.lt_s": 0x39,
    "i32x4.lt_u": 0x3a,
    "i32x4.gt_s": 0x3b,
    "i32x4.gt_u": 0x3c,
    "i32x4.le_s": 0x3d,
    "i32x4.le_u": 0x3e,
    "f32x4.eq": 0x41,
    "f32x4.ne": 0x42,
    "f32x4.lt": 0x43,
    "f32x4.gt": 0x44,
    "f32x4.le": 0x45,
    "f32x4.ge": 0x46,
    "f64x2.eq": 0x47,
    "f64x2.ne": 0x48,
    "f64x2.lt": 0x49,
    "f64x2.gt": 0x4a,
    "f64x2.le": 0x4b,
    "v128.and": 0x4e,
    "v128.andnot": 0x4f,
    "v128.or": 0x50,
    "v128.xor": 0x51,
    "i32x4.add": 0xae,
    "i32x4.sub": 0xb1,
    "i32x4.mul": 0xb5,
    "i32x4.min_s": 0xb6,
    "i32x4.min_u": 0xb7,
    "i32x4.max_s": 0xb8,
    "i32x4.max_u": 0xb9,
    "i64x2.add": 0xce,
    "i64x2.sub": 0xd1,
    "i64x2.mul": 0xd5,
    "f32x4.add": 0xe4,
    "f32x4.sub": 0xe5,
    "f32x4.mul": 0xe6,
    "f32x4.div": 0xe7,
    "f32x4.min": 0xe8,
    "f32x4.max": 0xe9,
    "f32x4.pmin": 0xea,
    "f32x4.pmax": 0xeb,
    "f64x2.add": 0xf0,
    "f64x2.sub": 0xf1,
    "f64x2.mul": 0xf2,
    "f64x2.div": 0xf3,
    "f64x2.min": 0xf4,
    "f64x2.max": 0xf5,
    "f64x2.pmin": 0xf6,
    "f64x2.pmax": 0xf7,
  }),
  ...signature(
    ["v128", "v128", "v128"],
    "v128",
    SIMD,
  )({
    "v128.bitselect": 0x52,
    "f32x4.relaxed_madd": 0x105,
    "f64x2.relaxed_madd": 0x107,
  }),
} as const

export type OpName = keyof typeof ops
export type Params<N extends OpName> = (typeof ops)[N]["params"]
export type Result<N extends OpName> = (typeof ops)[N]["result"]

/** Memory instructions: code, log2 of the natural alignment, type moved. */
const memory =
  <T extends Type>(type: T, prefix = 0) =>
  <N extends string>(codes: Record<N, readonly [code: number, align: number]>) => {
    const out = {} as Record<N, { readonly code: number; readonly align: number; readonly type: T }>
    for (const name of Object.keys(codes) as N[]) out[name] = { code: prefix + codes[name][0], align: codes[name][1], type }
    return out
  }

export const loads = {
  ...memory("i32")({ "i32.load": [0x28, 2] }),
  ...memory("f32")({ "f32.load": [0x2a, 2] }),
  ...memory("f64")({ "f64.load": [0x2b, 3] }),
  ...memory(
    "v128",
    SIMD,
  )({
    "v128.load": [0, 4],
    "v128.load32_splat": [9, 2],
    "v128.load64_splat": [10, 3],
    "v128.load32_zero": [0x5c, 2],
    "v128.load64_zero": [0x5d, 3],
  }),
} as const

export const stores = {
  ...memory("i32")({ "i32.store": [0x36, 2] }),
  ...memory("f32")({ "f32.store": [0x38, 2] }),
  ...memory("f64")({ "f64.store": [0x39, 3] }),
  ...memory("v128", SIMD)({ "v128.store": [0x0b, 4] }),
} as const

export type LoadName = keyof typeof loads
export type StoreName = keyof typeof stores
