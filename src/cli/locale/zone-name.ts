import { type OpenFile, withFile } from './read-at.ts';
import { offsetName } from './time-locale.ts';

const MAX_SIZE = 65_536;
const HEADER_SIZE = 44;

/** The abbreviation of the local time zone at `date`, such as `CET`, from the system's zone file (RFC 8536). */
export function zoneName(date: Date, env: Readonly<Record<string, string | undefined>>): string {
  const offset = -60 * date.getTimezoneOffset();
  const name = withFile(zoneFile(env), file => abbreviation(file, Math.floor(date.getTime() / 1000), offset));
  return name ?? offsetName(date);
}

function zoneFile(env: Readonly<Record<string, string | undefined>>): string {
  const zone = env.TZ?.replace(/^:/, '');
  if (zone === undefined) return '/etc/localtime';
  return zone.startsWith('/') ? zone : `${env.TZDIR || '/usr/share/zoneinfo'}/${zone || 'UTC'}`;
}

/**
 * The name of the period in force, looked up backwards from `time` to the last one of the offset that `Date` uses:
 * a table may stop years ago and leave the rest to a rule, which alternates between names it has used before.
 */
function abbreviation(file: OpenFile, time: number, offset: number): string | undefined {
  const bytes = file.size <= MAX_SIZE ? file.read(0, file.size) : undefined;
  if (bytes === undefined || bytes.toString('latin1', 0, 4) !== 'TZif') return undefined;
  const table = readTable(bytes);
  let at = table.times.findLastIndex(start => start <= time);
  for (; at >= 0; at--) {
    const type = table.types[table.indexes[at]!];
    if (type?.offset === offset) return type.name;
  }
  return table.types.find(type => type.offset === offset)?.name;
}

interface ZoneTable {
  readonly times: readonly number[];
  readonly indexes: Uint8Array;
  readonly types: readonly { readonly offset: number; readonly name: string }[];
}

/** Reads past the end throw RangeError, which the caller takes for "no such file". */
function readTable(bytes: Buffer): ZoneTable {
  const v1 = readCounts(bytes, 0);
  const hasV2 = bytes[4]! >= 0x32;
  const start = hasV2 ? HEADER_SIZE + dataLength(v1, 4) : 0;
  const counts = hasV2 ? readCounts(bytes, start) : v1;
  const width = hasV2 ? 8 : 4;

  const timesAt = start + HEADER_SIZE;
  const indexesAt = timesAt + width * counts.times;
  const typesAt = indexesAt + counts.times;
  const namesAt = typesAt + 6 * counts.types;
  return {
    times: Array.from({ length: counts.times }, (_, i) =>
      hasV2 ? Number(bytes.readBigInt64BE(timesAt + 8 * i)) : bytes.readInt32BE(timesAt + 4 * i),
    ),
    indexes: bytes.subarray(indexesAt, typesAt),
    types: Array.from({ length: counts.types }, (_, i) => {
      const at = namesAt + bytes.readUInt8(typesAt + 6 * i + 5);
      return {
        offset: bytes.readInt32BE(typesAt + 6 * i),
        name: bytes.toString('latin1', at, bytes.indexOf(0, at)),
      };
    }),
  };
}

interface Counts {
  readonly times: number;
  readonly types: number;
  readonly nameBytes: number;
  readonly leaps: number;
  readonly standard: number;
  readonly universal: number;
}

function readCounts(bytes: Buffer, start: number): Counts {
  const count = (index: number) => {
    const value = bytes.readUInt32BE(start + 20 + 4 * index);
    if (value > MAX_SIZE) throw new RangeError('a zone file with too many entries');
    return value;
  };
  return {
    universal: count(0),
    standard: count(1),
    leaps: count(2),
    times: count(3),
    types: count(4),
    nameBytes: count(5),
  };
}

function dataLength(counts: Counts, width: number): number {
  return (
    counts.times * (width + 1) +
    counts.types * 6 +
    counts.nameBytes +
    counts.leaps * (width + 4) +
    counts.standard +
    counts.universal
  );
}
