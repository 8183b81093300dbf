import { cmac } from './cmac.ts';
import { BLOCK } from './cts.ts';
import type { Deriver } from './derive.ts';
import { KERBEROS, type PasswordSpec, passwordKey } from './pbkdf2.ts';
import type { Profile } from './profile.ts';
import { SimplifiedKey, type SimplifiedSpec } from './simplified.ts';

/** camellia128-cts-cmac (RFC 6803). */
export const camellia128: Profile = camellia(
  'camellia-128-cbc',
  { hash: 'sha1', keyLength: 16, saltPrefix: 'camellia128-cts-cmac' },
  17,
);

/** camellia256-cts-cmac (RFC 6803). */
export const camellia256: Profile = camellia(
  'camellia-256-cbc',
  { hash: 'sha1', keyLength: 32, saltPrefix: 'camellia256-cts-cmac' },
  18,
);

function camellia(cipher: string, passwordSpec: PasswordSpec, cksumtype: number): Profile {
  const { keyLength } = passwordSpec;
  const spec: SimplifiedSpec = {
    cipher,
    macLength: BLOCK,
    deriver: key => kdfFeedbackCmac(cipher, key),
    mac: key => cmac(cipher, key),
    prf: (key, input) => cmac(cipher, key)(input),
  };
  return {
    keyLength,
    cksumtype,
    tagLength: spec.macLength,
    defaultIterations: 32768,
    open: key => new SimplifiedKey(spec, key),
    stringToKey: (password, salt, iterations) =>
      kdfFeedbackCmac(cipher, passwordKey(passwordSpec, password, salt, iterations))([KERBEROS])[0]!,
  };
}

/**
 * KDF-FEEDBACK-CMAC (RFC 6803 §3): each block is the CMAC of the previous block, a counter, the constant and the
 * length.
 */
export function kdfFeedbackCmac(cipher: string, key: Uint8Array): Deriver {
  const mac = cmac(cipher, key);
  const bits = key.length * 8;
  const derive = (constant: Uint8Array): Uint8Array => {
    const derived = new Uint8Array(key.length);
    let block: Uint8Array = new Uint8Array(BLOCK);
    for (let at = 0; at < key.length; at += BLOCK) {
      const counter = at / BLOCK + 1;
      block = mac(
        Buffer.concat([
          block,
          Uint8Array.of(0, 0, 0, counter),
          constant,
          Uint8Array.of(0, 0, 0, bits >>> 8, bits),
        ]),
      );
      derived.set(block, at);
    }
    return derived;
  };
  return constants => constants.map(derive);
}
