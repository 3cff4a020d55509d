// The package for Node: each entry one file, what they share in chunks. Node takes 0.3 ms to find and link a file, and there are four
// hundred. Bundlers get the files as they are (package.json, "exports"): they drop what a program does not use.
import { builtinModules } from "node:module"
import { defineConfig } from "vite"

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
      output: { comments: false, entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" },
    },
  },
})
