import { makeChecksum, verifyChecksum } from '../../src/crypto/checksum.ts';
import { enctypeName } from '../../src/crypto/enctype-names.ts';
import { decrypt, encrypt, importKey, type Key, randomKey } from '../../src/crypto/key.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { type Row, rate } from './measure.ts';

const ETYPES = [17, 18, 19, 20, 25, 26, 23];

export default {
  title: 'Encryption types, operations per second on one thread',
  run: async () => benchCrypto(0.1),
};

function benchCrypto(seconds: number): Row[] {
  return ETYPES.flatMap(etype => [
    ...[100, 1024].flatMap(size => benchMessages(randomKey(etype), size, seconds)),
    row(etype, 'import, decrypt once 100 B', seconds, freshKeyDecryption(randomKey(etype))),
    row(etype, 'string-to-key', seconds, () => stringToKey(etype, 'password', 'EXAMPLE.COMuser')),
  ]);
}

function benchMessages(key: Key, size: number, seconds: number): Row[] {
  const plaintext = new Uint8Array(size);
  const ciphertext = encrypt(key, 7, plaintext);
  const sum = makeChecksum(key, 6, plaintext);
  return [
    row(key.etype, `encrypt ${size} B`, seconds, () => encrypt(key, 7, plaintext)),
    row(key.etype, `decrypt ${size} B`, seconds, () => decrypt(key, 7, ciphertext)),
    row(key.etype, `verify checksum ${size} B`, seconds, () => verifyChecksum(key, 6, plaintext, sum)),
  ];
}

/** What a KDC does with the session key of each ticket it is shown. */
function freshKeyDecryption(key: Key): () => void {
  const ciphertext = encrypt(key, 7, new Uint8Array(100));
  return () => {
    decrypt(importKey(key.etype, key.bytes), 7, ciphertext);
  };
}

function row(etype: number, operation: string, seconds: number, work: () => unknown): Row {
  return { enctype: enctypeName(etype) ?? etype, operation, 'per second': rate(work, seconds) };
}
