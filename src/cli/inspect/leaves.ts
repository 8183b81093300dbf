import { bytesToHex, bytesToText } from '../../codec/text.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import type { PrincipalName } from '../../messages/types.ts';
import { numberWithName } from './names.ts';
import type { Node } from './node.ts';

/** A PrincipalName, as one line. */
export function principalNameNode(name: string, { nameType, nameString }: PrincipalName): Node {
  const text = formatPrincipal({ nameType, components: nameString, realm: '' }, { realm: false });
  return { name, value: `${text}, ${numberWithName('nameType', nameType)}` };
}

/** A principal with its realm, as one line. */
export function principalNode(name: string, value: Readonly<Record<string, unknown>>): Node {
  const principal = value as { nameType: number; components: readonly string[]; realm: string };
  return {
    name,
    value: `${formatPrincipal(principal)}, ${numberWithName('nameType', principal.nameType)}`,
  };
}

/** A HostAddress, as one line. */
export function addressNode(
  name: string,
  { addrType }: Readonly<Record<string, unknown>>,
  address: Uint8Array,
): Node {
  const text =
    addrType === 2 && address.length === 4
      ? address.join('.')
      : addrType === 20
        ? JSON.stringify(bytesToText(address).trimEnd())
        : bytesToHex(address).replace(/(.{4})(?=.)/g, '$1:');
  return { name, value: `${text}, ${numberWithName('addrType', addrType as number)}` };
}

/** In UTC. */
export function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '(no time)' : date.toISOString().replace('.000Z', 'Z');
}
