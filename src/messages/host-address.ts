import { ADDR_INET, ADDR_INET6 } from './numbers.ts';
import type { HostAddress } from './types.ts';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The HostAddress of an address in text, as a socket reports it (RFC 4120 §7.5.3); undefined if the text is no address.
 */
export function hostAddress(text: string): HostAddress | undefined {
  const plain = text.replace(/%.*$/, '');
  const inet = parseInet(MAPPED.exec(plain)?.[1] ?? plain);
  if (inet !== undefined) return { addrType: ADDR_INET, address: inet };
  const inet6 = parseInet6(plain);
  return inet6 && { addrType: ADDR_INET6, address: inet6 };
}

/** Whether two addresses are the same. */
export function sameAddress(a: HostAddress, b: HostAddress): boolean {
  return (
    a.addrType === b.addrType &&
    a.address.length === b.address.length &&
    a.address.every((byte, i) => byte === b.address[i])
  );
}

function parseInet(text: string): Uint8Array | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts?.every(part => part < 256) ? Uint8Array.from(parts) : undefined;
}

function parseInet6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(half => (half === '' ? [] : half.split(':').flatMap(groupBytes)));
  const missing = 16 - head!.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  const bytes = [...head!, ...new Array<number>(tail === undefined ? 0 : missing).fill(0), ...(tail ?? [])];
  return bytes.some(Number.isNaN) ? undefined : Uint8Array.from(bytes);
}

/** The bytes of a group of hexadecimal digits or of an IPv4 address at the end; NaN for anything else. */
function groupBytes(group: string): number[] {
  const inet = parseInet(group);
  if (inet !== undefined) return [...inet];
  if (!/^[0-9a-f]{1,4}$/i.test(group)) return [Number.NaN];
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
