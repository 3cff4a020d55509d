// The loop IR: indices, expressions, statements. An op's body is written in it, and it is all that a backend sees.
export * from "./expr.ts"
export * from "./ix.ts"
export * from "./stmt.ts"
export * from "./walk.ts"
