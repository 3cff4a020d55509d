import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: { conditions: ["adjoint-source"] },
  ssr: { resolve: { conditions: ["adjoint-source"] } },
  test: { include: ["test/**/*.test.ts"], exclude: ["test/types/fixtures/**"], testTimeout: 120_000, hookTimeout: 120_000, pool: "forks", maxWorkers: 2 },
})
