import { bytesToText, textToBytes } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';

/** What `kdb5_util dump` writes of a principal, in its version 7 (krb5 1.11 and later). */
export interface MitPrincipal {
  readonly name: string;
  readonly attributes: number;
  /** Seconds; 0 for no limit. */
  readonly maxLife: number;
  readonly maxRenewableLife: number;
  /** Seconds since 1970; 0 for never. */
  readonly expiration: number;
  readonly passwordExpiration: number;
  /** Tagged data by its type. */
  readonly tagged: readonly MitTagged[];
  readonly keys: readonly MitKey[];
}

export interface MitTagged {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export interface MitKey {
  readonly kvno: number;
  readonly etype: number;
  /** The key's length in two octets, little-endian, and its ciphertext under the master key. */
  readonly sealed: Uint8Array;
  /** The type of its salt and, for some types, the salt itself; undefined for the default one. */
  readonly salt?: MitTagged | undefined;
}

/** The beginning of such a dump. */
export const MIT_HEADER = 'kdb5_util load_dump version 7';

const BASE_LENGTH = 38;
/** Far more than a principal has of anything. */
const MAX_COUNT = 10_000;
const MAX_UINT32 = 0xffffffff;

/** The line of a principal, without its end. */
export function formatMitPrincipal(principal: MitPrincipal): string {
  const { name, tagged, keys } = principal;
  const fields = [
    'princ',
    BASE_LENGTH,
    textToBytes(name).length,
    tagged.length,
    keys.length,
    0,
    name,
    principal.attributes,
    principal.maxLife,
    principal.maxRenewableLife,
    principal.expiration,
    principal.passwordExpiration,
    // The last success, the last failure, the count of failures.
    ...[0, 0, 0],
    ...tagged.flatMap(taggedFields),
    ...keys.flatMap(({ kvno, etype, sealed, salt }) => [
      salt === undefined ? 1 : 2,
      kvno,
      ...taggedFields({ type: etype, bytes: sealed }),
      ...(salt === undefined ? [] : taggedFields(salt)),
    ]),
    // No data of the database module's own.
    '-1;',
  ];
  return fields.join('\t');
}

/** Takes the fields of a principal's line apart. Throws KerberosError DUMP_FORMAT. */
export function parseMitPrincipal(line: string): MitPrincipal {
  const fields = new FieldReader(line);
  fields.text();
  if (fields.number() !== BASE_LENGTH) throw malformed('this is of another version');
  fields.number();
  const [taggedCount, keyCount] = [fields.count(), fields.count()];
  fields.number();
  const name = fields.text();
  const [attributes, maxLife, maxRenewableLife, expiration, passwordExpiration] = fields.numbers(5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  fields.numbers(3);
  const tagged = Array.from({ length: taggedCount }, () => fields.tagged());
  const keys: MitKey[] = [];
  for (let i = 0; i < keyCount; i++) {
    const [version, kvno] = [fields.number(), fields.number()];
    const { type: etype, bytes: sealed } = fields.tagged();
    keys.push({ kvno, etype, sealed, salt: version > 1 ? fields.tagged() : undefined });
  }
  return { name, attributes, maxLife, maxRenewableLife, expiration, passwordExpiration, tagged, keys };
}

function taggedFields({ type, bytes }: MitTagged): (number | string)[] {
  return [type, bytes.length, bytes.length === 0 ? '-1' : Buffer.from(bytes).toString('hex')];
}

/** The fields of a line, one after another. */
export class FieldReader {
  private readonly fields: readonly string[];
  private next = 0;

  constructor(line: string) {
    this.fields = line.replace(/;$/, '').split('\t');
  }

  /** Whether there are no more. */
  get ended(): boolean {
    return this.next >= this.fields.length;
  }

  text(): string {
    const field = this.fields[this.next++];
    if (field === undefined) throw malformed('it ends early');
    return field;
  }

  number(): number {
    const number = Number(this.text());
    // Some times are written with a sign.
    if (Number.isInteger(number) && Math.abs(number) <= MAX_UINT32) return number >>> 0;
    throw malformed('a number is none');
  }

  numbers(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.number());
  }

  count(): number {
    const count = this.number();
    if (count > MAX_COUNT) throw malformed('a count is too great');
    return count;
  }

  tagged(): MitTagged {
    const [type, length, text] = [this.number(), this.number(), this.text()];
    const bytes = text === '-1' ? new Uint8Array(0) : Uint8Array.from(Buffer.from(text, 'hex'));
    if (bytes.length !== length) throw malformed('bytes are missing');
    return { type, bytes };
  }
}

/** DUMP_FORMAT; `reason` goes on in the middle of a sentence. */
export function malformed(reason: string): KerberosError {
  return new KerberosError('DUMP_FORMAT', `The dump cannot be read: ${reason}`);
}

/** The lines of a dump, numbered from 1; names in it may be arbitrary bytes. */
export function* dumpLines(bytes: Uint8Array): Iterable<readonly [number, string]> {
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    number++;
    if (end > start) yield [number, bytesToText(bytes.subarray(start, end))];
    start = end + 1;
  }
}

/** Runs `read` on a line; adds the line's number to its errors. */
export function inLine<T>(number: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof KerberosError) || cause.code === 'DATABASE_KEY') throw cause;
    throw new KerberosError('DUMP_FORMAT', `${cause.message} (line ${number})`, { cause });
  }
}
