import type { CacheContents } from '../../src/ccache/ccache.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';

export const NOW = new Date('2026-11-22T12:00:00Z');

export const alice = parsePrincipal('alice@A.TEST');

/** `NOW` and so many seconds. */
export function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

export function credential(server: string, more: Partial<Credential> = {}): Credential {
  return {
    client: alice,
    server: parsePrincipal(server),
    key: { keytype: 18, keyvalue: new Uint8Array(32).fill(7) },
    authtime: NOW,
    starttime: undefined,
    endtime: later(3600),
    renewTill: undefined,
    flags: 0x40e10000,
    addresses: [],
    authorizationData: [],
    ticket: new Uint8Array(100).fill(9),
    secondTicket: new Uint8Array(0),
    isSkey: false,
    ...more,
  };
}

export const tgt = credential('x@A.TEST', { server: tgsPrincipal('A.TEST') });

export const contents: CacheContents = { principal: alice, credentials: [tgt], kdcOffset: undefined };
