import type { Responder } from './kdc.ts';

/** Does what one request brings; what is thrown there is told to the responder, and must not end what serves all others. */
export function guarded<T>(responder: Responder, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    try {
      responder.failed?.(error);
    } catch {
      // A log that fails is what may have been thrown in the first place.
    }
    return undefined;
  }
}
