import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CcacheError, CodecError } from '../../src/errors.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { anyContents } from './samples.ts';
import { alice, contents, credential, tgt } from './tickets.ts';

const vectors = '../shared/vectors/ccache_marshal.json';

interface Vectors {
  readonly files: readonly { readonly version: number; readonly file: string; readonly principal: string }[];
}

describe.skipIf(!existsSync(vectors))('the vectors of all four versions', () => {
  const { files } = JSON.parse(
    existsSync(vectors) ? readFileSync(vectors, 'utf8') : '{"files":[]}',
  ) as Vectors;

  it.each(files)('version $version is read field by field', ({ version, file }) => {
    const { principal, credentials, kdcOffset, truncated } = CcacheFile.decode(hexToBytes(file));
    const nameType = version === 1 ? 0 : 1;
    const client = { nameType, components: ['testclient'], realm: 'KRBTEST.COM' };
    expect(principal).toEqual(client);
    expect(kdcOffset).toBe(version === 4 ? 300054.321 : undefined);
    expect(truncated).toBe(undefined);
    expect(credentials).toHaveLength(2);
    expect(credentials[0]).toEqual({
      client,
      server: { nameType, components: ['test', 'host'], realm: 'EXAMPLE.COM' },
      key: { keytype: 17, keyvalue: hexBytes('000102030405060708090a0b0c0d0e0f') },
      authtime: new Date(11_000),
      starttime: new Date(222_000),
      endtime: new Date(3333_000),
      renewTill: new Date(1000000000_000),
      flags: 0x40800000,
      addresses: [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }],
      authorizationData: [
        { adType: 512, adData: new TextEncoder().encode('signticket') },
        { adType: -100, adData: new Uint8Array(0) },
      ],
      ticket: new TextEncoder().encode('ticket'),
      secondTicket: new Uint8Array(0),
      isSkey: false,
    });
    expect(credentials[1]).toMatchObject({
      server: { components: [], realm: '' },
      starttime: undefined,
      renewTill: undefined,
      secondTicket: new TextEncoder().encode('2ticket'),
      isSkey: true,
    });
  });

  it('version 4 is written byte for byte', () => {
    const { file } = files.find(({ version }) => version === 4)!;
    expect(bytesToHex(CcacheFile.encode(CcacheFile.decode(hexToBytes(file))))).toBe(file);
  });

  it('versions 1 and 2 are read in the other byte order, too', () => {
    // Only what a big-endian writer would have written for a principal and no credentials.
    const v2 = hexToBytes('05020000000100000001000000014100000001 62'.replaceAll(' ', ''));
    const v1 = hexToBytes('0501000000020000000141000000 0162'.replaceAll(' ', ''));
    expect(formatPrincipal(CcacheFile.decode(v2).principal)).toBe('b@A');
    expect(formatPrincipal(CcacheFile.decode(v1).principal)).toBe('b@A');
  });
});

