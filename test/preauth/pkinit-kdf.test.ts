import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { isSupported } from '../../src/crypto/enctype-list.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { agilityKey, KDF_IDS, octetStringToKey } from '../../src/preauth/pkinit/kdf.ts';

const vectors = (name: string) => JSON.parse(readFileSync(`test/vectors/${name}.json`, 'utf8'));
const shared = '../shared/vectors/pkinit_kdf.json';

interface Given {
  readonly z: string;
  readonly partyU: string;
  readonly partyV: string;
  readonly asReq: string;
  readonly pkAsRep: string;
}

function derive(etype: number, kdf: string, given: Given): string {
  const info = {
    etype,
    // The examples name both parties by names of the type of users.
    client: { ...parsePrincipal(given.partyU), nameType: 1 },
    server: { ...parsePrincipal(given.partyV), nameType: 1 },
    asReq: hexToBytes(given.asReq),
    pkAsRep: hexToBytes(given.pkAsRep),
  };
  return bytesToHex(agilityKey(kdf, hexToBytes(given.z), info).bytes);
}

describe('the functions of RFC 8636', () => {
  const { vectors: rows, ...given } = vectors('rfc8636');

  it.each(rows as { enctype: number; kdf: string; key: string }[])('$kdf', ({ enctype, kdf, key }) => {
    expect(derive(enctype, kdf, given)).toBe(key);
  });

  it.each(KDF_IDS)('%s makes keys of every length', kdf => {
    for (const [etype, length] of [
      [17, 16],
      [18, 32],
      [20, 32],
    ] as const) {
      expect(derive(etype, kdf, given)).toHaveLength(2 * length);
    }
  });

  it('make another key of another request', () => {
    expect(derive(18, KDF_IDS[0]!, { ...given, asReq: 'ab' })).not.toBe(derive(18, KDF_IDS[0]!, given));
  });
});

describe.skipIf(!existsSync(shared))('known answers beyond those of the RFC', () => {
  const rows = existsSync(shared) ? JSON.parse(readFileSync(shared, 'utf8')).vectors : [];
  const usable = rows.filter(({ enctype }: { enctype: number }) => isSupported(enctype));

  it.each(usable as Record<string, never>[])('$kdf $enctype_name', row => {
    const given = {
      z: row.z!,
      partyU: row.party_u!,
      partyV: row.party_v!,
      asReq: row.as_req!,
      pkAsRep: row.pk_as_rep!,
    };
    expect(derive(row.enctype!, row.kdf_oid!, given)).toBe(row.key);
  });
});

describe('octetstring2key of RFC 4556', () => {
  it.each(vectors('rfc4556').octetstring2key as { x: string; key: string }[])('%#', ({ x, key }) => {
    expect(bytesToHex(octetStringToKey(18, hexToBytes(x)).bytes)).toBe(key);
  });
});
