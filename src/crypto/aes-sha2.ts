import { IntegrityError } from '../errors.ts';
import { BLOCK, BlockCipher } from './cts.ts';
import { CHECKSUM_KEY, ENCRYPTION_KEY, INTEGRITY_KEY, UsageCache, usageConstant } from './derive.ts';
import { type HashName, hmac, type Mac, macMatches } from './mac.ts';
import { KERBEROS, type PasswordSpec, passwordKey } from './pbkdf2.ts';
import { type Frame, type KeyOperations, NO_FRAME, type Profile } from './profile.ts';
import { confounded } from './simplified.ts';

/** aes128-cts-hmac-sha256-128 (RFC 8009). */
export const aes128Sha2: Profile = aesSha2(
  { cipher: 'aes-128-cbc', hash: 'sha256', keyLength: 16, tagLength: 16, prfLength: 32 },
  { hash: 'sha256', keyLength: 16, saltPrefix: 'aes128-cts-hmac-sha256-128' },
  19,
);

/** aes256-cts-hmac-sha384-192 (RFC 8009). */
export const aes256Sha2: Profile = aesSha2(
  { cipher: 'aes-256-cbc', hash: 'sha384', keyLength: 32, tagLength: 24, prfLength: 48 },
  { hash: 'sha384', keyLength: 32, saltPrefix: 'aes256-cts-hmac-sha384-192' },
  20,
);

/** Lengths in bytes; the tag and the keys Kc and Ki are equally long. */
interface Sha2Spec {
  readonly cipher: string;
  readonly hash: HashName;
  readonly keyLength: number;
  readonly tagLength: number;
  readonly prfLength: number;
}

function aesSha2(spec: Sha2Spec, passwordSpec: PasswordSpec, cksumtype: number): Profile {
  const { keyLength, hash, tagLength } = spec;
  return {
    keyLength,
    cksumtype,
    tagLength,
    defaultIterations: 32768,
    open: key => new Sha2Key(spec, key),
    stringToKey: (password, salt, iterations) => {
      const tkey = passwordKey(passwordSpec, password, salt, iterations);
      return kdfHmacSha2(hmac(hash, tkey), KERBEROS, keyLength);
    },
  };
}

/** A key of RFC 8009 §5: the MAC covers the IV, which is all zeros, and the ciphertext. */
class Sha2Key implements KeyOperations {
  private readonly spec: Sha2Spec;
  private readonly base: Mac;
  private readonly sealers = new UsageCache(usage => ({
    cipher: new BlockCipher(this.spec.cipher, this.derive(usage, ENCRYPTION_KEY, this.spec.keyLength)),
    mac: this.mac(usage, INTEGRITY_KEY),
  }));
  private readonly signers = new UsageCache(usage => this.mac(usage, CHECKSUM_KEY));

  constructor(spec: Sha2Spec, protocolKey: Uint8Array) {
    this.spec = spec;
    this.base = hmac(spec.hash, protocolKey);
  }

  encrypt(usage: number, plaintext: Uint8Array, frame: Frame = NO_FRAME): Uint8Array {
    const { cipher, mac } = this.sealers.get(usage);
    const { tagLength } = this.spec;
    const { padded, start, end } = confounded(plaintext, frame, tagLength);
    // The tag goes into the space that whole blocks leave behind the ciphertext, which saves a copy.
    const out = cipher.encrypt(padded, end, start);
    padded.fill(0);
    out.set(mac(ZERO_IV, out.subarray(start, end)), end);
    return out.subarray(start - frame.headroom, end + tagLength);
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    const { cipher, mac } = this.sealers.get(usage);
    const { tagLength } = this.spec;
    const length = ciphertext.length - tagLength;
    if (length < BLOCK) throw new IntegrityError();
    const body = ciphertext.subarray(0, length);
    if (!macMatches(mac(ZERO_IV, body), ciphertext.subarray(length), tagLength)) throw new IntegrityError();
    return cipher.decrypt(ciphertext, length).subarray(BLOCK);
  }

  checksum(usage: number, ...data: readonly Uint8Array[]): Uint8Array {
    return this.signers.get(usage)(...data);
  }

  prf(input: Uint8Array): Uint8Array {
    return kdfHmacSha2(this.base, Buffer.from('prf'), this.spec.prfLength, input);
  }

  private mac(usage: number, purpose: number): Mac {
    const { hash, tagLength } = this.spec;
    return hmac(hash, this.derive(usage, purpose, tagLength), tagLength);
  }

  private derive(usage: number, purpose: number, length: number): Uint8Array {
    return kdfHmacSha2(this.base, usageConstant(usage, purpose), length);
  }
}

const ZERO_IV = new Uint8Array(BLOCK);
const FIRST_BLOCK = Uint8Array.of(0, 0, 0, 1);
const SEPARATOR = Uint8Array.of(0);
const NONE = new Uint8Array(0);

/** KDF-HMAC-SHA2 (RFC 8009 §3); its first block is enough for every length in use. */
export function kdfHmacSha2(
  mac: Mac,
  label: Uint8Array,
  length: number,
  context: Uint8Array = NONE,
): Uint8Array {
  const bits = length * 8;
  const tail = Uint8Array.of(0, 0, bits >>> 8, bits);
  return mac(FIRST_BLOCK, label, SEPARATOR, context, tail).subarray(0, length);
}
