import { isUint8Array } from 'node:util/types';

/** Throws TypeError for what is not bytes: text would pass for as many zeros. */
export function requireBytes(value: Uint8Array, what: string): void {
  if (!isUint8Array(value)) throw new TypeError(`${what} is a Uint8Array`);
}
