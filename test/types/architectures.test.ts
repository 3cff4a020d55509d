// The networks of the literature, as they are when they run: what the compiler was told of them (fixtures/architectures), and the
// published layer tables, where they lie beside the repository. Wrong variants are refused in the words of the compiler.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { isSlot, type Slots } from "../../src/nn/arrow.ts"
import * as Net from "../../src/nn/net.ts"
import { sentence } from "../nn/help.ts"
import { expectationsOf } from "./check.ts"

const folder = join(import.meta.dirname, "fixtures/architectures")
const tables = join(import.meta.dirname, "../../../shared/data/architectures")

interface Layer {
  readonly name: string
  readonly kind: string
  readonly outputShape: readonly number[]
  readonly weightShape?: readonly number[]
}
interface Table {
  readonly input: { readonly layout: string }
  readonly parameterTotal: number
  readonly layers: readonly Layer[]
}
interface Known {
  readonly net: Net.AnyNetwork & Net.Counted
  readonly claimed: { readonly says: { readonly parameters: number; readonly rows: readonly (readonly [string, unknown])[] } }
}
/** The table of each module. */
const tableOf: Readonly<Record<string, string>> = {
  alexnet: "alexnet-torchvision",
  alexnet2012: "alexnet-2012",
  bertBase: "bert-base",
  googlenet: "googlenet-torchvision",
  googlenetAux: "googlenet-torchvision-aux",
  googlenetPaper: "googlenet-paper",
  googlenetPaperAux: "googlenet-paper-aux",
  gpt2Medium: "gpt2-medium",
  gpt2Small: "gpt2-small",
  lenet5: "lenet5",
  mobilenetV2: "mobilenet-v2",
  resnet101: "resnet101",
  resnet18: "resnet18",
  resnet34: "resnet34",
  resnet50: "resnet50",
  unet: "unet-2015",
  vgg11: "vgg11",
  vgg16: "vgg16",
  vgg19: "vgg19",
  vitB16: "vit-b16",
}
const modules = Object.keys(tableOf)
const load = (name: string): Promise<Known> => import(join(folder, `${name}.ts`)) as Promise<Known>

// ---- tables ----------------------------------------------------------------------------------------------------------
/** The kinds of rows that are called otherwise: theirs, and of ours the sums and joins that a combinator ends with. */
const kinds: Readonly<Record<string, string>> = {
  residual: "add",
  skip: "concat",
  linear: "dense",
  batchNorm2d: "batchNorm",
  addPositionEmbedding: "positionEmbedding",
  reshapeTranspose: "reshape",
  slice: "selectToken",
}
/** Rows of the tables that are steps within one layer of ours: attention is one, and so is the sum with a table of positions. */
const within = (name: string): boolean =>
  /\.(query|key|value|scores|softmax|context|c_attn|split|values|merge|qkv)$/.test(name) || /^(position|wpe)$/.test(name)
/** Rows of ours that pass tensors on, or begin a sum that the tables have in one row. */
const passes = new Set(["select", "identity", "total"])
/** What a row of a table is to us. */
const kindOf = ({ name, kind }: Layer): string =>
  /^(layer\d+\.output|h\d+\.attn\.c_proj|block\d+\.proj)$/.test(name)
    ? "multiHeadAttention"
    : name === "embed.add"
      ? "positionEmbedding"
      : name === "logits"
        ? "unembedding"
        : (kinds[kind] ?? kind)
const channelsLast = (s: readonly number[], layout: string): readonly number[] =>
  layout === "CHW" && s.length === 3 ? [s[1]!, s[2]!, s[0]!] : s
const leaves = (slots: Slots): (readonly number[])[] => Object.values(slots).flatMap((v) => (isSlot(v) ? [v.shape] : leaves(v)))
const weights = (shapes: readonly (readonly number[])[]): string[] =>
  shapes
    .filter((s) => s.length > 1)
    .map((s) => [...s].sort((a, b) => a - b).join(" x "))
    .sort()

describe.each(modules)("%s", (name) => {
  it("is what the compiler says", async () => {
    const { net, claimed } = await load(name)
    expect({
      parameters: net.parameters,
      peakActivations: net.peakActivations,
      rows: Net.rows(net as never),
    }).toEqual(claimed.says)
  })
  it("has the layers of the table", async () => {
    const file = join(tables, `${tableOf[name]}.json`)
    if (!existsSync(file))
      return console.log(`${name}: no table to compare with, ${tableOf[name]}.json is not beside the repository`)
    const { net } = await load(name)
    const table = JSON.parse(readFileSync(file, "utf8")) as Table
    expect(net.parameters).toBe(table.parameterTotal)
    const theirs = table.layers
      .filter((l) => !within(l.name))
      .map((l) => `${kindOf(l)} ${channelsLast(l.outputShape, table.input.layout).join(" x ")}`)
    const ours = net.plan.rows
      .filter((r) => !passes.has(r.kind))
      .map((r) => `${kinds[r.kind] ?? r.kind} ${(r.out as { shape: readonly number[] }).shape.slice(1).join(" x ")}`)
    expect(ours).toEqual(theirs)
    // kernels and tables: their sizes, whatever the order of their axes
    expect(weights(leaves(net.plan.params))).toEqual(
      weights(
        table.layers.flatMap((l) =>
          l.name === "logits" ? [] : l.kind === "addPositionEmbedding" ? [l.outputShape] : l.weightShape ? [l.weightShape] : [],
        ),
      ),
    )
  })
})

const programs = readdirSync(folder)
  .filter((f) => f.endsWith(".fx.ts"))
  .flatMap((f) => {
    const source = readFileSync(join(folder, f), "utf8")
    const lines = source.split("\n")
    return expectationsOf(f, source)
      .filter((e) => !e.sentence.startsWith("Argument"))
      .map((e) => ({ file: f, source, sentence: e.sentence, code: lines.slice(e.from - 1, e.to).join("\n") }))
      .filter((p) => !p.code.includes("predict("))
  })
describe("wrong variants are refused in the same words when they run", () => {
  it("more than two for each network", () => expect(programs.length).toBeGreaterThan(2 * modules.length))
  it.each(programs.map((p) => [p.file, p.sentence, p] as const))("%s: %s", async (_, text, { source, code }) => {
    const scope: Record<string, unknown> = { Net }
    for (const [, names, from] of source.matchAll(/^import \{ ([^}]*) \} from "\.\/(\w+)\.ts"$/gm)) {
      const all = (await import(join(folder, `${from}.ts`))) as Record<string, unknown>
      for (const name of names!.split(", ")) {
        const [exported, local = exported] = name.split(" as ")
        scope[local!] = all[exported!]
      }
    }
    const run = new Function(...Object.keys(scope), code) as (...args: readonly unknown[]) => unknown
    expect(sentence(() => run(...Object.values(scope)))).toBe(text)
  })
})
