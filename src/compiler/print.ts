// Loop IR as text, for people. Names depend on the structure only, so that equal programs print alike.
import type { Atom, Buf, Cond, Expr, Ix, Kernel, Stmt } from "../core/ir/index.ts"
import { classify } from "./contraction.ts"
import type { Lowered } from "./lowered.ts"

const letters = "ijklmnopqrsuvwxyz"

const LARGE = 60
/** Nodes that occur several times and would take more than so many nodes each time; not named yet. */
const largeAndShared = (root: Expr): Map<Expr, string> => {
  const uses = new Map<Expr, number>()
  const sizes = new Map<Expr, number>()
  const size = (x: Expr): number => {
    uses.set(x, (uses.get(x) ?? 0) + 1)
    const known = sizes.get(x)
    if (known !== undefined) return known
    const below = x.k === "fn" ? x.args : x.k === "guard" || x.k === "reduce" ? [x.body] : []
    const n = below.reduce((sum, y) => sum + size(y), 1)
    sizes.set(x, n)
    return n
  }
  size(root)
  return new Map([...uses].filter(([x, n]) => n > 1 && sizes.get(x)! > LARGE).map(([x]) => [x, ""]))
}

export const print = (l: Lowered): string => {
  const bufs = new Map<Buf, string>()
  l.args.forEach((b, k) => {
    bufs.set(b, `arg${k}`)
  })
  l.outs.forEach((b, k) => {
    bufs.set(b, `out${k}`)
  })
  let temps = 0
  const buf = (b: Buf): string => {
    const known = bufs.get(b)
    if (known) return known
    const name = `t${temps++}`
    bufs.set(b, name)
    return name
  }
  let names = new Map<Atom, string>()
  const axisName = (a: Atom): string => {
    let n = names.get(a)
    if (!n) {
      const k = names.size
      names.set(a, (n = letters[k % letters.length]! + (k < letters.length ? "" : Math.floor(k / letters.length))))
    }
    return n
  }
  const atom = (a: Atom): string =>
    a.kind === "axis"
      ? axisName(a)
      : a.kind === "dyn"
        ? `<${expr(a.x!)}>`
        : `(${index(a.e!)}${a.kind === "div" ? "/" : "%"}${a.d})`
  const index = (e: Ix): string => {
    const terms = e.t.map(([k, a]) => (k === 1 ? atom(a) : k === -1 ? `-${atom(a)}` : `${k}${atom(a)}`))
    if (e.c !== 0 || terms.length === 0) terms.push(String(e.c))
    return terms.join("+").replaceAll("+-", "-")
  }
  const cond = (c: Cond): string => ("n" in c ? `0<=${index(c.e)}<${c.n}` : `${c.by}|${index(c.e)}`)
  // Large values that are used several times are printed once, under a name: written out, random bits would take 2^100 characters.
  let shared = new Map<Expr, string>()
  let named: string[] = []
  const expr = (x: Expr): string => {
    if (!shared.has(x)) return text(x)
    if (!shared.get(x)) {
      const name = `v${[...shared.values()].filter((n) => n).length}`
      shared.set(x, name)
      const at = named.push("") - 1
      named[at] = `${name} = ${text(x)}`
    }
    return shared.get(x)!
  }
  const text = (x: Expr): string => {
    switch (x.k) {
      case "num":
        return String(x.v)
      case "idx":
        return index(x.e)
      case "read":
        return `${buf(x.buf)}[${x.at.map(index).join()}]`
      case "fn":
        return `${x.f.name}${x.f.name === "cast" ? `:${x.dtype}` : ""}(${x.args.map(expr).join(", ")})`
      case "guard":
        return `{${x.when.map(cond).join(" & ")}: ${expr(x.body)} else ${x.other}}`
      case "reduce":
        return `${x.kind}[${x.axes.map((a) => `${axisName(a)}<${a.n}`).join()}${x.upto ? ` <=${index(x.upto)}` : ""}](${expr(x.body)})`
    }
  }
  const kernel = (k: Kernel, pad: string): string => {
    shared = largeAndShared(k.value)
    named = []
    const axes = k.axes.map((a) => `${axisName(a)}<${a.n}`).join()
    const text = `${pad}${buf(k.out)}[${k.at.map(index).join()}] ${k.accumulate ? `${k.accumulate}=` : "="} ${expr(k.value)}`
    const c = classify(k)
    const roles =
      c && `   // contraction M ${c.m.map(axisName).join()} N ${c.n.map(axisName).join()} K ${c.k.map(axisName).join()}`
    const where = named.map((n) => `\n${pad}  ${n}`).join("")
    return `${text}   for ${axes || "one element"}${roles ?? ""}${where}`
  }
  const lines = (stmts: readonly Stmt[], pad: string): string[] =>
    stmts.flatMap((s) => {
      if (pad === "") names = new Map()
      if (s.k === "kernel") return [kernel(s, pad)]
      const head =
        s.k === "nest"
          ? `rows ${s.axes.map((a) => `${axisName(a)}<${a.n}`).join()}`
          : `loop ${axisName(s.t)}<${s.t.n}${s.reverse ? " reversed" : ""}`
      return [pad + head, ...lines(s.body, `${pad}  `)]
    })
  const shown = (b: Buf): string => `${buf(b)} ${b.dtype}[${b.shape.join()}]`
  const outs = l.outs.map((b, k) => shown(b) + (l.alias[k] === undefined ? "" : ` in ${buf(l.args[l.alias[k]!]!)}`))
  const body = lines(l.stmts, "")
  return [`(${l.args.map(shown).join(", ")}) -> (${outs.join(", ")})`, ...body].join("\n")
}
