import { type Key, randomKey } from '../../src/crypto/key.ts';
import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { type Principal, parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { seal, toEncryptionKey } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';

/** The moment at which everything here happens. */
export const NOW = new Date('2026-03-01T12:00:00.250Z');
export const HOUR = 3600;

export const alice = parsePrincipal('alice@A.TEST');
export const sample = parsePrincipal('sample/localhost@A.TEST');
export const serviceKey = randomKey(18);
export const keytab: readonly KeytabEntry[] = [
  { principal: sample, timestamp: NOW, kvno: 3, key: toEncryptionKey(serviceKey) },
];

/** `seconds` after `NOW`. */
export function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

export interface MadeUp {
  /** Overrides for the ticket's sealed part. */
  readonly part?: Partial<EncTicketPart>;
  readonly server?: Principal;
  readonly key?: Key;
  readonly kvno?: number | undefined;
  readonly sessionEtype?: number;
  /** Whom the client claims to be. */
  readonly client?: Principal;
}

/** A credential of alice for the sample service, as a KDC would issue it. */
export function makeCredential({ server = sample, key = serviceKey, ...made }: MadeUp = {}): Credential {
  const sessionKey = toEncryptionKey(randomKey(made.sessionEtype ?? 18));
  const part: EncTicketPart = {
    flags: 0,
    key: sessionKey,
    crealm: alice.realm,
    cname: toPrincipalName(alice),
    transited: { trType: 1, contents: new Uint8Array(0) },
    authtime: later(-HOUR),
    endtime: later(HOUR),
    ...made.part,
  };
  const kvno = 'kvno' in made ? made.kvno : 3;
  const ticket = Ticket.encode({
    realm: server.realm,
    sname: toPrincipalName(server),
    encPart: seal(EncTicketPart, part, key, KU_TICKET, kvno),
  });
  return {
    client: made.client ?? alice,
    server,
    key: sessionKey,
    authtime: part.authtime,
    endtime: part.endtime,
    flags: part.flags,
    addresses: [],
    authorizationData: [],
    ticket,
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}
