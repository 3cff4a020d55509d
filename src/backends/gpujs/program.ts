// A program planned for a gpu.js device, before code is made of it.
import type { Axis, Buf } from "../../core/ir/index.ts"
import type { Lowered } from "../../compiler/lowered.ts"
import type { Compiled, DeviceBuffer } from "../backend.ts"
import { checkArguments, checkProgram } from "./check.ts"
import type { Handle, handles } from "./handles.ts"
import { plan, type PlanTarget, type Run, type Step } from "./plan.ts"
import { type Layout, layOut } from "./slots.ts"

export type Handles<M> = ReturnType<typeof handles<M>>
export interface Program<M = Float32Array> {
  readonly lowered: Lowered
  readonly steps: readonly Step[]
  readonly layout: Layout
  /** Every scalar that some kernel takes. */
  readonly scalars: ReadonlySet<Axis | "inf" | "nan">
  readonly handles: Handles<M>
  /** After the last step: results become handles, donated arguments go. */
  readonly finish: (args: readonly DeviceBuffer[], donated: readonly boolean[], result: (b: Buf) => M) => readonly Handle<M>[]
}
export const runsOf = (steps: readonly Step[]): Run[] =>
  steps.flatMap((s) => (s.k === "run" ? [s] : s.k === "loop" ? runsOf(s.body) : []))

export const planned = <M>(lowered: Lowered, target: PlanTarget, own: Handles<M>): Program<M> => {
  checkProgram(lowered, target.device)
  const steps = plan(lowered.stmts, target)
  return {
    lowered,
    steps,
    layout: layOut(steps),
    scalars: new Set(runsOf(steps).flatMap((r) => r.source.scalars)),
    handles: own,
    finish: (args, donated, result) => {
      const memories = lowered.outs.map(result)
      args.forEach((a, k) => {
        if (donated[k]) own.free(a)
      })
      return lowered.outs.map((b, k) => own.give(memories[k]!, b))
    },
  }
}
/** A program made runnable by one of the modes. */
export interface Runnable {
  readonly listing: () => string
  readonly run: Compiled["run"]
  /** Gives its own memory and kernels back. */
  readonly release: () => void
}
/** With the checks that all modes share. */
export const guardedBy = (p: { readonly lowered: Lowered }, device: string, r: Runnable): Compiled => {
  let disposed = false
  return {
    listing: r.listing,
    get disposed() {
      return disposed
    },
    dispose: () => {
      if (!disposed) r.release()
      disposed = true
    },
    run: (args, donated) => {
      if (disposed) throw new Error(`${device}: a program was run after it had been disposed of; compile it again`)
      checkArguments(p.lowered, args, device)
      return r.run(args, donated)
    },
  }
}
/** Every kernel's source, once, in the order of first use, and the steps. */
export const listing = <M>(p: Program<M>): string => {
  const seen = new Map<string, number>()
  const out: string[] = []
  const walk = (steps: readonly Step[], pad: string): void => {
    for (const s of steps) {
      if (s.k === "loop") {
        out.push(`${pad}for ${s.t.n}${s.reverse ? " (downwards)" : ""}:`)
        walk(s.body, `${pad}  `)
      } else if (s.k === "run") {
        const n = seen.get(s.source.source)
        const id = n ?? seen.size
        seen.set(s.source.source, id)
        const call = `kernel${id}[${s.source.output.join(", ")}](${s.source.inputs.map((b) => `b${b.id}`).join(", ")})`
        out.push(`${pad}b${s.out.id} = ${call}${n === undefined ? `\n${s.source.source}` : ""}`)
      } else if (s.k === "copy")
        out.push(`${pad}b${s.to.id}[${s.offset.c}${s.offset.t.map(([q]) => `+${q}*t`).join("")} ...] = b${s.from.id}`)
      else out.push(`${pad}b${s.out.id}[b${s.at.id}[u]] ${s.kind}= b${s.value.id}[u]`)
    }
  }
  walk(p.steps, "")
  return out.join("\n")
}
