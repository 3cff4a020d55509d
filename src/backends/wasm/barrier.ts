// Where the threads of a program meet. The words lie in the memory's first page, below all blocks, each on a cache line of its own.
import type { Func } from "./asm.ts"
import type { Module } from "./module.ts"

/** Byte addresses: how many have arrived, and the number of the meeting. */
export const ARRIVED = 1024
export const MEETING = 1088
/** Looks before a thread goes to sleep: some 20 microseconds. */
const SPINS = 20_000
/** A thread that is alone for so long has lost the others: it stops with an error instead of waiting for ever. */
const PATIENCE = 120

/** All threads leave when the last one has arrived. Spinning costs 0.12 microseconds, a sleeper is woken in 40. */
export const emitBarrier = (module: Module, threads: number): Func<readonly [], "none"> => {
  const f = module.func([], "none")
  const meeting = f.let("i32", f.atomicLoad(f.i32(MEETING)))
  const here = () => f.op("i32.eq", f.atomicLoad(f.i32(MEETING)), f.get(meeting))
  const spins = f.let("i32", f.i32(SPINS))
  f.if(
    f.op("i32.eq", f.atomicAdd(f.i32(ARRIVED), f.i32(1)), f.i32(threads - 1)),
    () => {
      f.atomicStore(f.i32(ARRIVED), f.i32(0))
      f.drop(f.atomicAdd(f.i32(MEETING), f.i32(1)))
      f.drop(f.notify(f.i32(MEETING), f.i32(threads)))
    },
    () =>
      f.block((exit) => {
        f.loop((again) => {
          f.brIf(exit, f.op("i32.eqz", here()))
          f.brIf(again, f.tee(spins, f.op("i32.sub", f.get(spins), f.i32(1))))
        })
        f.loop((again) => {
          f.if(f.op("i32.eq", f.wait(f.i32(MEETING), f.get(meeting), PATIENCE), f.i32(2)), () => f.unreachable())
          f.brIf(again, here())
        })
      }),
  )
  return f
}
