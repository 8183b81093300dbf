import type { HostAddress } from '../messages/types.ts';

// Address types of RFC 4120 §7.5.3.
const ADDRTYPE_INET = 2;
const ADDRTYPE_INET6 = 24;

/** A ticket's address for display; `resolve` asks for the name of the host. */
export async function describeAddress(
  { addrType, address }: HostAddress,
  { resolve }: { readonly resolve: boolean },
): Promise<string> {
  const length = addressLength(addrType);
  if (length === undefined) return `unknown addrtype ${addrType}`;
  if (address.length !== length) return `broken address (type ${addrType} length ${address.length})`;
  const text = addrType === ADDRTYPE_INET ? address.join('.') : await ipv6Text(address);
  return (resolve && (await hostName(text))) || text;
}

function addressLength(addrType: number): number | undefined {
  if (addrType === ADDRTYPE_INET) return 4;
  return addrType === ADDRTYPE_INET6 ? 16 : undefined;
}

async function ipv6Text(address: Uint8Array): Promise<string> {
  const { SocketAddress } = await import('node:net');
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map(i => (address[i]! * 256 + address[i + 1]!).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

async function hostName(address: string): Promise<string | undefined> {
  const { promises } = await import('node:dns');
  try {
    return (await promises.lookupService(address, 0)).hostname;
  } catch {
    return undefined;
  }
}
