import { ADDR_INET, ADDR_INET6 } from '../messages/numbers.ts';
import type { HostAddress } from '../messages/types.ts';

/**
 * Whether a ticket bound to `allowed` may come from `peer`, an IP address in text (RFC 4120 §3.2.3). A ticket without
 * addresses may come from anywhere, as may one with none that IP has, such as Windows' NetBIOS names; so may all where
 * the sender's address is not known, as in process.
 */
export function mayComeFrom(peer: string | undefined, allowed: readonly HostAddress[] | undefined): boolean {
  if (peer === undefined || allowed === undefined) return true;
  const inet = allowed.filter(({ addrType }) => addrType === ADDR_INET || addrType === ADDR_INET6);
  if (inet.length === 0) return true;
  const own = toHostAddress(peer);
  return inet.some(
    ({ addrType, address }) => addrType === own.addrType && Buffer.from(own.address).equals(address),
  );
}

/** The address of an IP address in text; one of IPv4 within IPv6 is the former. */
export function toHostAddress(text: string): HostAddress {
  const dotted = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  if (dotted !== undefined)
    return { addrType: ADDR_INET, address: Uint8Array.from(dotted.split('.'), Number) };
  // What follows `%` names an interface of this host.
  const [head = '', tail] = text.replace(/%.*/, '').split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const words =
    tail === undefined
      ? before
      : [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
  return { addrType: ADDR_INET6, address: Uint8Array.from(words.flatMap(word => [word >> 8, word & 0xff])) };
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16));
}
