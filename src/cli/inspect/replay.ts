import { sipHash } from '../../ap/siphash.ts';
import { branch, hexText, type Node } from './node.ts';

const SEED = 16;
const TAG = 12;
const RECORD = TAG + 4;
const FIRST_TABLE = 1023;
/** As many of its records show that it is one. */
const LOOKED_AT = 64;
/** More than anybody reads. */
const SHOWN = 1000;

interface ReplayRecord {
  readonly table: number;
  readonly slot: number;
  readonly tag: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Whether a file without a mark of its own is a replay cache: its records stand where their tags' hashes place them. */
export function isReplayCache(bytes: Uint8Array): boolean {
  if (bytes.length < SEED + RECORD || (bytes.length - SEED) % RECORD !== 0) return false;
  let seen = 0;
  for (const record of records(bytes)) {
    if (!isInPlace(bytes, record)) return false;
    if (++seen === LOOKED_AT) break;
  }
  return seen > 0;
}

/** The authenticators that a service has accepted lately, as the file2 format keeps them: nothing but hashes and times. */
export function replayNodes(bytes: Uint8Array): readonly Node[] {
  const shown: Node[] = [];
  let count = 0;
  for (const { tag, time } of records(bytes)) {
    if (++count > SHOWN) continue;
    const when = new Date(time * 1000).toISOString().replace('.000Z', 'Z');
    shown.push({ name: when, value: hexText(tag) });
  }
  return [
    branch('replay cache', [
      { name: 'format', value: 'file2' },
      { name: 'records', value: String(count) },
      ...shown,
      count > SHOWN ? { name: 'more', value: `${count - SHOWN} records are not shown` } : undefined,
    ]),
  ];
}

/** Those that are in use, in table after table, each twice as large as the one before. */
function* records(bytes: Uint8Array): Iterable<ReplayRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = SEED;
  for (let table = 0, size = FIRST_TABLE; offset < bytes.length; table++) {
    for (let slot = 0; slot < size && offset < bytes.length; slot++, offset += RECORD) {
      const time = view.getUint32(offset + TAG);
      if (time !== 0) yield { table, slot, time, tag: bytes.subarray(offset, offset + TAG) };
    }
    size = table === 0 ? (FIRST_TABLE + 1) * 2 : size * 2;
  }
}

function isInPlace(bytes: Uint8Array, { table, slot, tag }: ReplayRecord): boolean {
  const seed = Uint8Array.from(bytes.subarray(0, SEED));
  // Another hash in each table.
  seed[0] = (seed[0]! + table) & 0xff;
  const size = table === 0 ? FIRST_TABLE : (FIRST_TABLE + 1) * 2 ** table;
  const place = Number(sipHash(seed, tag) % BigInt(size));
  return slot === place || slot === place + 1;
}
