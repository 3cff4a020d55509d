// A compiled program, run once.
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { type HostArray, hostArray, type Program } from "../../../src/core/index.ts"

/** The outputs' values; everything that was made for them is freed, the compiled program too. */
export const once = (
  device: Backend,
  exe: Compiled,
  { params }: Program,
  inputs: readonly ArrayLike<number>[],
): readonly HostArray[] => {
  const args = params.map((t, k) => {
    const h = hostArray(t.dtype, inputs[k]!.length)
    h.set(inputs[k]!)
    return device.upload(h, t) as DeviceBuffer
  })
  const outs = exe.run(
    args,
    args.map(() => false),
  ) as readonly DeviceBuffer[]
  const values = outs.map((b) => device.download(b) as HostArray)
  for (const b of [...args, ...outs]) device.free(b)
  exe.dispose()
  return values
}
