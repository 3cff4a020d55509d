export * as Init from "./initialisers.ts"
export * as Loss from "./losses.ts"
export * as Net from "./net.ts"