describe('CcacheFile', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(anyContents, before => {
        const { credentials, ...rest } = CcacheFile.decode(CcacheFile.encode(before));
        expect(credentials).toEqual(before.credentials.filter(each => !isRemoved(each)));
        expect(rest.principal).toEqual(before.principal);
        expect(rest.kdcOffset ?? 0).toBeCloseTo(before.kdcOffset ?? 0, 6);
        expect(rest.kdcOffset === undefined).toBe(before.kdcOffset === undefined);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps names that are not UTF-8', () => {
    const before = { ...contents, principal: { ...alice, components: ['\udcff\udc80é'] } };
    const bytes = CcacheFile.encode(before);
    expect(bytesToHex(bytes)).toContain('ff80c3a9');
    expect(CcacheFile.decode(bytes).principal).toEqual(before.principal);
  });

  it('writes times beyond 2106 as the last that fits, as a ticket that never ends has', () => {
    const endless = credential('host/x@A.TEST', { endtime: new Date('9999-12-31T23:59:59Z') });
    const { credentials } = CcacheFile.decode(CcacheFile.encode({ ...contents, credentials: [endless] }));
    expect(credentials[0]!.endtime).toEqual(new Date('2106-02-07T06:28:15Z'));
  });

  it('skips header fields it does not know', () => {
    const plain = CcacheFile.encode(contents);
    const bytes = concat('0504', '0012', '00630002abcd', '0001000800000005fffffffe', plain.subarray(4));
    expect(CcacheFile.decode(bytes)).toEqual({ ...contents, kdcOffset: 4999.998 });
  });

  it.each([
    ['a field that runs past the header', '0006', '00630003abcd'],
    ['half a field', '0002', '0063'],
    ['a KDC offset that is too short', '0006', '00010002abcd'],
    ['a KDC offset that is too long', '000e', '0001000a00000000000000000000'],
  ])('refuses %s', (_name, length, fields) => {
    const bytes = concat('0504', length, fields, CcacheFile.encode(contents).subarray(4));
    expect(() => CcacheFile.decode(bytes)).toThrow(CodecError);
  });

  it('leaves out credentials that another implementation removed in place', () => {
    const removed = credential('host/x@A.TEST', {
      authtime: new Date(0xffffffff * 1000),
      endtime: new Date(0),
    });
    const bytes = CcacheFile.encode({ ...contents, credentials: [removed, tgt] });
    expect(CcacheFile.decode(bytes).credentials).toEqual([tgt]);
  });

  it.each(['0500', '0505', '0604', '7878'])('tells an unknown version %s from damage', version => {
    expect(() => CcacheFile.decode(concat(version, '00'))).toThrow(
      expect.objectContaining({ name: 'CcacheError', code: 'CACHE_VERSION' }),
    );
  });

  it('reads what came before a break within a credential, wherever it is', () => {
    const credentials = [tgt, credential('host/a@A.TEST'), credential('host/b@A.TEST')];
    const bytes = CcacheFile.encode({ ...contents, credentials, kdcOffset: 1 });
    const ends = [0, 1, 2, 3].map(
      count =>
        CcacheFile.encode({ ...contents, credentials: credentials.slice(0, count), kdcOffset: 1 }).length,
    );
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (length < ends[0]!) {
        expect(() => CcacheFile.decode(cut)).toThrow(CodecError);
        continue;
      }
      const whole = ends.findLastIndex(end => end <= length);
      const { credentials: found, truncated } = CcacheFile.decode(cut);
      expect(found).toEqual(credentials.slice(0, whole));
      expect(truncated ?? false).toBe(!ends.includes(length));
    }
  });

  it('survives the flip of any bit', () => {
    const bytes = CcacheFile.encode({
      ...contents,
      kdcOffset: 1,
      credentials: [tgt, credential('host/a@A.TEST')],
    });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      decodeOrRefuse(flipped);
    }
  });

  it('survives junk behind any version', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.uint8Array({ maxLength: 300 }), (version, junk) => {
        decodeOrRefuse(Uint8Array.of(5, version, ...junk));
        decodeOrRefuse(junk);
      }),
      { numRuns: 500 },
    );
  });

  it('is quick to refuse counts that promise four thousand million elements', async () => {
    const bytes = concat('05040000', '00000001', 'ffffffff', '00000000', new Uint8Array(4 << 20));
    const refusal = () => expect(() => CcacheFile.decode(bytes)).toThrow(CodecError);
    expect(await cpuTime(refusal)).toBeLessThan(3000);
  });

  it('refuses what is longer than any cache', () => {
    expect(() => CcacheFile.decode(concat('0504', new Uint8Array(17 << 20)))).toThrow('longer than');
  });
});

function isRemoved(each: CacheContents['credentials'][number]): boolean {
  return each.endtime.getTime() === 0 && each.authtime.getTime() === 0xffffffff * 1000;
}

function decodeOrRefuse(bytes: Uint8Array): void {
  try {
    CcacheFile.decode(bytes);
  } catch (error) {
    if (!(error instanceof CcacheError || error instanceof CodecError)) throw error;
  }
}

function concat(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(parts.map(part => (typeof part === 'string' ? hexToBytes(part) : part))),
  );
}

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hexToBytes(hex));
}
