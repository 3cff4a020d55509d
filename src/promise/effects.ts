// Effects of the library on the device of a session.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Device } from "../runtime/device.ts"
import type { OpenDevice } from "../runtime/open.ts"

export interface Effects {
  readonly run: <A, E>(program: Effect.Effect<A, E, Device | Scope.Scope>) => Promise<A>
  /** Ends the scope that the values of all runs belong to. */
  readonly close: () => Promise<void>
}
export const effectsOn = (opened: () => OpenDevice): Effects => {
  const scope = Scope.makeUnsafe()
  return {
    run: (program) =>
      Effect.runPromise(
        program.pipe(
          Effect.provideServiceEffect(Device, Effect.try({ try: opened, catch: (e) => e })),
          Effect.provideService(Scope.Scope, scope),
        ),
      ),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
