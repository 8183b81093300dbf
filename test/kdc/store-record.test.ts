import { describe, expect, it } from 'vitest';
import { usageConstant } from '../../src/crypto/derive.ts';
import { decrypt, encrypt, importKey, randomKey } from '../../src/crypto/key.ts';
import { KeyVersion, OpenKeys } from '../../src/kdc/key-version.ts';
import { decodeEntry, encodeEntry } from '../../src/kdc/store/record.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const principal = parsePrincipal('alice@A.TEST');
const pool = new OpenKeys();
/** Of logins by encrypted timestamp, and of tickets. */
const usages = [1, 3, 2, 1024];
const plaintext = Buffer.from('to be sealed');

function entryOf(...etypes: number[]) {
  const [newest, older] = [2, 1].map(kvno => new KeyVersion(kvno, etypes.map(randomKey), pool));
  return { principal, keys: [newest!, older!], policy: {} };
}

/** The record in JSON, which says nothing of `policy` here. */
function parsed(bytes: Uint8Array) {
  return JSON.parse(Buffer.from(bytes).toString()) as [
    number,
    string,
    string[],
    [number, string[][]][],
    null,
  ];
}

describe('a record of a principal', () => {
  it.each([17, 18, 19, 20, 23, 25])('brings back keys of enctype %d that seal and sign as before', etype => {
    const entry = entryOf(etype);
    const read = decodeEntry(encodeEntry(entry), pool);
    for (const [i, version] of read.keys.entries()) {
      const key = version.key(etype)!;
      const fresh = importKey(etype, entry.keys[i]!.rows()[0]!.bytes);
      expect(key.bytes).toEqual(fresh.bytes);
      for (const usage of usages) {
        expect(Buffer.from(decrypt(key, usage, encrypt(fresh, usage, plaintext)))).toEqual(plaintext);
        expect(Buffer.from(decrypt(fresh, usage, encrypt(key, usage, plaintext)))).toEqual(plaintext);
      }
      for (const usage of [56, 6]) {
        const sums = [key, fresh].map(({ operations }) => operations.checksum(usage, plaintext));
        expect(sums[0]).toEqual(sums[1]);
      }
    }
  });

  it('has what a login derives with the best of the newest keys alone, and opens without it', () => {
    const entry = entryOf(18, 17);
    const record = parsed(encodeEntry(entry));
    const lengths = record[3].map(([, rows]) => rows.map(row => row.length));
    expect(lengths).toEqual([
      [3, 2],
      [2, 2],
    ]);
    record[3] = record[3].map(([kvno, rows]) => [kvno, rows.map(row => row.slice(0, 2))]);
    const read = decodeEntry(Buffer.from(JSON.stringify(record)), pool);
    const sealed = encrypt(entry.keys[0]!.key(18)!, 3, plaintext);
    expect(Buffer.from(decrypt(read.keys[0]!.key(18)!, 3, sealed))).toEqual(plaintext);
  });

  it('spares the deriving: what it has is what is used', () => {
    const constants = [0x99, 0xaa].map(purpose => usageConstant(1, purpose));
    const [key, other] = [randomKey(18), randomKey(18)];
    const sums = [key, other].map(({ operations }) => operations.checksum(1, plaintext));
    const fresh = importKey(18, key.bytes).operations;
    fresh.adopt!(constants, other.operations.derived!(constants));
    expect(fresh.checksum(1, plaintext)).toEqual(sums[1]);
    expect(fresh.checksum(1, plaintext)).not.toEqual(sums[0]);
  });
});
