import { importKey, type Key } from './key.ts';

/** The pseudo-random function of the key's enctype (RFC 3961 §3); its output length is fixed by the enctype. */
export function prf(key: Key, input: Uint8Array): Uint8Array {
  return key.operations.prf(input);
}

/** PRF+ (RFC 6113 §5.1): `length` bytes, at most 255 outputs of the PRF; a `TypeError` beyond. */
export function prfPlus(key: Key, input: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const counted = Buffer.concat([Uint8Array.of(0), input]);
  for (let at = 0; at < length; ) {
    if (counted[0] === 0xff) throw new TypeError('PRF+ ends after 255 blocks');
    counted[0]! += 1;
    const block = prf(key, counted);
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return out;
}

/**
 * KRB-FX-CF2 (RFC 6113 §5.1): combines two keys into one of the first key's enctype; peppers in text form are ASCII.
 */
export function cf2(key1: Key, key2: Key, pepper1: string | Uint8Array, pepper2: string | Uint8Array): Key {
  const { keyLength } = key1.profile;
  const mixed = prfPlus(key1, pepperBytes(pepper1), keyLength);
  const other = prfPlus(key2, pepperBytes(pepper2), keyLength);
  for (let i = 0; i < keyLength; i++) mixed[i]! ^= other[i]!;
  return importKey(key1.etype, mixed);
}

function pepperBytes(pepper: string | Uint8Array): Uint8Array {
  return typeof pepper === 'string' ? Buffer.from(pepper) : pepper;
}
