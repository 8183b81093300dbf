import type { Principal } from '../../messages/principal.ts';

const NOWHERE = -1;

/**
 * Whether a ticket names `server` in ASCII and short names, as nearly all do: this costs a tenth of decoding the
 * ticket. False may also mean that it cannot tell, and it may be true for bytes that are no ticket (RFC 4120 §5.3).
 */
export function namesServer(ticket: Uint8Array, { realm, components }: Principal): boolean {
  // Ticket and its SEQUENCE may be long; tkt-vno takes five bytes, the tag of realm two.
  const start = contentAt(ticket, contentAt(ticket, 0)) + 7;
  const sname = afterText(ticket, start, realm);
  if (sname === NOWHERE || !isPrincipalName(ticket, sname)) return false;
  let at = sname + 13;
  const end = at + ticket[at - 1]!;
  for (const component of components) at = afterText(ticket, at, component);
  return at === end;
}

function contentAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

/** Whether the sname of a ticket is at `at`, with a name-type of one byte, up to the names. */
function isPrincipalName(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0xa2 &&
    bytes[at + 1]! < 0x80 &&
    bytes[at + 2] === 0x30 &&
    bytes[at + 4] === 0xa0 &&
    bytes[at + 5] === 3 &&
    bytes[at + 9] === 0xa1 &&
    bytes[at + 11] === 0x30
  );
}

/** The end of a GeneralString at `at` that is exactly `text`. */
function afterText(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length > 0x7f || bytes[at] !== 0x1b || bytes[at + 1] !== length) return NOWHERE;
  const content = at + 2;
  for (let i = 0; i < length; i++) {
    const octet = bytes[content + i];
    if (octet !== text.charCodeAt(i) || octet > 0x7f) return NOWHERE;
  }
  return content + length;
}
