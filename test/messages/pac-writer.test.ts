import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import { dateToFiletime, filetimeToDate } from '../../src/messages/filetime.ts';
import { decodePac, type PacUpnDnsInfo, splitPac } from '../../src/messages/pac.ts';
import { decodeDelegationInfo, encodeDelegationInfo } from '../../src/messages/pac-delegation.ts';
import { decodeLogonInfo } from '../../src/messages/pac-logon.ts';
import { encodeLogonInfo } from '../../src/messages/pac-logon-writer.ts';
import {
  encodeAttributes,
  encodeClientInfo,
  encodeUpnDnsInfo,
  joinPac,
} from '../../src/messages/pac-writer.ts';
import { decodeSid, encodeSid } from '../../src/messages/sid.ts';

const vector = JSON.parse(readFileSync(new URL('../vectors/pac.json', import.meta.url), 'utf8'));
const bytes = new Uint8Array(Buffer.from(vector.pac, 'base64'));
const pac = decodePac(bytes);
const bufferOf = (type: number): Uint8Array => pac.buffers.find(buffer => buffer.type === type)!.data;

describe('what a domain controller has written', () => {
  it('is written the same: the whole, and the client', () => {
    expect(Buffer.from(joinPac(pac.buffers).bytes).equals(bytes)).toBe(true);
    const { name, authtime } = pac.clientInfo!;
    expect(Buffer.from(encodeClientInfo(name, authtime!)).equals(bufferOf(10))).toBe(true);
  });

  it('is the same after encoding and decoding: the account', () => {
    expect(decodeLogonInfo(encodeLogonInfo(pac.logonInfo!))).toEqual(pac.logonInfo);
  });
});

const sid = fc
  .tuple(fc.nat(0xff), fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 15 }))
  .map(([authority, parts]) => ['S-1', authority, ...parts].join('-'));
const text = fc.string({ maxLength: 40 }).filter(text => !text.includes('\0'));

describe('what is written', () => {
  it('is read as it was: a PAC of any buffers', () => {
    const parts = fc.uniqueArray(fc.record({ type: fc.nat(200), data: fc.uint8Array({ maxLength: 40 }) }), {
      selector: ({ type }) => type,
      maxLength: 12,
    });
    fc.assert(
      fc.property(parts, parts => {
        const { bytes, buffers } = joinPac(parts);
        expect(splitPac(bytes)).toEqual(buffers);
        expect(buffers).toMatchObject(parts);
        expect(buffers.every(({ offset }) => offset % 8 === 0)).toBe(true);
      }),
    );
  });

  it('is read as it was: SIDs, times, flags', () => {
    const roundTrip = fc.property(sid, sid => {
      expect(decodeSid(encodeSid(sid))).toBe(sid);
    });
    fc.assert(roundTrip);
    const date = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, date => {
        expect(filetimeToDate(dateToFiletime(date))).toEqual(date);
      }),
    );
    for (const requested of [true, false]) {
      const attributes = { requested, implicit: !requested };
      const { bytes } = joinPac([{ type: 17, data: encodeAttributes(attributes) }]);
      expect(decodePac(bytes).attributes).toEqual(attributes);
    }
  });

  it('is read as it was: names and delegations', () => {
    const names = fc.record({ upn: text, dnsDomainName: text, constructed: fc.boolean() });
    const extended = fc.record({
      upn: text,
      dnsDomainName: text,
      constructed: fc.boolean(),
      samName: text,
      sid,
    });
    fc.assert(
      fc.property(fc.oneof(names, extended), (info: PacUpnDnsInfo) => {
        const { bytes } = joinPac([{ type: 12, data: encodeUpnDnsInfo(info) }]);
        expect(decodePac(bytes).upnDnsInfo).toEqual(info);
      }),
    );
    const delegation = fc.record({ proxyTarget: text, transitedServices: fc.array(text, { maxLength: 5 }) });
    fc.assert(
      fc.property(delegation, info => {
        expect(decodeDelegationInfo(encodeDelegationInfo(info))).toEqual(info);
      }),
    );
  });

  it('keeps groups of any domain', () => {
    const groups = fc.array(
      fc.record({
        sid: sid.map(sid => `${sid}-7`).filter(sid => sid.split('-').length < 18),
        attributes: fc.nat(),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(groups, others => {
        const own = [{ sid: `${pac.logonInfo!.logonDomainId}-500`, attributes: 7 }];
        const info = { ...pac.logonInfo!, groups: [...own, ...others] };
        expect(decodeLogonInfo(encodeLogonInfo(info))).toEqual(info);
      }),
    );
  });

  it.each(['', 'S-1', 'S-2-5', 'S-1-5-4294967296', 'S-1-x', `S-1-5${'-1'.repeat(16)}`])(
    'must be a SID where one belongs: %s',
    text => {
      expect(() => encodeSid(text)).toThrow(CodecError);
    },
  );
});
