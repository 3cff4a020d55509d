// One workload on one device: checked against the reference, then timed.
import * as Effect from "effect/Effect"
import type * as Context from "effect/Context"
import type * as Scope from "effect/Scope"
import { flatten, type RawTensor } from "../src/core/index.ts"
import type { HostArrays } from "../src/core/dtype.ts"
import { storageOf } from "../src/core/leaf.ts"
import { size } from "../src/core/shape.ts"
import { Device } from "../src/runtime/device.ts"
import type { OpenDevice } from "../src/runtime/open.ts"
import { jit, read, run, type RunError } from "../src/runtime/jit.ts"
import { DeviceStorage } from "../src/runtime/store.ts"
import * as T from "../src/tensor.ts"
import { inside } from "./devices.ts"
import { type Outputs, referenceOf } from "./reference.ts"
import { type Workload, workloads } from "./workloads.ts"

type Task<A = void> = Effect.Effect<A, RunError, Device | Scope.Scope>
type Program = Pick<Workload, "f" | "args" | "donate">
type Call = (...args: readonly unknown[]) => Task<unknown>
const median = (a: readonly number[]): number => [...a].sort((x, y) => x - y)[a.length >> 1]!
const release = (t: RawTensor): void => {
  const s = storageOf(t)
  if (s instanceof DeviceStorage) s.release()
}

// ---- correctness ---------------------------------------------------------------------------------------------------
/** Largest error of each output, relative to its largest value; of updated parameters, to their largest change. */
const errorsOf = (w: Workload, got: Readonly<Record<string, ArrayLike<number>>>, want: Outputs): Record<string, number> => {
  const before = w.donate.length > 0 ? (w.args[0] as Readonly<Record<string, RawTensor>>) : {}
  return Object.fromEntries(
    Object.entries(want).map(([k, ref]) => {
      const [values, base] = [got[k], before[k] && storageOf(before[k])!.host]
      if (values?.length !== ref.length) return [k, Number.NaN]
      let [error, largest] = [0, 0]
      ref.forEach((r, i) => {
        const e = Math.abs(values[i]! - r)
        if (!(e <= error)) error = e // a NaN sticks
        largest = Math.max(largest, Math.abs(base ? r - base[i]! : r))
      })
      return [k, error / (largest || 1)]
    }),
  )
}

// ---- time ----------------------------------------------------------------------------------------------------------
/** What a row says: ms, but for `overhead`. */
export interface Timing {
  readonly median: number
  readonly min: number
  readonly reps: number
  readonly inner: number
  readonly cpu: number
}
/** n steps, in a row. */
type Steps = (n: number) => Promise<unknown>

const clock = async (steps: Steps, n: number): Promise<number> => {
  const from = performance.now()
  await steps(n)
  return performance.now() - from
}
/** Warm for a quarter of a second (worker threads take 50 ms to come, and the pool about as long to trust them), then at least seven
 *  samples, each long enough for the clock, for so many ms. */
const timed = async (steps: Steps, sampled = 600): Promise<Timing> => {
  let est = Number.POSITIVE_INFINITY
  for (let spent = 0, calls = 0; (spent < 250 || calls < 3) && !(est > 2000 && calls > 0); calls++) {
    const t = await clock(steps, 1)
    spent += t
    est = Math.min(est, t)
  }
  const inner = Math.max(1, Math.min(5000, Math.ceil(3 / est)))
  await clock(steps, inner)
  const reps = est > 400 ? 3 : Math.max(7, Math.min(41, Math.floor(sampled / (inner * est))))
  const [cpu, from] = [process.cpuUsage(), performance.now()]
  const samples: number[] = []
  for (let r = 0; r < reps; r++) samples.push((await clock(steps, inner)) / inner)
  const used = process.cpuUsage(cpu)
  const wall = performance.now() - from
  return {
    median: median(samples),
    min: Math.min(...samples),
    reps,
    inner,
    cpu: +((used.user + used.system) / 1e3 / wall).toFixed(2),
  }
}
const put = (v: unknown, at: (t: RawTensor) => RawTensor): unknown =>
  typeof v === "object" && v !== null && "node" in v
    ? at(v as RawTensor)
    : Array.isArray(v)
      ? v.map((x) => put(x, at))
      : Object.fromEntries(Object.entries(v as object).map(([k, x]) => [k, put(x, at)]))
/** The arguments' values on the device. */
const resident = (args: readonly unknown[]): Task<unknown[]> =>
  Effect.gen(function* () {
    const { leaves } = flatten(args)
    const here = (yield* run(leaves)) as readonly RawTensor[]
    const of = new Map(leaves.map((t, k) => [t, here[k]!]))
    return args.map((a) => put(a, (t) => of.get(t)!))
  })

/** 1000 operations, one after the other, on the numbers of the first argument; the result on the host. */
const chainOf = (w: Workload, call: Call, args: readonly unknown[]): Task<ArrayLike<number>> => {
  const [x, c] = args as readonly [RawTensor, RawTensor]
  const body =
    w.chain === "lazy"
      ? Effect.suspend(() => {
          let y: T.AnyTensor = x
          for (let k = 0; k < 1000; k++) y = T.add(y, c)
          return read(y as RawTensor)
        })
      : Effect.gen(function* () {
          let y: unknown = x
          for (let k = 0; k < 1000; k++) y = yield* w.chain === "eager" ? run(T.add(y as RawTensor, c)) : call(y, c)
          return yield* read(y as RawTensor)
        })
  return w.chain === "lazy" ? body : Effect.scoped(body)
}
/** A step: f called, its results copied to the host or not, then freed. Of a training only the loss is; the rest is what the next takes. */
const stepper = (w: Program, call: Call, first: readonly unknown[]): ((copy: boolean) => Task) => {
  const train = w.donate.length > 0
  // Results are read into the same arrays, as a loop would.
  const arrays: HostArrays["f32"][] = []
  let args = first
  return (copy) =>
    Effect.gen(function* () {
      const out = yield* call(...args)
      const mine = train ? [(out as readonly [unknown, RawTensor])[1]] : flatten(out).leaves
      if (copy)
        for (const [k, t] of mine.entries()) yield* read(t as T.Tensor<number[]>, (arrays[k] ??= new Float32Array(size(t.shape))))
      for (const t of mine) release(t)
      if (train) args = [(out as readonly unknown[])[0], ...args.slice(1)]
    })
}
const compiled = (w: Program): Call => jit(w.f as (...args: unknown[]) => unknown, { donate: w.donate }) as unknown as Call

