// JSON text whose records name each member once. JSON.parse keeps the last of several members of one name and drops the others.

/** The first name that a record repeats. The text must be valid JSON. */
export const repeated = (text: string): string | undefined => {
  const open: (Set<string> | undefined)[] = [] // the names seen in the records around this place; lists have none
  for (const token of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g)) {
    const [found, colon] = token
    if (found === "{") open.push(new Set())
    else if (found === "[") open.push(undefined)
    else if (found === "}" || found === "]") open.pop()
    else if (colon !== undefined) {
      const name = JSON.parse(found.slice(0, found.length - colon.length)) as string
      const seen = open.at(-1)!
      if (seen.has(name)) return name
      seen.add(name)
    }
  }
  return undefined
}
