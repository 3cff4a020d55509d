import * as Data from "effect/Data"

/** The loss became NaN or infinite. */
export class NonFinite extends Data.TaggedError("NonFinite")<{ readonly step: number; readonly loss: number }> {
  override get message(): string {
    return `train: the loss is ${this.loss} at step ${this.step}; use a smaller learning rate, clip gradients, or check the input`
  }
}
