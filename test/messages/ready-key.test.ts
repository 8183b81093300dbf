import { expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { readyKey } from '../../src/messages/ready-key.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';

it('a key is made ready once for each that was carried, and not for another like it', () => {
  const carried = toEncryptionKey(randomKey(18));
  const ready = readyKey(carried);
  expect(ready.bytes).toEqual(carried.keyvalue);
  expect(readyKey(carried)).toBe(ready);
  expect(readyKey({ ...carried })).not.toBe(ready);
});

it('a key whose length does not fit its enctype is refused', () => {
  expect(() => readyKey({ keytype: 18, keyvalue: new Uint8Array(5) })).toThrow(
    expect.objectContaining({ code: 'KEY_LENGTH' }),
  );
});
