import { networkInterfaces } from 'node:os';
import { hostAddress } from '../messages/host-address.ts';
import type { HostAddress } from '../messages/types.ts';

/**
 * The addresses of this host that others can reach it by, as tickets carry them (RFC 4120 §7.5.3), after those of `extra`,
 * which are addresses or names of hosts; what nobody knows of them is left out.
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
