import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findPac, verifyPac } from '../../src/ap/pac.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import { CodecError, IntegrityError } from '../../src/errors.ts';
import { AD_IF_RELEVANT, AD_WIN2K_PAC } from '../../src/messages/authorization.ts';
import { decodePac, splitPac } from '../../src/messages/pac.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { AuthorizationData } from '../../src/messages/types.ts';

const vector = JSON.parse(readFileSync(new URL('../vectors/pac.json', import.meta.url), 'utf8'));
const bytes = new Uint8Array(Buffer.from(vector.pac, 'base64'));
const key = importKey(vector.etype, Buffer.from(vector.key, 'hex'));
const options = { key, client: parsePrincipal(vector.client), authtime: new Date(vector.authtime) };
const domain = 'S-1-5-21-2461867791-3692657365-807702418';

describe('the PAC of a domain controller', () => {
  it('is signed with the service’s key, and says who the client is', () => {
    const pac = verifyPac(bytes, options);
    expect(pac.logonInfo).toMatchObject({
      effectiveName: 'alice',
      logonServer: 'DC1',
      logonDomainName: 'STEST',
      logonDomainId: domain,
      userSid: `${domain}-1103`,
      primaryGroupId: 513,
      logoffTime: undefined,
      groups: [
        { sid: `${domain}-513`, attributes: 7 },
        { sid: `${domain}-1114`, attributes: 7 },
        { sid: 'S-1-18-1', attributes: 7 },
      ],
    });
    expect(pac.clientInfo).toEqual({ name: 'alice', authtime: options.authtime });
    expect(pac.upnDnsInfo).toEqual({
      upn: 'alice@corp.example',
      dnsDomainName: 'S.TEST',
      constructed: false,
      samName: 'alice',
      sid: `${domain}-1103`,
    });
    expect(pac.buffers.map(({ type }) => type)).toEqual([1, 10, 12, 6, 7, 16, 19]);
    expect(pac.clientClaims).toBeUndefined();
  });

  it('is refused under another key', () => {
    expect(() => verifyPac(bytes, { ...options, key: randomKey(18) })).toThrow(IntegrityError);
    expect(() => verifyPac(bytes, { ...options, kdcKey: randomKey(18) })).toThrow(IntegrityError);
  });

  it('is refused with any octet changed', () => {
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x20;
      expect(() => verifyPac(changed, { ...options, kdcKey: randomKey(18) })).toThrow();
    }
  });

  it('is refused in a ticket of another client, or of another time', () => {
    const mismatch = { code: 'PAC_MISMATCH' };
    expect(() => verifyPac(bytes, { ...options, client: parsePrincipal('bob@S.TEST') })).toThrow(
      expect.objectContaining(mismatch),
    );
    const authtime = new Date(options.authtime.getTime() + 1000);
    expect(() => verifyPac(bytes, { ...options, authtime })).toThrow(expect.objectContaining(mismatch));
  });

  it('is found in authorization data, within AD-IF-RELEVANT as well', () => {
    const element = { adType: AD_WIN2K_PAC, adData: bytes };
    const wrapped = { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode([element]) };
    expect(findPac([element])).toBe(bytes);
    expect(Buffer.from(findPac([{ adType: 9, adData: new Uint8Array(1) }, wrapped])!).equals(bytes)).toBe(
      true,
    );
    expect(findPac([])).toBeUndefined();
  });
});

describe('a PAC made of junk', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a million buffers', Uint8Array.of(64, 66, 15, 0, 0, 0, 0, 0)],
    [
      'two buffers of a type',
      pacOf([
        [1, Uint8Array.of(1)],
        [1, Uint8Array.of(2)],
      ]),
    ],
    ['no signatures', pacOf([[10, new Uint8Array(20)]])],
  ])('is refused: %s', (_, junk) => {
    expect(() => verifyPac(junk, options)).toThrow(CodecError);
  });

  it('gives a CodecError and nothing else, whichever octet is changed or missing', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        expectDecodedOrRefused(changed);
      }
      expectDecodedOrRefused(bytes.subarray(0, at));
    }
  });
});

