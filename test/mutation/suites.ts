// What a mutant is, and the suites that may be named for one.

/** The wrong programs of test/types, or tests of vitest: files, the part of a test's name that narrows them, and what the laws read. */
export type Suite =
  | "wrong programs"
  | { readonly files: readonly string[]; readonly only?: string; readonly env?: Readonly<Record<string, string>> }
export interface Mutant {
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file: where the code has moved on, the run says so and stops. */
  readonly find: string
  readonly replace: string
  readonly suite: Suite
  /** An environment variable without which the suite says nothing about this. */
  readonly needs?: string
}
/** type: rules of the type level. derivative: rules of ops and of the transformations. kernel: scalar definitions, compiler, backends. */
export type Kind = "type" | "derivative" | "kernel"

const law =
  (file: string) =>
  (op: string): Suite => ({ files: [`test/laws/${file}.test.ts`], env: { ADJOINT_OP: op } })
/** The laws about one op: jvp, vjp, second derivatives; vmap; lowering; types against run time. */
export const derivativesOf = law("derivatives")
export const batchesOf = law("batching")
export const loweringOf = law("structure")
export const twinsOf = law("twins")
/** One op on one backend against the reference. */
export const on = (backend: "wasm" | "gpujs-webasm", op: string): Suite => ({
  files: ["test/laws/backends.test.ts"],
  env: { ADJOINT_BACKEND: backend, ADJOINT_OP: op },
})
/** Tests of one file, all or those whose name contains `only`. */
export const tests = (file: string, only?: string): Suite => ({ files: [`test/${file}.test.ts`], ...(only ? { only } : {}) })
