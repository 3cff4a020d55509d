// The gpu.js devices that exist here. webgpu runs on SwiftShader, asked for by name, where the environment says that it is installed.
import type { Backend } from "../../../src/backends/backend.ts"
import { gpujs } from "../../../src/backends/gpujs/index.ts"

export interface TestDevice {
  readonly name: string
  readonly open: () => Promise<Backend>
  /** Is f32 exact as JavaScript's (webasm), or within the shader language's bounds? */
  readonly exact: boolean
}
export const webgpuHere = process.env.ADJOINT_SWIFTSHADER === "1"
if (!webgpuHere) console.log("gpujs-webgpu: skipped: ADJOINT_SWIFTSHADER is not 1 (no software adapter was set up; see .ci/run)")

export const devices: readonly TestDevice[] = [
  { name: "webasm", open: () => gpujs({ mode: "webasm" }), exact: true },
  { name: "cpu", open: () => gpujs({ mode: "cpu" }), exact: true },
  ...(webgpuHere ? [{ name: "webgpu", open: () => gpujs({ mode: "webgpu", adapter: "software" }), exact: false }] : []),
]
