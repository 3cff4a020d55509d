// Results that may be promises: a device that answers at once costs no microtask.
import type { Eventually } from "../backends/backend.ts"

/** `then` for values that may be promises. */
export const andThen = <A, B>(a: Eventually<A>, f: (a: A) => Eventually<B>): Eventually<B> =>
  a instanceof Promise ? a.then(f) : f(a)
export const allOf = <A>(as: readonly Eventually<A>[]): Eventually<A[]> =>
  as.some((a) => a instanceof Promise) ? Promise.all(as) : (as as A[]).slice()
/** Runs `undo` if f fails, sooner or later. */
export const guarded = <A>(f: () => Eventually<A>, undo: () => void): Eventually<A> => {
  const fail = (e: unknown): never => {
    undo()
    throw e
  }
  try {
    const r = f()
    return r instanceof Promise ? r.catch(fail) : r
  } catch (e) {
    return fail(e)
  }
}
/** Runs `end` when f is done, however it ends. */
export const ensuring = <A>(f: () => Eventually<A>, end: () => void): Eventually<A> =>
  andThen(guarded(f, end), (a) => {
    end()
    return a
  })
