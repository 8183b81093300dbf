import type { CacheContents } from '../../src/ccache/ccache.ts';
import type { Credential } from '../../src/messages/credential.ts';
import {
  type Principal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';

/** Bytes of a ticket's encrypted part: the ticket has 1,200 or so. */
const CIPHER_BYTES = 1100;

const client = parsePrincipal('alice@A.TEST');
const now = Math.floor(Date.now() / 1000) * 1000;

/** A cache of so many tickets, a ticket-granting ticket the first of them. */
export function contentsOf(size: number): CacheContents {
  const credentials = [ticket(tgsPrincipal('A.TEST'), 0)];
  for (let i = 1; i < size; i++) credentials.push(ticket(parsePrincipal(nameOf(i)), i));
  return { principal: client, credentials };
}

/** The server of one in the middle. */
export function serviceOf(size: number): string {
  return size === 1 ? 'krbtgt/A.TEST@A.TEST' : nameOf(Math.ceil(size / 2));
}

function nameOf(i: number): string {
  return `HTTP/host${i}.a.test@A.TEST`;
}

/** Got three seconds after the one before. */
function ticket(server: Principal, i: number): Credential {
  const encPart = { etype: 18, kvno: 3, cipher: new Uint8Array(CIPHER_BYTES) };
  return {
    client,
    server,
    key: { keytype: 18, keyvalue: new Uint8Array(32) },
    authtime: new Date(now),
    // Some hours ago, so that all are valid.
    starttime: new Date(now - (10_000 - i) * 3000),
    endtime: new Date(now + 36_000_000),
    renewTill: new Date(now + 600_000_000),
    flags: 0x40e10000,
    addresses: [],
    authorizationData: [],
    ticket: Ticket.encode({ realm: server.realm, sname: toPrincipalName(server), encPart }),
    secondTicket: new Uint8Array(),
    isSkey: false,
  };
}
