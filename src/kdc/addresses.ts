import { hostAddress, sameAddress } from '../messages/host-address.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { ADDR_INET, ADDR_INET6 } from '../messages/numbers.ts';
import type { HostAddress } from '../messages/types.ts';

/**
 * Whether a ticket bound to `allowed` may come from `peer`, an IP address in text (RFC 4120 §3.2.3). A ticket without
 * IP addresses may come from anywhere, even if it has others, such as Windows' NetBIOS names; and so may any ticket if
 * the sender's address is unknown, as within a process.
 */
export function mayComeFrom(peer: string | undefined, allowed: readonly HostAddress[] | undefined): boolean {
  if (peer === undefined || allowed === undefined) return true;
  const inet = allowed.filter(({ addrType }) => addrType === ADDR_INET || addrType === ADDR_INET6);
  if (inet.length === 0) return true;
  const own = hostAddress(peer);
  return own !== undefined && inet.some(address => sameAddress(address, own));
}

/** The addresses to which a request asks to bind the ticket. An empty list, which no ticket has, stands for none. */
export function requestedAddresses({ addresses }: KdcReqBody): KdcReqBody['addresses'] {
  return addresses?.length === 0 ? undefined : addresses;
}
