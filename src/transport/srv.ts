import { resolveRecords } from './resolver.ts';
import type { StopSignal } from './stop-signal.ts';
/** One SRV record (RFC 2782). */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Resolves to the SRV records of a name, none if it has none; rejects when DNS does not answer. */
export type SrvLookup = (name: string, signal: StopSignal) => Promise<readonly SrvRecord[]>;

/** Look-ups by the system's DNS servers or by `servers`, as `address:port`. */
export function createSrvLookup(servers?: readonly string[]): SrvLookup {
  return (name, signal) => resolveRecords(resolver => resolver.resolveSrv(name), { signal, servers });
}

/** Records in the order in which to try them: by priority, and within a priority at random according to weight. */
export function orderByChance<R extends { readonly priority: number; readonly weight: number }>(
  records: readonly R[],
  random: () => number = Math.random,
): R[] {
  // The greater a record's weight, the likelier it has the smallest of these numbers, in the proportion of RFC 2782.
  const chance = new Map(records.map(record => [record, -Math.log(1 - random()) / (record.weight || 1e-3)]));
  return [...records].sort((a, b) => a.priority - b.priority || chance.get(a)! - chance.get(b)!);
}
