import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dbusMessageLength,
  decodeDbusReply,
  encodeDbusCall,
} from '../../src/ccache/keychain/dbus-message.ts';
import { sessionPath } from '../../src/ccache/keychain/secret-service-calls.ts';
import { CodecError } from '../../src/errors.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

// METHOD_RETURN to serial 2 from ":1.5" with the string "hi".
const reply = hex(`
  6c 02 01 01  07000000 09000000 1f000000
  05 01 75 00  02000000
  07 01 73 00  04000000 3a312e3500 000000
  08 01 67 00  01 73 00 00
  02000000 6869 00`);

describe('D-Bus messages', () => {
  it('a call is laid out as the specification has it', () => {
    const call = {
      destination: 'a.b',
      path: '/c',
      interface: 'd.e',
      member: 'F',
      arguments: [{ type: 's', value: 'hi' }],
    } as const;
    expect(Buffer.from(encodeDbusCall(call, 1)).toString('hex')).toBe(
      [
        '6c010001' + '07000000' + '01000000' + '47000000',
        '01016f00' + '02000000' + '2f63000000000000',
        '02017300' + '03000000' + '642e650000000000',
        '03017300' + '01000000' + '4600000000000000',
        '06017300' + '03000000' + '612e620000000000',
        '08016700' + '01730000',
        '02000000' + '686900',
      ].join(''),
    );
  });

  it('the entries of a dictionary are aligned to 8', () => {
    const call = {
      destination: 'a.b',
      path: '/c',
      interface: 'd.e',
      member: 'F',
      arguments: [
        {
          type: 'a{ss}',
          value: new Map([
            ['k', 'v'],
            ['m', ''],
          ]),
        },
      ],
    } as const;
    const bytes = Buffer.from(encodeDbusCall(call, 1));
    expect(bytes.subarray(-37).toString('hex')).toBe(
      '1d000000' +
        '00000000' +
        '01000000' +
        '6b000000' +
        '01000000' +
        '7600' +
        '0000' +
        '01000000' +
        '6d000000' +
        '00000000' +
        '00',
    );
  });

  it('what is in a variant is aligned by itself, and a secret to 8', () => {
    const call = {
      destination: 'a.b',
      path: '/c',
      interface: 'd.e',
      member: 'F',
      arguments: [
        {
          type: 'a{sv}',
          value: new Map<string, string | ReadonlyMap<string, string>>([
            ['L', 'l'],
            ['A', new Map([['k', 'v']])],
          ]),
        },
        {
          type: '(oayays)',
          value: { session: '/s', secret: Uint8Array.of(1, 2, 3), contentType: 'text/plain' },
        },
        { type: 'b', value: true },
      ],
    } as const;
    const bytes = Buffer.from(encodeDbusCall(call, 1));
    expect(bytes.includes('\x0ea{sv}(oayays)b\0')).toBe(true);
    expect(bytes.subarray(-112).toString('hex')).toBe(
      [
        '3e000000' + '00000000',
        '01000000' + '4c00' + '017300' + '000000' + '01000000' + '6c00' + '000000000000',
        '01000000' + '4100' + '05617b73737d00' + '000000' + '0e000000' + '00000000',
        '01000000' + '6b00' + '0000' + '01000000' + '7600' + '0000',
        '02000000' + '2f7300' + '00' + '00000000' + '03000000' + '010203' + '00',
        '0a000000' + '746578742f706c61696e00' + '00' + '01000000',
      ].join(''),
    );
  });

  it('a reply tells its serial and its body', () => {
    expect(dbusMessageLength(reply)).toBe(reply.length);
    expect(decodeDbusReply(reply)).toEqual({
      serial: 2,
      error: undefined,
      body: hex('02000000 6869 00'),
      order: 'little',
    });
  });

  it('what is no reply is passed over', () => {
    const signal = reply.slice();
    signal[1] = 4;
    expect(decodeDbusReply(signal)).toBeUndefined();
  });

  it('a message too long to be an answer is refused before it is read', () => {
    expect(() => dbusMessageLength(hex('6c020101 ffffff7f 01000000 00000000'))).toThrow(CodecError);
    expect(() => dbusMessageLength(hex('6c020101 00000000 01000000 ffffffff'))).toThrow(CodecError);
  });

  it('junk gives CodecError and nothing else', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(reply.length - 1), fc.nat(255)).map(([at, byte]) => reply.with(at, byte)),
    );
    fc.assert(
      fc.property(anyBytes, bytes => {
        try {
          dbusMessageLength(bytes);
          decodeDbusReply(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the path of a session', () => {
  const path = '06000000 2f732f31 3732 00';
  it.each([
    ['an empty string, as the specification has it', `017300 00 00000000 00 000000 ${path}`],
    ['no bytes, as KWallet 5.103 answers', `02617900 00000000 ${path}`],
  ])('follows %s', (_, body) => {
    expect(sessionPath({ serial: 2, error: undefined, body: hex(body), order: 'little' })).toBe('/s/172');
  });
});
