// The package for Node in few files: it takes 0.3 ms to find and link each, and there are four hundred of source. Bundlers
// get the files as they are (package.json, "exports"): they drop what a program does not use.
import { builtinModules } from "node:module"
import { defineConfig } from "vite"

// What a program needs before its first result is two files: this one, and the backend's, which is loaded when a device is opened. What
// imports Effect, and what few programs need, is not among it.
const shared = new RegExp(
  "/src/(core|scalar|ops|random|transform|nn|optim|compiler/(?!print)|pure|tensor|promise/(tensor|values)|" +
    "runtime/(call|eventually|execute|lru|open|store)|backends/(errors|wasm/engine))",
)

export default defineConfig({
  logLevel: "warn",
  build: {
    outDir: "dist/node",
    target: "node20",
    minify: false, // costs 5 ms of a cold start, but Node prints the line of an error that nobody catches; comments cost 3
    sourcemap: true,
    ssr: true,
    rolldownOptions: {
      input: Object.fromEntries(
        ["index", "tensor", "promise", "core/index", "scalar/index", "algebra/index", "testing/index"].map((name) => [
          name.replace("/index", ""),
          `src/${name}.ts`,
        ]),
      ),
      external: [...builtinModules, /^node:/, /^effect/, /^fp-ts/, "fast-check", "gpu.js", "koffi", "webgpu"],
      output: {
        comments: false,
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name].js",
        codeSplitting: {
          groups: [
            { name: "adjoint", test: shared, priority: 1 },
            { name: "wasm", test: /backends\/wasm\/(index|math)\./, priority: 0 },
          ],
        },
      },
    },
  },
})
