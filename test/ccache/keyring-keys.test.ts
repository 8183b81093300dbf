import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  credentialKeyName,
  decodeCredential,
  decodeOffset,
  decodePrimary,
  decodePrincipal,
  encodeCredential,
  encodeOffset,
  encodePrimary,
  encodePrincipal,
  parsePrinted,
} from '../../src/ccache/keyring/keys.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CcacheError } from '../../src/errors.ts';
import { anyContents, anyPrincipal } from './samples.ts';
import { alice, credential } from './tickets.ts';

// As MIT's library 1.20 writes them.
const PRIMARY = '00000001000000126b72625f6363616368655f4f50664b4e5430';
const PRINCIPAL = '000000010000000100000006412e5445535400000005616c696365';

describe('the keys of a KEYRING cache', () => {
  it('are the bytes that MIT writes', () => {
    expect(decodePrimary(hexToBytes(PRIMARY))).toBe('krb_ccache_OPfKNT0');
    expect(bytesToHex(encodePrimary('krb_ccache_OPfKNT0'))).toBe(PRIMARY);
    expect(decodePrincipal(hexToBytes(PRINCIPAL))).toEqual(alice);
    expect(bytesToHex(encodePrincipal(alice))).toBe(PRINCIPAL);
    expect(decodeOffset(hexToBytes('fffffff9fffff830'))).toBe(-7002);
    expect(bytesToHex(encodeOffset(-7002))).toBe('fffffff9fffff830');
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(anyContents, fc.string(), ({ principal, credentials, kdcOffset = 0 }, name) => {
        expect(decodePrincipal(encodePrincipal(principal))).toEqual(principal);
        expect(decodePrimary(encodePrimary(name))).toBe(name);
        expect(decodeOffset(encodeOffset(kdcOffset))).toBe(kdcOffset);
        for (const each of credentials) expect(decodeCredential(encodeCredential(each))).toEqual(each);
      }),
    );
  });

  it('are refused as badly formatted where they are junk', () => {
    const decoders = [decodePrimary, decodePrincipal, decodeOffset, decodeCredential];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...decoders), (junk, decode) => {
        try {
          decode(junk);
        } catch (error) {
          expect(error).toBeInstanceOf(CcacheError);
          expect(['CACHE_FORMAT', 'CACHE_VERSION']).toContain((error as CcacheError).code);
        }
      }),
    );
  });

  it('tell of a collection of another version', () => {
    expect(() => decodePrimary(hexToBytes('0000000200000000'))).toThrow(
      expect.objectContaining({
        code: 'CACHE_VERSION',
        message: 'Unknown keyring collection version',
      }),
    );
  });

  it('tell a clock that is off by more than there is room for as off as there is', () => {
    expect(decodeOffset(encodeOffset(1e15))).toBe(0x7fffffff * 1000);
    expect(decodeOffset(encodeOffset(-1e15))).toBe(-0x7fffffff * 1000);
  });
});

describe('the name of a credential’s key', () => {
  it('is the server, and another one for a second ticket to it', () => {
    const ticket = credential('host/a b\\/c@A.TEST');
    expect(credentialKeyName(ticket, new Set())).toBe('host/a b\\/c@A.TEST');
    expect(credentialKeyName(ticket, new Set(['host/a b\\/c@A.TEST']))).toBe('host/a b\\/c@A.TEST#2');
    const taken = new Set(['host/a b\\/c@A.TEST', 'host/a b\\/c@A.TEST#2']);
    expect(credentialKeyName(ticket, taken)).toBe('host/a b\\/c@A.TEST#3');
  });

  it('has no line in it, nor any end', () => {
    fc.assert(
      fc.property(anyPrincipal, server => {
        expect(credentialKeyName({ ...credential('x@A.TEST'), server }, new Set())).not.toMatch(/[\n\0]/);
      }),
    );
  });
});

describe('what keyctl prints of a key', () => {
  it.each([
    [':hex:00ff\n', [0, 255]],
    ['AB\n', [65, 66]],
    [' A \n', [32, 65, 32]],
    ['', []],
  ])('%j is its bytes', (printed, bytes) => {
    expect([...parsePrinted(printed)]).toEqual(bytes);
  });
});
