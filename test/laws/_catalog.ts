import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
const dir = fileURLToPath(new URL("../../src/ops/", import.meta.url))
export const catalog: Record<string, Record<string, unknown>> = {}
for (const f of readdirSync(dir)) {
  if (!f.endsWith(".ts") || f.startsWith("_") || f === "index.ts" || f === "catalog.ts" || f === "generate.ts") continue
  try {
    catalog[f.slice(0, -3)] = await import(/* @vite-ignore */ dir + f)
  } catch (e) {
    console.log(f, String(e).split("\n")[0])
  }
}
