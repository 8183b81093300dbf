import { makeChecksum } from '../../src/crypto/checksum.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { md4 } from '../../src/crypto/md4.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE } from '../../src/messages/flags.ts';
import { TgsReq } from '../../src/messages/kdc-req.ts';
import { KU_TGS_REQ_AUTHENTICATOR, PA_TGS_REQ } from '../../src/messages/numbers.ts';
import {
  type Principal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import {
  KU_PA_S4U_X509_USER_REPLY,
  PA_S4U_X509_USER,
  PaS4uX509User,
  S4uUserId,
} from '../../src/messages/s4u.ts';
import { toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import type { PaData } from '../../src/messages/types.ts';
import { type Answer, type Lies, later, tgsReply } from '../support/scripted-kdc.ts';

/** The service that asks in the names of others, and one of those. */
export const front = parsePrincipal('front/x@A.TEST');
export const bob = parsePrincipal('bob@A.TEST');

/** A valid ticket of the front service's. */
export function ticketFor(server: Principal, session: Key, client = front): Credential {
  return {
    client,
    server,
    key: toEncryptionKey(session),
    authtime: later(0),
    starttime: later(0),
    endtime: later(3600),
    flags: FORWARDABLE,
    addresses: [],
    authorizationData: [],
    ticket: Ticket.encode({
      realm: server.realm,
      sname: toPrincipalName(server),
      encPart: { etype: 18, cipher: new Uint8Array(40).fill(server.components.length) },
    }),
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

export function newTgt(session: Key, realm = 'A.TEST'): Credential {
  return ticketFor(tgsPrincipal(realm, 'A.TEST'), session);
}

/** The pre-authentication data of a TGS-REQ. */
export function tgsPadata(request: Uint8Array): readonly PaData[] {
  return TgsReq.decode(request).padata ?? [];
}

export function dataOf(padata: readonly PaData[], type: number): Uint8Array {
  return padata.find(({ padataType }) => padataType === type)!.padataValue;
}

/** The key that a TGS-REQ wants its reply sealed in. */
export function subkeyOf(request: Uint8Array, session: Key): Key {
  const apReq = ApReq.decode(dataOf(tgsPadata(request), PA_TGS_REQ));
  const { subkey } = unseal(Authenticator, apReq.authenticator, session, KU_TGS_REQ_AUTHENTICATOR);
  return toKey(subkey!);
}

/** What a reply to S4U2Self shall have instead of what an honest KDC puts there. */
export interface ForUserLies extends Lies {
  /** Whom the ticket is said to be for. */
  readonly client?: Principal;
  /** What is vouched for. */
  readonly userId?: Partial<S4uUserId>;
  /** The key, and its usage, of the checksum that vouches. */
  readonly vouchKey?: Key;
  readonly vouchUsage?: number;
  /** No word about the user but the ticket's client. */
  readonly silent?: boolean;
  /** What the sealed part says about the user. */
  readonly echo?: Uint8Array | undefined;
}

/** The answer of a KDC that does S4U2Self with the ticket of this session key; honest but for its lies. */
export function forUserReply(session: Key, lies: ForUserLies = {}): Answer {
  return (request, realm) => {
    const subkey = subkeyOf(request, session);
    const asked = PaS4uX509User.decode(dataOf(tgsPadata(request), PA_S4U_X509_USER));
    const { subjectCertificate: _, ...identity } = S4uUserId.decode(asked.userId);
    const answered = { ...identity, ...lies.userId };
    const userId = S4uUserId.encode(answered);
    const { vouchKey = subkey, vouchUsage = KU_PA_S4U_X509_USER_REPLY } = lies;
    const isRc4 = subkey.etype === 23;
    const checksum = isRc4
      ? { cksumtype: 2, checksum: md4(userId) }
      : makeChecksum(vouchKey, vouchUsage, userId);
    const value = PaS4uX509User.encode({ userId, checksum });
    const both = Buffer.concat([asked.checksum.checksum, checksum.checksum]);
    const echo = 'echo' in lies ? lies.echo : isRc4 ? both : undefined;
    const { client = { ...front, components: answered.cname!.nameString, realm: answered.crealm } } = lies;
    return tgsReply(
      session,
      {
        ...lies,
        rep: {
          padata: lies.silent ? [] : [{ padataType: PA_S4U_X509_USER, padataValue: value }],
          ...lies.rep,
        },
        part: {
          encryptedPaData: echo && [{ padataType: PA_S4U_X509_USER, padataValue: echo }],
          ...lies.part,
        },
      },
      client,
    )(request, realm);
  };
}

export const session = randomKey(18);
