// Whole programs, forward, backward and update in one, on every gpu.js device: the reference judges.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { captured, inSession, inline } from "../../../src/core/index.ts"
import { devices } from "./_devices.ts"
import { more, runProgram } from "./_programs.ts"
import { programs, type ZooProgram } from "../../zoo.ts"
import { worst } from "./_run.ts"

const all: readonly ZooProgram[] = [...programs(), ...more()]
for (const d of devices)
  describe(`programs on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    test.each(all.map((p) => [p.name, p] as const))("%s", async (_, { program, values, donated }) => {
      const inputs = evaluate([...values, ...captured(program)])
      const want = evaluate(inSession(() => inline(program, values)))
      const { got, again } = await runProgram(b, program, inputs, donated)
      got.forEach((g, k) => {
        // Sums of up to 400 terms of order 1 in f32; SwiftShader's exp and log are good to 3e-6.
        expect(worst(g, [...want[k]!]), `output ${k}: ${g.slice(0, 5)} not ${[...want[k]!].slice(0, 5)}`).toBeLessThan(1e-5)
      })
      // The same bits again, whatever was left in the memory.
      expect(again).toEqual(got)
      expect(b.live()).toEqual({ buffers: 0, bytes: 0 })
    })
  })
