// Options of layers that are named in their types.

/** The sentence for an option that there is not, as optionsIn says it; never where all are known. The compiler's own check of object
 *  literals does not look at options that may be refused for another reason. */
export type NoOption<Kind extends string, O, Names extends readonly string[]> = [Exclude<keyof O, Names[number]>] extends [never]
  ? never
  : `${Kind}: there is no option ${Exclude<keyof O, Names[number]> & string}; the options are ${Commas<Names>}`
type Commas<L, Acc extends string = ""> = L extends readonly [infer H extends string, ...infer R]
  ? Commas<R, Acc extends "" ? H : `${Acc}, ${H}`>
  : Acc
