import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Credentials, Text } from '../../src/ccache/kcm/fields.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { MATCH, type MatchTag, MatchTagField, matchesTag } from '../../src/ccache/kcm/match.ts';
import {
  decodeReply,
  encodeFailure,
  encodeReply,
  encodeRequest,
  KCM,
  KCM_RESULT,
  MAX_KCM_BYTES,
  openRequest,
  readValues,
} from '../../src/ccache/kcm/protocol.ts';
import { BinaryReader, BinaryWriter } from '../../src/codec/binary.ts';
import { hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';
import { anyContents, anyKey, anyPrincipal } from './samples.ts';
import { alice, credential, later, NOW } from './tickets.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const bytes = fc.uint8Array({ maxLength: 20 });
const date = fc.nat(0xffffffff).map(seconds => new Date(seconds * 1000));
const laterDate = option(fc.integer({ min: 1, max: 0xffffffff }).map(seconds => new Date(seconds * 1000)));
const typed = fc.integer({ min: -0x8000, max: 0x7fff });
const anyTag: fc.Arbitrary<MatchTag> = fc.record({
  client: option(anyPrincipal),
  server: option(anyPrincipal),
  key: option(anyKey),
  authtime: date,
  starttime: laterDate,
  endtime: date,
  renewTill: laterDate,
  isSkey: fc.boolean(),
  flags: fc.nat(0xffffffff),
  addresses: option(fc.array(fc.record({ addrType: typed, address: bytes }), { maxLength: 3 })),
  authorizationData: option(fc.array(fc.record({ adType: typed, adData: bytes }), { maxLength: 3 })),
  ticket: option(bytes),
  secondTicket: option(bytes),
});

describe('the KCM protocol', () => {
  it('frames a request: length, version 2.0, operation, name with its NUL', () => {
    expect(encodeRequest(KCM.GET_PRINCIPAL, { name: '0' })).toEqual(
      new Uint8Array(hexToBytes('00000006020000083000')),
    );
  });

  it('frames a reply: length of what follows the status, status, result', () => {
    expect(encodeReply(KCM.NOOP, {})).toEqual(new Uint8Array(hexToBytes('000000040000000000000000')));
    expect(encodeFailure(KCM_RESULT.NOFILE)).toEqual(new Uint8Array(hexToBytes('000000040000000096c73ac3')));
  });

  it('gives back every match tag', () => {
    fc.assert(
      fc.property(anyTag, tag => {
        const writer = new BinaryWriter();
        MatchTagField.write(writer, tag);
        expect(MatchTagField.read(new BinaryReader(writer.finish()), 'tag')).toEqual(tag);
      }),
    );
  });

  it('gives back every cache', () => {
    fc.assert(
      fc.property(anyContents, ({ principal, credentials }) => {
        const values = { name: 'a', offset: -1, principal, credentials };
        const { code, reader } = openRequest(encodeRequest(KCM.REPLACE, values).subarray(4));
        expect(code).toBe(13002);
        expect(readValues(KCM.REPLACE.request, reader)).toEqual(values);
      }),
    );
  });

  it('takes junk for nothing but junk', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(KCM)),
        fc.uint8Array({ maxLength: 300 }),
        (asked, junk) => {
          for (const decode of [
            () => readValues(asked.request, new BinaryReader(junk)),
            () => decodeReply(asked, junk),
          ]) {
            try {
              decode();
            } catch (error) {
              expect(error).toBeInstanceOf(CodecError);
            }
          }
        },
      ),
    );
  });

  it('is not held up by a count that nothing follows', () => {
    const writer = new BinaryWriter();
    writer.u32(0xffffffff);
    expect(() => Credentials.read(new BinaryReader(writer.finish()), 'credentials')).toThrow(CodecError);
  });

  it('reads a name up to its NUL and no further', () => {
    const reader = new BinaryReader(Uint8Array.of(0x61, 0, 0x62));
    expect(Text.read(reader, 'name')).toBe('a');
    expect(reader.remaining()).toBe(1);
  });
});

describe('frames', () => {
  it('are the same in whatever pieces they come', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 30 })), (sent, cuts) => {
        const stream = Buffer.concat(sent.flatMap(body => [lengthOf(body.length), body]));
        const frames = new KcmFrames('requests');
        const found: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i] ?? stream.length);
          frames.push(stream.subarray(at, end));
          for (let next = frames.next(); next !== undefined; next = frames.next()) found.push(next);
          at = end;
        }
        expect(found).toEqual(sent);
        expect(frames.size).toBe(0);
      }),
    );
  });

  it('are not longer than the protocol allows', () => {
    const frames = new KcmFrames('replies');
    frames.push(lengthOf(MAX_KCM_BYTES + 1));
    expect(() => frames.next()).toThrow(CodecError);
  });
});

describe('the memory of a long frame', () => {
  it('is given back although the beginning of another came with it', async () => {
    const frames = new KcmFrames('requests');
    const long = new Uint8Array(1 << 20);
    frames.push(Buffer.concat([lengthOf(long.length), long.subarray(10)]));
    frames.keep();
    frames.push(Buffer.concat([long.subarray(0, 10), lengthOf(20)]));
    const memory = new WeakRef(frames.frame()!.buffer);
    frames.keep();
    await setImmediate();
    collectGarbage();
    expect(memory.deref()).toBeUndefined();
    frames.push(new Uint8Array(20));
    expect(frames.next()).toEqual(new Uint8Array(20));
  });
});

describe('a match', () => {
  const ticket = credential('host/a@A.TEST', { flags: 0x40800000, renewTill: later(100) });
  const tag: MatchTag = { ...ticket, addresses: undefined };

  it.each([
    ['client', { client: { ...alice, components: ['bob'] } }, 0],
    ['server', { server: { ...ticket.server, components: ['host', 'b'] } }, 0],
    ['realm', { server: { ...ticket.server, realm: 'B.TEST' } }, 0],
    ['key type', { key: { keytype: 17, keyvalue: new Uint8Array() } }, MATCH.KEY_TYPE],
    ['flags, exactly', { flags: 0x40000000 }, MATCH.FLAGS_EXACT],
    ['flags', { flags: 0x20000000 }, MATCH.FLAGS],
    ['times, exactly', { endtime: NOW }, MATCH.TIMES_EXACT],
    ['times', { endtime: later(3601) }, MATCH.TIMES],
    ['time of renewal', { renewTill: later(101) }, MATCH.TIMES],
    ['authorization data', { authorizationData: [{ adType: 1, adData: new Uint8Array() }] }, MATCH.AUTHDATA],
    ['second ticket', { secondTicket: Uint8Array.of(1) }, MATCH.SECOND_TICKET],
    ['is-skey', { isSkey: true }, MATCH.IS_SKEY],
  ])('depends on the %s', (_, difference, how) => {
    expect(matchesTag(ticket, tag, how)).toBe(true);
    expect(matchesTag(ticket, { ...tag, ...difference }, how)).toBe(false);
  });

  it('does not depend on what is not asked for', () => {
    const other = { ...tag, client: undefined, server: { ...ticket.server, realm: 'B.TEST' }, flags: 0 };
    expect(matchesTag(ticket, { ...other, endtime: NOW, isSkey: true }, MATCH.ANY_REALM)).toBe(true);
    expect(matchesTag(ticket, { ...other, endtime: NOW }, MATCH.SERVER_NAME_ONLY)).toBe(true);
  });
});

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}
