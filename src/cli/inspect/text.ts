import { bytesToText } from '../../codec/text.ts';

/** Twice the longest cache that anybody has. */
const MAX_TEXT = 8 << 20;
/** A token in a header, wherever that stands: in a request, in what curl tells, in a log. */
const TOKENS = /\b(?:negotiate|kerberos)\s+([\w+/-]+={0,2})/gi;

/**
 * What text may mean, the likeliest first, each as one or several values: a dump with offsets, base64, hexadecimal,
 * headers of HTTP.
 */
export function meaningsOf(bytes: Uint8Array): readonly (readonly Uint8Array[])[] {
  if (bytes.length > MAX_TEXT) return [];
  const text = bytesToText(bytes);
  const alone = text
    .replace(/-----[A-Z ]+-----/g, '')
    .replace(/^\s*(?:(?:proxy-|www-)?auth[a-z-]*:\s*)?(?:negotiate|kerberos)\s+/i, '');
  const all = [
    fromDump(text),
    fromText(alone),
    ...[...text.matchAll(TOKENS)].map(([, token = '']) => fromText(token)),
  ];
  const [dump, whole, ...tokens] = all.map(each => (each === undefined ? [] : [each]));
  return [dump!, whole!, tokens.flat()].filter(values => values.length > 0);
}

/** A line of a dump: the offset, and what comes after it. */
const DUMPED = /^\s*(?:0x)?([\da-f]{4,8}):?(?:\s+(.*))?$/is;
const LONGEST_LINE = 64;

/** What xxd, hexdump -C, Wireshark, tcpdump -X and Java show: on each line an offset, bytes, and mostly the same as text. */
function fromDump(text: string): Uint8Array | undefined {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  const parts = lines.map(line => DUMPED.exec(line.trimEnd()));
  const [first, second] = parts;
  if (!first || !second || parts.includes(null)) return undefined;
  const size = Number.parseInt(second[1]!, 16) - Number.parseInt(first[1]!, 16);
  if (!(size > 0 && size <= LONGEST_LINE)) return undefined;
  // The last line is shorter, but the text on it begins in the same column as above.
  const bytes = new RegExp(`^(?:[\\da-f]{2}[\\s-]*){0,${size}}`, 'i');
  const column = bytes.exec(first[2] ?? '')![0].length;
  const hex = parts.map(part => bytes.exec((part?.[2] ?? '').slice(0, column))![0].replace(/[^\da-f]/gi, ''));
  return Buffer.from(hex.join(''), 'hex');
}

/** Base64, or hexadecimal digits with what is usual between them; undefined for what is neither. */
function fromText(written: string): Uint8Array | undefined {
  const text = written.replace(/\s+/g, '');
  const hex = text.replace(/0x|\\x|[:,]/gi, '');
  if (hex === '') return undefined;
  if (hex.length % 2 === 0 && /^[\da-f]*$/i.test(hex)) return Buffer.from(hex, 'hex');
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
