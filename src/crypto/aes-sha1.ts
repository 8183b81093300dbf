import { createHash } from 'node:crypto';
import { BLOCK, BlockCipher } from './cts.ts';
import { hmac } from './mac.ts';
import { nFold } from './nfold.ts';
import { KERBEROS, passwordKey } from './pbkdf2.ts';
import type { Profile } from './profile.ts';
import { SimplifiedKey, type SimplifiedSpec } from './simplified.ts';

/** aes128-cts-hmac-sha1-96 (RFC 3962). */
export const aes128Sha1: Profile = aesSha1('aes-128-cbc', 16, 15);

/** aes256-cts-hmac-sha1-96 (RFC 3962). */
export const aes256Sha1: Profile = aesSha1('aes-256-cbc', 32, 16);

function aesSha1(cipher: string, keyLength: number, cksumtype: number): Profile {
  const spec: SimplifiedSpec = {
    cipher,
    macLength: 12,
    deriver: key => dk(cipher, key),
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
      dk(cipher, passwordKey({ hash: 'sha1', keyLength }, password, salt, iterations))(KERBEROS),
  };
}

/**
 * DK (RFC 3961 §5.1): the folded constant encrypted, that encrypted again, and so on. CBC over the constant and
 * zeros is just that, in one call.
 */
export function dk(cipher: string, key: Uint8Array): (constant: Uint8Array) => Uint8Array {
  const base = new BlockCipher(cipher, key);
  return constant => {
    const blocks = new Uint8Array(key.length);
    blocks.set(folded(constant));
    return base.encryptBlocks(blocks);
  };
}

/** Folding takes as long as the two encryptions that follow, and there are few constants. */
const foldedConstants = new Map<number, Uint8Array>();

/** The constant as one block; those of key usages up to 255 are kept. */
function folded(constant: Uint8Array): Uint8Array {
  const [a, b, c, usage, purpose] = constant;
  if (constant.length !== 5 || a! + b! + c! > 0) return nFold(constant, BLOCK);
  const number = (usage! << 8) | purpose!;
  const known = foldedConstants.get(number) ?? nFold(constant, BLOCK);
  foldedConstants.set(number, known);
  return known;
}
