import { type Cipher, createHash } from 'node:crypto';
import { BLOCK, BlockCipher, cipherKey, createEncryptor } from './cts.ts';
import type { Deriver } from './derive.ts';
import { hmac } from './mac.ts';
import { nFold } from './nfold.ts';
import { KERBEROS, passwordKey } from './pbkdf2.ts';
import type { Profile } from './profile.ts';
import { Scratch } from './scratch.ts';
import { SimplifiedKey, type SimplifiedSpec } from './simplified.ts';

/** aes128-cts-hmac-sha1-96 (RFC 3962). */
export const aes128Sha1: Profile = aesSha1('aes-128', 16, 15);

/** aes256-cts-hmac-sha1-96 (RFC 3962). */
export const aes256Sha1: Profile = aesSha1('aes-256', 32, 16);

function aesSha1(algorithm: string, keyLength: number, cksumtype: number): Profile {
  const [cipher, single] = [`${algorithm}-cbc`, `${algorithm}-ecb`];
  const spec: SimplifiedSpec = {
    cipher,
    macLength: 12,
    deriver: key => dk(single, key),
    mac: key => hmac('sha1', key, 12),
    prf: (key, input) => {
      const digest = createHash('sha1').update(input).digest().subarray(0, BLOCK);
      return new BlockCipher(cipher, key).encryptBlocks(digest);
    },
  };
  return {
    keyLength,
    cksumtype,
    tagLength: spec.macLength,
    defaultIterations: 4096,
    open: key => new SimplifiedKey(spec, key),
    stringToKey: (password, salt, iterations) =>
      dk(single, passwordKey({ hash: 'sha1', keyLength }, password, salt, iterations))([KERBEROS])[0]!,
  };
}

/**
 * DK (RFC 3961 §5.1): the folded constant encrypted, the result encrypted again, and so on; for many constants at once,
 * since a call for one block takes as long as one for ten. `cipher` is OpenSSL's name of the ECB mode.
 */
export function dk(cipher: string, key: Uint8Array): Deriver {
  let base: Cipher | undefined;
  return constants => {
    const count = constants.length;
    const first = scratch.take(count * BLOCK);
    const keys: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      putBlock(first, i * BLOCK, folded(constants[i]!), 0);
      keys.push(new Uint8Array(key.length));
    }
    base ??= createEncryptor(cipher, cipherKey(key), null);
    for (let at = 0, blocks = first; at < key.length; at += BLOCK) {
      blocks = base.update(blocks);
      for (let i = 0; i < count; i++) putBlock(keys[i]!, at, blocks, i * BLOCK);
    }
    return keys;
  };
}

const scratch = new Scratch();

function putBlock(target: Uint8Array, at: number, source: Uint8Array, from: number): void {
  for (let i = 0; i < BLOCK; i++) target[at + i] = source[from + i]!;
}

/**
 * Folded constants by key usage: folding takes as long as the two encryptions after it, and there are few constants.
 */
const foldedConstants = new Map<number, Uint8Array>();

/** The constant as one block; those of key usages up to 255 are kept. */
function folded(constant: Uint8Array): Uint8Array {
  const isCommon = constant.length === 5 && constant[0] === 0 && constant[1] === 0 && constant[2] === 0;
  if (!isCommon) return nFold(constant, BLOCK);
  const number = (constant[3]! << 8) | constant[4]!;
  const known = foldedConstants.get(number);
  if (known !== undefined) return known;
  const made = nFold(constant, BLOCK);
  foldedConstants.set(number, made);
  return made;
}