describe('the other buffers', () => {
  it('say who was delegated to, and whether the PAC was asked for', () => {
    const pac = decodePac(
      pacOf([
        [11, delegation('HTTP/front', ['a/b@X.TEST', 'c/d@X.TEST'])],
        [17, Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0)],
        [18, Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0)],
      ]),
    );
    expect(pac.delegationInfo).toEqual({
      proxyTarget: 'HTTP/front',
      transitedServices: ['a/b@X.TEST', 'c/d@X.TEST'],
    });
    expect(pac.attributes).toEqual({ requested: true, implicit: false });
    expect(pac.requestor).toBe('S-1-5-18');
  });

  it('carry claims of every type', () => {
    expect(decodePac(pacOf([[13, claims()]])).clientClaims).toEqual([
      { source: 'AD', id: 'ad://ext/n', type: 'int64', values: [-1n, 5n] },
      { source: 'AD', id: 'ad://ext/s', type: 'string', values: ['one', 'two'] },
      { source: 'AD', id: 'ad://ext/b', type: 'boolean', values: [true] },
    ]);
  });

  it('are signed together by a KDC whose key is known', () => {
    const kdcKey = randomKey(18);
    const client = Buffer.alloc(10 + 10);
    client.writeBigInt64LE(BigInt(options.authtime.getTime()) * 10_000n + 116_444_736_000_000_000n);
    client.writeUInt16LE(10, 8);
    client.write('alice', 10, 'utf16le');
    const blank = Uint8Array.of(16, 0, 0, 0, ...new Uint8Array(12));
    const pac = pacOf([
      [10, client],
      [6, blank],
      [7, blank],
    ]);
    const [, server, kdc] = splitPac(pac);
    const first = makeChecksum(key, 17, pac).checksum;
    pac.set(first, server!.offset + 4);
    pac.set(makeChecksum(kdcKey, 17, first).checksum, kdc!.offset + 4);
    expect(verifyPac(pac, { ...options, kdcKey }).clientInfo?.name).toBe('alice');
    pac[kdc!.offset + 4]! ^= 1;
    expect(() => verifyPac(pac, { ...options, kdcKey })).toThrow(IntegrityError);
  });
});

function expectDecodedOrRefused(data: Uint8Array): void {
  try {
    decodePac(data);
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
  }
}

function pacOf(buffers: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const head = Buffer.alloc(8 + 16 * buffers.length);
  head.writeUInt32LE(buffers.length);
  let offset = head.length;
  const parts: Uint8Array[] = [head];
  buffers.forEach(([type, data], i) => {
    head.writeUInt32LE(type, 8 + 16 * i);
    head.writeUInt32LE(data.length, 12 + 16 * i);
    head.writeUInt32LE(offset, 16 + 16 * i);
    const padded = Buffer.alloc(Math.ceil(data.length / 8) * 8);
    padded.set(data);
    parts.push(padded);
    offset += padded.length;
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Writes NDR, just enough for these tests. */
class Ndr {
  private bytes: number[] = [];
  private pointers = 0;

  number(size: 2 | 4 | 8, value: number | bigint): this {
    while (this.bytes.length % size !== 0) this.bytes.push(0);
    const wide = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < size; i++) this.bytes.push(Number((wide >> BigInt(8 * i)) & 0xffn));
    return this;
  }
  pointer(): this {
    return this.number(4, 0x20000 + 4 * ++this.pointers);
  }
  /** The head of an RPC_UNICODE_STRING. */
  textHead(text: string): this {
    return this.number(2, text.length * 2)
      .number(2, text.length * 2)
      .pointer();
  }
  /** A conformant and varying array of UTF-16 units. */
  text(text: string, end = ''): this {
    const units = Buffer.from(text + end, 'utf16le');
    this.number(4, units.length / 2)
      .number(4, 0)
      .number(4, units.length / 2);
    this.bytes.push(...units);
    return this;
  }
  raw(data: Uint8Array): this {
    this.bytes.push(...data);
    return this;
  }
  /** Behind the two headers and a pointer. */
  serialized(): Uint8Array {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(this.bytes.length);
    const head = [1, 16, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, ...length, 0, 0, 0, 0];
    return Uint8Array.from([...head, ...this.bytes]);
  }
}

function delegation(target: string, transited: readonly string[]): Uint8Array {
  const ndr = new Ndr().pointer().textHead(target).number(4, transited.length).pointer().text(target);
  ndr.number(4, transited.length);
  for (const name of transited) ndr.textHead(name);
  for (const name of transited) ndr.text(name);
  return ndr.serialized();
}

function claims(): Uint8Array {
  const set = new Ndr().pointer().number(4, 1).pointer().number(2, 0).number(4, 0).number(4, 0);
  set.number(4, 1).number(2, 1).number(4, 3).pointer();
  set.number(4, 3);
  for (const [type, count] of [
    [1, 2],
    [3, 2],
    [6, 1],
  ] as const) {
    set.pointer().number(2, type).number(2, type).number(4, count).pointer();
  }
  set.text('ad://ext/n', '\0').number(4, 2).number(8, -1n).number(8, 5n);
  set.text('ad://ext/s', '\0').number(4, 2).pointer().pointer().text('one', '\0').text('two', '\0');
  set.text('ad://ext/b', '\0').number(4, 1).number(8, 1n);
  const packed = set.serialized();
  const metadata = new Ndr()
    .pointer()
    .number(4, packed.length)
    .pointer()
    .number(2, 0)
    .number(4, packed.length);
  metadata.number(2, 0).number(4, 0).number(4, 0);
  return metadata.number(4, packed.length).raw(packed).serialized();
}
