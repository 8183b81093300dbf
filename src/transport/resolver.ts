import type { Resolver } from 'node:dns/promises';
import type { StopSignal } from './stop-signal.ts';

export interface ResolveOptions {
  readonly signal: StopSignal;
  /** Servers as `address:port`; the system's if not given. */
  readonly servers?: readonly string[] | undefined;
}

/** Milliseconds for one question to one DNS server, and how often it is asked. */
const QUERY = { timeout: 2000, tries: 2 };

/** Asks Node's resolver. None where the name has no such records; rejects when DNS gives no answer. */
export async function resolveRecords<T>(
  ask: (resolver: Resolver) => Promise<readonly T[]>,
  { signal, servers }: ResolveOptions,
): Promise<readonly T[]> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver(QUERY);
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await ask(resolver);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
