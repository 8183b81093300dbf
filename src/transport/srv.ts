import type { StopSignal } from './stop-signal.ts';
/** One SRV record (RFC 2782). */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Resolves to the SRV records of a name, none if it has none; rejects when DNS gives no answer. */
export type SrvLookup = (name: string, signal: StopSignal) => Promise<readonly SrvRecord[]>;

/** Milliseconds for one question to one DNS server, and how often it is asked. */
const QUERY = { timeout: 2000, tries: 2 };

/** Look-ups by the system's DNS servers or by `servers`, as `address:port`. */
export function createSrvLookup(servers?: readonly string[]): SrvLookup {
  return async (name, signal) => {
    const { Resolver } = await import('node:dns/promises');
    const resolver = new Resolver(QUERY);
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel);
    try {
      return await resolver.resolveSrv(name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

/** Records in the order to try them: by priority, and by chance according to weight within one. */
export function orderByChance<R extends { readonly priority: number; readonly weight: number }>(
  records: readonly R[],
  random: () => number = Math.random,
): R[] {
  // A record of the greater weight is the likelier to have the least of these, in RFC 2782's proportion.
  const chance = new Map(records.map(record => [record, -Math.log(1 - random()) / (record.weight || 1e-3)]));
  return [...records].sort((a, b) => a.priority - b.priority || chance.get(a)! - chance.get(b)!);
}
