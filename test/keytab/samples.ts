import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

export const WRITTEN = new Date('2026-11-22T12:00:00Z');

export function entry(principal: string, kvno: number, more: Partial<KeytabEntry> = {}): KeytabEntry {
  return {
    principal: parsePrincipal(principal),
    timestamp: WRITTEN,
    kvno,
    key: { keytype: 18, keyvalue: new Uint8Array(32).fill(kvno) },
    ...more,
  };
}
