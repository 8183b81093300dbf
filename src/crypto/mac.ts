import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** A message authentication code under one key, over the parts of `data`, one behind the other. */
export type Mac = (...data: readonly Uint8Array[]) => Uint8Array;

/** HMAC over a hash that node:crypto knows. */
export function hmac(hash: string, key: Uint8Array): Mac {
  const secret = createSecretKey(key);
  return (...data) => {
    const mac = createHmac(hash, secret);
    for (const part of data) mac.update(part);
    return mac.digest();
  };
}

/** Whether `received` is exactly the first `length` bytes of `computed`, in constant time. */
export function macMatches(computed: Uint8Array, received: Uint8Array, length: number): boolean {
  return received.length === length && timingSafeEqual(computed.subarray(0, length), received);
}
