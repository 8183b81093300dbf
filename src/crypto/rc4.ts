import { createHash } from 'node:crypto';
import { IntegrityError } from '../errors.ts';
import { UsageCache } from './derive.ts';
import { hmac, type Mac, macMatches } from './mac.ts';
import { md4 } from './md4.ts';
import { type Frame, type KeyOperations, NO_FRAME, type Profile } from './profile.ts';
import { fillRandom } from './random.ts';

/** KERB_CHECKSUM_HMAC_MD5 (RFC 4757 §4). */
export const HMAC_MD5 = -138;

const TAG = 16;

/** arcfour-hmac (RFC 4757). */
export const rc4Hmac: Profile = {
  keyLength: 16,
  cksumtype: HMAC_MD5,
  tagLength: TAG,
  defaultIterations: 0,
  open: key => new Rc4Key(key),
  stringToKey: password => md4(Buffer.from(Buffer.from(password).toString(), 'utf16le')),
};

const CONFOUNDER = 8;

/** A key of RFC 4757 §5: the tag comes first, and the RC4 key is derived from it. */
class Rc4Key implements KeyOperations {
  private readonly bytes: Uint8Array;
  private readonly macs: UsageCache<Mac>;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const base = hmac('md5', bytes);
    this.macs = new UsageCache(usage => hmac('md5', base(messageType(usage))));
  }

  encrypt(usage: number, plaintext: Uint8Array, { headroom, trailer }: Frame = NO_FRAME): Uint8Array {
    const mac = this.macs.get(usage);
    const start = headroom + TAG;
    const behind = start + CONFOUNDER + plaintext.length;
    const out = Buffer.allocUnsafe(behind + trailer.length);
    fillRandom(out, start, CONFOUNDER);
    out.set(plaintext, start + CONFOUNDER);
    out.set(trailer, behind);
    const body = out.subarray(start);
    const tag = mac(body);
    out.set(tag, headroom);
    rc4(mac(tag), body, body);
    return out;
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    if (ciphertext.length < TAG + CONFOUNDER) throw new IntegrityError();
    const mac = this.macs.get(usage);
    const tag = ciphertext.subarray(0, TAG);
    const body = Buffer.allocUnsafe(ciphertext.length - TAG);
    rc4(mac(tag), ciphertext.subarray(TAG), body);
    if (!macMatches(mac(body), tag, TAG)) throw new IntegrityError();
    return body.subarray(CONFOUNDER);
  }

  checksum(usage: number, ...data: readonly Uint8Array[]): Uint8Array {
    return hmacMd5(this.bytes, usage, ...data);
  }

  prf(input: Uint8Array): Uint8Array {
    return hmac('sha1', this.bytes)(input);
  }
}

/** The HMAC-MD5 checksum, keyed with the bytes of a key of any enctype (RFC 4757 §4, MS-SFU §2.2.1). */
export function hmacMd5(key: Uint8Array, usage: number, ...data: readonly Uint8Array[]): Uint8Array {
  const signingKey = hmac('md5', key)(Buffer.from('signaturekey\0'));
  const digest = createHash('md5').update(messageType(usage));
  for (const part of data) digest.update(part);
  return hmac('md5', signingKey)(digest.digest());
}

/**
 * The message type T of a key usage number, little-endian. RFC 4757 §3 also maps usage 9 to 8; MIT and Heimdal do not.
 */
function messageType(usage: number): Uint8Array {
  const type = usage === 3 ? 8 : usage === 23 ? 13 : usage;
  return Uint8Array.of(type, type >>> 8, type >>> 16, type >>> 24);
}

/** RC4 from `input` to `output`, which may be the same array. */
export function rc4(key: Uint8Array, input: Uint8Array, output: Uint8Array): void {
  const state = new Uint8Array(256);
  for (let i = 0; i < 256; i++) state[i] = i;
  for (let i = 0, j = 0; i < 256; i++) {
    const byte = state[i]!;
    j = (j + byte + key[i % key.length]!) & 0xff;
    state[i] = state[j]!;
    state[j] = byte;
  }
  for (let at = 0, i = 0, j = 0; at < input.length; at++) {
    i = (i + 1) & 0xff;
    const a = state[i]!;
    j = (j + a) & 0xff;
    const b = state[j]!;
    state[i] = b;
    state[j] = a;
    output[at] = input[at]! ^ state[(a + b) & 0xff]!;
  }
}
