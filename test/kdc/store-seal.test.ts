import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encrypt, importKey } from '../../src/crypto/key.ts';
import { IntegrityError } from '../../src/errors.ts';
import { createSealer } from '../../src/kdc/store/seal.ts';

const masterKey = new Uint8Array(32).fill(7);
const sealer = createSealer(masterKey, 'id');
const value = Buffer.from('{"a":1}');

/** Spaces mean nothing behind JSON. */
function open(key: string, sealed: Uint8Array): string {
  return Buffer.from(sealer.unseal(key, sealed)).toString().trimEnd();
}

describe('a sealed record', () => {
  it('opens for its key, whatever characters that has, and for no other', () => {
    // No zero is among them: names are written in JSON.
    const unit = fc.constantFrom('a', ' ', '"', '\\', 'é', '€', '😀');
    const names = fc.string({ unit, maxLength: 300 });
    fc.assert(
      fc.property(names, names, fc.string(), (key, other, text) => {
        const json = JSON.stringify(text);
        const sealed = sealer.seal(key, 1, Buffer.from(json));
        expect(open(key, sealed)).toBe(json);
        if (Buffer.from(key).equals(Buffer.from(other))) return;
        expect(() => sealer.unseal(other, sealed)).toThrow(IntegrityError);
      }),
      { numRuns: 50 },
    );
  });

  it('opens neither with another key version before it, nor changed, nor cut, nor in another database', () => {
    const sealed = sealer.seal('P', 3, value);
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed);
      changed[i]! ^= 1;
      expect(() => sealer.unseal('P', changed)).toThrow(IntegrityError);
      expect(() => sealer.unseal('P', sealed.subarray(0, i))).toThrow(IntegrityError);
    }
    expect(() => createSealer(masterKey, 'other').unseal('P', sealed)).toThrow(IntegrityError);
    expect(() => createSealer(new Uint8Array(32), 'id').unseal('P', sealed)).toThrow(IntegrityError);
  });

  it('opens without spaces behind it, too, as records used to be sealed', () => {
    const header = Uint8Array.of(1, 0, 0, 0, 3);
    const plaintext = Buffer.concat([header, Buffer.from('id P\0'), value]);
    const sealed = Buffer.concat([header, encrypt(importKey(20, masterKey), 1024, plaintext)]);
    expect(Buffer.from(sealer.unseal('P', sealed))).toEqual(value);
  });
});
