import { existsSync, readFileSync } from 'node:fs';

const shared = new URL('../../../shared/vectors/', import.meta.url);
const own = new URL('../vectors/', import.meta.url);

/** Whether the shared known answers lie beside this checkout. */
export const haveShared = existsSync(new URL('aes_cts.json', shared));

/** The enctypes with a profile. */
export const ETYPES = [17, 18, 19, 20, 23, 25, 26];

/** A list of known answers in test/vectors. */
export function ownVectors<T>(name: string, list: string): T[] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, own), 'utf8'))[list];
}

/** A list of shared known answers, or nothing where they are absent. */
export function sharedVectors<T>(name: string, list = 'vectors'): T[] {
  return haveShared ? JSON.parse(readFileSync(new URL(`${name}.json`, shared), 'utf8'))[list] : [];
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
