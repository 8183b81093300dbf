import type { Responder } from './kdc.ts';

/** Runs `work` for one request; errors are reported to the responder and must not end the server. */
export function guarded<T>(responder: Responder, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    try {
      responder.failed?.(error);
    } catch {
      // The log may be what failed in the first place.
    }
    return undefined;
  }
}
