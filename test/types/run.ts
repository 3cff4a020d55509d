// npm run test:types. Prints what fails, then one line of JSON.
import { check } from "./check.ts"

export { check } from "./check.ts"

const { checked, problems } = check()
for (const p of problems) console.log(p)
console.log(JSON.stringify({ checked, failed: problems.length }))
process.exitCode = problems.length > 0 || checked === 0 ? 1 : 0
