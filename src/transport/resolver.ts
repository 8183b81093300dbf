import type { Resolver } from 'node:dns/promises';
import { errnoOf } from '../errno.ts';
import type { StopSignal } from './stop-signal.ts';

export interface ResolveOptions {
  readonly signal: StopSignal;
  /** Servers as `address:port`; those of the system if not given. */
  readonly servers?: readonly string[] | undefined;
}

/** Milliseconds for one query to one DNS server, and the number of attempts. */
const QUERY = { timeout: 2000, tries: 2 };
const LATE = 'no answer';

/**
 * Queries Node's resolver. Resolves to none if the name has no such records; rejects when DNS does not answer, or not
 * before `signal` is aborted.
 */
export async function resolveRecords<T>(
  ask: (resolver: Resolver) => Promise<readonly T[]>,
  { signal, servers }: ResolveOptions,
): Promise<readonly T[]> {
  const { Resolver } = await import('node:dns/promises');
  // The signal tells of its end once: it would not cancel what begins afterwards.
  if (signal.aborted) throw new Error(LATE);
  const resolver = new Resolver(QUERY);
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await ask(resolver);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw signal.aborted ? new Error(LATE, { cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
