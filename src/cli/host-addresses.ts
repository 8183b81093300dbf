import { networkInterfaces } from 'node:os';
import { hostAddress } from '../messages/host-address.ts';
import type { HostAddress } from '../messages/types.ts';

/**
 * This host's addresses for tickets (RFC 4120 §7.5.3), without those that others cannot reach, after those of `extra`,
 * which are addresses or host names; unknown names are omitted.
 */
export async function hostAddresses(extra: readonly string[]): Promise<readonly HostAddress[]> {
  const resolved = await Promise.all(extra.map(resolve));
  const own = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
  return [...resolved.flat(), ...own].flatMap(address => hostAddress(address) ?? []);
}

async function resolve(name: string): Promise<readonly string[]> {
  const { promises } = await import('node:dns');
  try {
    return (await promises.lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
