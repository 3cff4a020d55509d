// What leaves a loop, what is overwritten in place, what is computed again: broken.
import { type Mutant, tests } from "./suites.ts"

const loops = tests("compiler/loops")
const remat = tests("transform/remat")

export const loopMutants: readonly Mutant[] = [
  {
    name: "loops: a product that needs the carry is computed before",
    file: "src/compiler/motion.ts",
    find: "varying.has(t) && !recurrent.has(t)",
    replace: "varying.has(t)",
    suite: loops,
  },
  {
    name: "loops: sums forget what they start from",
    file: "src/compiler/motion.ts",
    find: "linear().add(l.ins[at.carries + c.at]!, make(total, [each], null))",
    replace: "make(total, [each], null)",
    suite: loops,
  },
  {
    name: "loops: a sum that a step reads is computed afterwards",
    file: "src/compiler/motion.ts",
    find: "users.get(own)?.length === 1 &&",
    replace: "",
    suite: loops,
  },
  {
    name: "loops: independent rows leave their loop",
    file: "src/compiler/motion.ts",
    find: "const wanted = [...group].filter(read)",
    replace: "const wanted = [...group]",
    suite: loops,
  },
  {
    name: "carries: the old value is overwritten before its last reader",
    file: "src/compiler/carry.ts",
    find: "if (late.length === 0) return order",
    replace: "return order",
    suite: loops,
  },
  {
    name: "temporaries in place: of a value that is read again",
    file: "src/compiler/reuse.ts",
    find: "parts.includes(i) && mayOverwrite",
    replace: "mayOverwrite",
    suite: tests("compiler/residues", "parts in place"),
  },
  {
    name: "temporaries in place: parts that meet",
    file: "src/compiler/reuse.ts",
    find: "parts.slice(0, k).every((h) => apart(stmts[h]!, stmts[i]!))",
    replace: "true",
    suite: tests("compiler/residues", "parts in place"),
  },
  {
    name: "remainders: the last element of a part is left out",
    file: "src/compiler/residues.ts",
    find: "axis(Math.ceil((a.n - c) / n))",
    replace: "axis(Math.max(1, Math.floor((a.n - c) / n)))",
    suite: tests("compiler/residues", "every element"),
  },
  {
    name: "remainders: statements without end",
    file: "src/compiler/residues.ts",
    find: "p * n, 1) > MOST",
    replace: "p * n, 1) > MOST * MOST",
    suite: tests("compiler/residues", "is pinned"),
  },
  {
    name: "remainders: the first taps for all of them",
    file: "src/compiler/residues.ts",
    find: "plus(times(axis(to.n), to.step), to.from)",
    replace: "plus(times(axis(to.n), to.step))",
    suite: tests("compiler/residues", "every element"),
  },
  {
    name: "margins: a copy for several sums as large as the last one needs",
    file: "src/compiler/contraction.ts",
    find: "[Math.min(lo, others[d]![0]), Math.max(hi, others[d]![1])]",
    replace: "[lo, hi]",
    suite: tests("compiler/residues", "is pinned"),
  },
  {
    name: "remat: nothing is computed again",
    file: "src/transform/remat.ts",
    find: "const again = ins.map((x) => raw(barrier(x)))",
    replace: "const again = ins",
    suite: remat,
  },
  {
    name: "remat: recomputation does not wait",
    file: "src/compiler/schedule.ts",
    find: "const orders = [listed(touched, before, users, undefined), listed(touched, before, users, depthFirst(before))]",
    replace: "const orders = [listed(touched, before, users, undefined)]",
    suite: tests("compiler/memory"),
  },
  {
    name: "remat: a loop stacks what it would compute again",
    file: "src/ops/_residuals.ts",
    find: "if (n.op === barrier || n.ins",
    replace: "if (n.ins",
    suite: remat,
  },
]
