import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ADDR_INET, ADDR_INET6 } from '../messages/numbers.ts';
import type { HostAddress } from '../messages/types.ts';

/** The addresses of this host that others can reach it by, as tickets carry them (RFC 4120 §7.5.3). */
export function hostAddresses(): readonly HostAddress[] {
  return Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => toHostAddress(address));
}

/** An address in text form as a message carries it. */
export function toHostAddress(text: string): HostAddress {
  const address = text.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (!isIPv6(address)) return { addrType: ADDR_INET, address: Uint8Array.from(address.split('.'), Number) };
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const words = [...before, ...zeros, ...after].map(group => Number.parseInt(group, 16));
  return { addrType: ADDR_INET6, address: Uint8Array.from(words.flatMap(word => [word >> 8, word & 0xff])) };
}
