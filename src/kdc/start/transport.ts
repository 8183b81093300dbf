import { TransportError } from '../../errors.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Responder } from '../kdc.ts';
import type { MemoryDatabase } from '../memory-database.ts';

/** Carries requests to a KDC in the same process. */
export function transportTo(kdc: Responder, database: Pick<MemoryDatabase, 'realm'>): Transport {
  return async (realm, request, signal) => {
    if (database.realm(realm) === undefined) {
      throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for realm "${realm}"`, realm);
    }
    if (signal?.aborted) throw aborted(realm, signal);
    const reply = kdc.handle(request);
    const held = kdc.delay?.() ?? 0;
    if (held > 0) await pause(held, signal);
    if (signal?.aborted) throw aborted(realm, signal);
    if (reply === undefined) {
      throw new TransportError('KDC_UNREACHABLE', `Cannot contact any KDC for realm '${realm}'`, realm);
    }
    return reply;
  };
}

/** Resolves after some milliseconds, or as soon as the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(end, milliseconds);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
}

function aborted(realm: string, { reason }: AbortSignal): TransportError {
  return new TransportError('ABORTED', 'aborted', realm, [], { cause: reason });
}
