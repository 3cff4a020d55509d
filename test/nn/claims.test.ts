// What networks say of themselves as types, they are when they run: parameters, peak of activations, paths and shapes of layers.
import { describe, expect, it } from "vitest"
import * as Net from "../../src/nn/net.ts"
import { claims } from "../types/fixtures/networks.ts"

describe("claims that the compiler has checked hold when the program runs", () => {
  it.each(Object.entries(claims))("%s", (_, { net, says }) => {
    expect({
      parameters: net.parameters,
      peakActivations: net.peakActivations,
      rows: Net.rows(net as never),
    }).toEqual(says)
  })
})
