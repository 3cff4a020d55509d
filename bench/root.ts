import { pathToFileURL } from "node:url"

/** The repository: npm runs its scripts there. The benchmark runs compiled, as users run the package, so its own files lie elsewhere. */
export const root = pathToFileURL(`${process.cwd()}/`)
