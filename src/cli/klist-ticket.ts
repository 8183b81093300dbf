import type { Principal } from '../messages/principal.ts';

const NOWHERE = -1;

/**
 * Whether a ticket names `server` in ASCII, as nearly all do: seen at a tenth of what it costs to decode it. Of what is
 * no ticket it may be true or false (RFC 4120 §5.3).
 */
export function namesServer(ticket: Uint8Array, { realm, components }: Principal): boolean {
  let at = contentAt(ticket, contentAt(ticket, 0, 0x61), 0x30);
  const afterVersion = endOf(ticket, at, 0xa0);
  at = afterText(ticket, contentAt(ticket, afterVersion, 0xa1), realm);
  at = contentAt(ticket, contentAt(ticket, at, 0xa2), 0x30);
  const afterNameType = endOf(ticket, at, 0xa0);
  const names = contentAt(ticket, afterNameType, 0xa1);
  at = contentAt(ticket, names, 0x30);
  for (const component of components) at = afterText(ticket, at, component);
  return at !== NOWHERE && at === endOf(ticket, names, 0x30);
}

/** Where the content of the element at `at` begins, if that carries the tag. */
function contentAt(bytes: Uint8Array, at: number, tag: number): number {
  if (at === NOWHERE || bytes[at] !== tag) return NOWHERE;
  const first = bytes[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

function endOf(bytes: Uint8Array, at: number, tag: number): number {
  const content = contentAt(bytes, at, tag);
  if (content === NOWHERE) return NOWHERE;
  if (content === at + 2) return content + bytes[at + 1]!;
  let length = 0;
  for (let i = at + 2; i < content; i++) length = length * 256 + bytes[i]!;
  return content + length;
}

/** The end of a GeneralString at `at` that is just `text`. */
function afterText(bytes: Uint8Array, at: number, text: string): number {
  const content = contentAt(bytes, at, 0x1b);
  const end = content + text.length;
  if (content === NOWHERE || endOf(bytes, at, 0x1b) !== end) return NOWHERE;
  for (let i = 0; i < text.length; i++) {
    const octet = bytes[content + i];
    if (octet !== text.charCodeAt(i) || octet > 0x7f) return NOWHERE;
  }
  return end;
}
