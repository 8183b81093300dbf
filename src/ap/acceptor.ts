import { type ChecksumValue, verifyChecksum } from '../crypto/checksum.ts';
import { DEFAULT_ENCTYPES } from '../crypto/enctypes.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../messages/ap.ts';
import {
  KDC_ERR_ETYPE_NOSUPP,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_MSG_TYPE,
  KRB_AP_ERR_NOT_US,
} from '../messages/error-codes.ts';
import { MUTUAL_REQUIRED, USE_SESSION_KEY } from '../messages/flags.ts';
import { KU_AP_REP, KU_AP_REQ_AUTHENTICATOR, KU_AP_REQ_CKSUM } from '../messages/numbers.ts';
import { formatPrincipal, type Principal, samePrincipal, toPrincipal } from '../messages/principal.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../messages/seal.ts';
import { type EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { EncryptionKey, HostAddress } from '../messages/types.ts';
import { ApError } from './ap-error.ts';
import { instantOf } from './authenticator-time.ts';
import { checkAddress, checkClient, checkSkew, checkTicketTimes, checkTransited } from './checks.ts';
import { asApError } from './refusal.ts';
import { authenticatorTag, type ReplayCache } from './replay-cache.ts';
import { openTicket, openUserTicket } from './service-key.ts';
import { type ApSession, freshSequenceNumber } from './session.ts';

/** A service by its first name and, unless any will do, its host. */
export interface ServiceName {
  readonly service: string;
  readonly host?: string | undefined;
}

export interface AcceptOptions {
  /** The service's keys; requests for any principal among them are accepted unless `server` says less. */
  readonly keytab: readonly KeytabEntry[];
  readonly server?: Principal | ServiceName | undefined;
  /** The session key of the service's own ticket-granting ticket, for user-to-user authentication. */
  readonly tgtSessionKey?: Key | undefined;
  /** Where requests are remembered; without one, replays are the application's own care (RFC 4120 §3.2.3). */
  readonly replayCache?: ReplayCache | undefined;
  /** Where the request came from; tickets that are bound to addresses are taken from anywhere if not given. */
  readonly address?: HostAddress | undefined;
  /** Enctypes of tickets and keys to accept; `DEFAULT_ENCTYPES` if not given. */
  readonly permittedEnctypes?: readonly number[] | undefined;
  /** What the authenticator's checksum must have been made over. */
  readonly checksumData?: Uint8Array | undefined;
  /** Whether a client that asks for mutual authentication is given a subkey of ours. */
  readonly subkey?: boolean | undefined;
  /** Whether it is told our first sequence number. */
  readonly sequenceNumber?: boolean | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** Seconds two clocks may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
}

/** A client that has proved who it is. */
export interface ApAccepted {
  readonly session: ApSession;
  /** The ticket's sealed part. */
  readonly ticket: EncTicketPart;
  /** The authenticator's checksum, such as GSS-API's. */
  readonly checksum: ChecksumValue | undefined;
  /** The AP-REP (RFC 4120 §3.2.4). Throws TypeError where `session.mutual` says that the client wants none. */
  reply(): Uint8Array;
}

/**
 * Judges an AP-REQ in the order of RFC 4120 §3.2.3. Throws ApError, whatever the reason. Nothing is kept but what is
 * returned, the replay cache's record, and the keytab's keys made ready.
 */
export function acceptApReq(apReq: Uint8Array, options: AcceptOptions): ApAccepted {
  try {
    return judge(apReq, options);
  } catch (error) {
    throw asApError(error);
  }
}

function judge(apReq: Uint8Array, options: AcceptOptions): ApAccepted {
  const { now = () => new Date(), clockskew = 300 } = options;
  if (apReq[0] !== ApReq.tags[0]) throw new ApError(KRB_AP_ERR_MSG_TYPE);
  const request = ApReq.decode(apReq);
  const ticket = Ticket.decode(request.ticket);
  const server = toPrincipal(ticket.sname, ticket.realm);
  checkServer(server, options.server);
  checkEnctype(ticket.encPart.etype, options);
  const part =
    request.apOptions & USE_SESSION_KEY
      ? openUserTicket(ticket.encPart, options.tgtSessionKey)
      : openTicket(ticket.encPart, server, options.keytab);
  const sessionKey = permittedKey(part.key, options);
  const authenticator = unseal(Authenticator, request.authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR);
  checkClient(part, authenticator);
  checkAddress(part, options.address);
  const moment = { now: now(), clockskew };
  checkSkew(authenticator, moment);
  options.replayCache?.check(
    authenticatorTag(request.authenticator),
    new Date(instantOf(authenticator)),
    moment.now,
  );
  checkTicketTimes(part, moment);
  checkTransited(part, server);
  checkChecksum(authenticator.cksum, sessionKey, options.checksumData);
  const mutual = (request.apOptions & MUTUAL_REQUIRED) !== 0;
  const session: ApSession = {
    client: toPrincipal(part.cname, part.crealm),
    server,
    sessionKey,
    initiatorSubkey: authenticator.subkey && permittedKey(authenticator.subkey, options),
    initiatorSequence: authenticator.seqNumber,
    acceptorSubkey: mutual && options.subkey ? randomKey(sessionKey.etype) : undefined,
    acceptorSequence: mutual && options.sequenceNumber ? freshSequenceNumber() : undefined,
    endtime: part.endtime,
    mutual,
  };
  return {
    session,
    ticket: part,
    checksum: authenticator.cksum,
    reply: () => makeApRep(session, authenticator),
  };
}

function checkServer(server: Principal, wanted: Principal | ServiceName | undefined): void {
  if (wanted === undefined) return;
  const fits =
    'service' in wanted
      ? server.components[0] === wanted.service &&
        (wanted.host === undefined || server.components[1] === wanted.host)
      : samePrincipal(server, wanted);
  if (!fits) throw new ApError(KRB_AP_ERR_NOT_US, `the ticket is for ${formatPrincipal(server)}`);
}

function checkEnctype(etype: number, { permittedEnctypes = DEFAULT_ENCTYPES }: AcceptOptions): void {
  if (!permittedEnctypes.includes(etype)) {
    throw new ApError(KDC_ERR_ETYPE_NOSUPP, `enctype ${etype} is not permitted`);
  }
}

function permittedKey(key: EncryptionKey, options: AcceptOptions): Key {
  checkEnctype(key.keytype, options);
  return toKey(key);
}

function checkChecksum(
  checksum: ChecksumValue | undefined,
  sessionKey: Key,
  data: Uint8Array | undefined,
): void {
  if (data === undefined) return;
  if (checksum?.cksumtype !== sessionKey.profile.cksumtype) {
    throw new ApError(
      KRB_AP_ERR_INAPP_CKSUM,
      checksum === undefined ? 'no checksum' : 'not of the session key',
    );
  }
  if (!verifyChecksum(sessionKey, KU_AP_REQ_CKSUM, data, checksum)) throw new ApError(KRB_AP_ERR_MODIFIED);
}

function makeApRep(session: ApSession, { ctime, cusec }: Authenticator): Uint8Array {
  if (!session.mutual) throw new TypeError('the client asked for no AP-REP');
  const part: EncApRepPart = {
    ctime,
    cusec,
    subkey: session.acceptorSubkey && toEncryptionKey(session.acceptorSubkey),
    seqNumber: session.acceptorSequence,
  };
  return ApRep.encode({ encPart: seal(EncApRepPart, part, session.sessionKey, KU_AP_REP) });
}
