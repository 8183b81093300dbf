import { networkInterfaces } from 'node:os';
import { hostAddress } from '../messages/host-address.ts';
import type { HostAddress } from '../messages/types.ts';

/** The addresses of this host that others can reach it by, as tickets carry them (RFC 4120 §7.5.3). */
export function hostAddresses(): readonly HostAddress[] {
  return Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .flatMap(({ address }) => hostAddress(address) ?? []);
}