/** Microseconds of a step that are not spent inside compiled programs, the median of at least 50 steps: as it is, and (on one thread) of
 *  steps whose program is left out, so that nothing displaces from the caches what the rest of the step needs. What is called has been
 *  made warm by another training, as it is in any that takes longer than a bench. */
const outside = (step: Task): Task<Pick<Row, "overhead" | "overhead_hot">> =>
  Effect.gen(function* () {
    const xor = workloads.find(({ name }) => name === "xor_train")!.make()
    const small = stepper(xor, compiled(xor), yield* resident(xor.args))
    for (let k = 0; k < 4000; k++) yield* small(true)
    const measured = (skip: boolean): Task<number> =>
      Effect.gen(function* () {
        const took: number[] = []
        Object.assign(inside, { on: true, skip })
        for (const start = performance.now(); took.length < 50 || (performance.now() - start < 500 && took.length < 5000); ) {
          inside.ms = 0
          const from = performance.now()
          yield* step
          took.push(performance.now() - from - inside.ms)
        }
        Object.assign(inside, { on: false, skip: false })
        return +(1000 * median(took)).toFixed(2)
      })
    inside.calls = 0
    const overhead = yield* measured(false)
    if (inside.calls === 0) return {}
    const { backend } = yield* Device
    return "threads" in backend ? { overhead } : { overhead, overhead_hot: yield* measured(true) }
  })

const repeat = (context: Context.Context<Device | Scope.Scope>, step: () => Task<unknown>): Steps => {
  return (n) =>
    Effect.runPromise(
      Effect.gen(function* () {
        for (let k = 0; k < n; k++) yield* step()
      }).pipe(Effect.provideContext(context)),
    )
}
const on = <A>(device: OpenDevice, task: Task<A>): Promise<A> =>
  Effect.runPromise(Effect.scoped(task).pipe(Effect.provideService(Device, device)))

/** ms of a step whose results stay on the device; for a curve of many points, so sampled for a quarter of the time. */
export const stepTime = (device: OpenDevice, w: Program): Promise<number> =>
  on(
    device,
    Effect.gen(function* () {
      const context = yield* Effect.context<Device | Scope.Scope>()
      const step = stepper(w, compiled(w), yield* resident(w.args))
      return (yield* Effect.promise(() =>
        timed(
          repeat(context, () => step(false)),
          150,
        ),
      )).median
    }),
  )

export interface Row extends Partial<Timing> {
  readonly status: "ok" | "wrong" | "error"
  readonly reason?: string
  /** The first call: trace, compile, run, results to the host. */
  readonly first_ms?: number
  /** A step whose results stay in the device's memory. */
  readonly resident?: number
  readonly resident_min?: number
  /** Microseconds of JavaScript in a step of training: what is outside of the compiled program. */
  readonly overhead?: number
  /** The same with the program left out. */
  readonly overhead_hot?: number
  readonly err?: number
}
export const measure = (device: OpenDevice, w: Workload): Promise<Row> => on(device, rowOf(w))

const rowOf = (w: Workload): Task<Row> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Device | Scope.Scope>()
    const want = referenceOf(w.spec)
    const call = compiled(w)
    const args = yield* resident(w.args)
    const from = performance.now()
    const first = w.chain ? [] : flatten(yield* call(...(w.donate.length > 0 ? w.args : args))).leaves
    const values: ArrayLike<number>[] = w.chain ? [yield* chainOf(w, call, args)] : []
    for (const t of first) values.push(yield* read(t))
    const first_ms = +(performance.now() - from).toFixed(2)
    for (const t of first) release(t)
    const errors = errorsOf(w, Object.fromEntries(w.outs.map((k, i) => [k, values[i]!])), want)
    const [worst, err] = Object.entries(errors).reduce((a, e) => (e[1] <= a[1] ? a : e), ["", 0] as [string, number])
    if (!(err <= w.spec.tol)) return { status: "wrong", reason: `${worst}: relative error ${err} > ${w.spec.tol}` } as const

    const step = stepper(w, call, args)
    const steps = (copy: boolean): Steps => repeat(context, () => (w.chain ? chainOf(w, call, args) : step(copy)))
    const copied = yield* Effect.promise(() => timed(steps(true)))
    const kept = w.chain ? undefined : yield* Effect.promise(() => timed(steps(false)))
    const overheads = w.donate.length > 0 ? yield* outside(step(true)) : {}
    const scale = w.spec.unit === "us/step" ? 1000 : 1
    return {
      status: "ok",
      ...copied,
      median: copied.median * scale,
      min: copied.min * scale,
      ...(kept ? { resident: kept.median * scale, resident_min: kept.min * scale } : {}),
      ...overheads,
      first_ms,
      ...(w.flops === undefined ? {} : { gflops: +(w.flops / copied.median / 1e6).toFixed(2) }),
      ...(w.bytes === undefined ? {} : { gbs: +(w.bytes / copied.median / 1e6).toFixed(2) }),
      err,
    } as const
  })
