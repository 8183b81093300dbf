import { type ChecksumValue, verifyChecksum } from '../crypto/checksum.ts';
import { DEFAULT_ENCTYPES } from '../crypto/enctype-list.ts';
import { enctypeName } from '../crypto/enctype-names.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import type { Credential } from '../messages/credential.ts';
import {
  KDC_ERR_ETYPE_NOSUPP,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_MSG_TYPE,
} from '../messages/error-codes.ts';
import { MUTUAL_REQUIRED, USE_SESSION_KEY } from '../messages/flags.ts';
import { KU_AP_REP, KU_AP_REQ_AUTHENTICATOR, KU_AP_REQ_CKSUM } from '../messages/numbers.ts';
import { type Principal, toPrincipal } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import { toEncryptionKey, toKey, unseal } from '../messages/seal.ts';
import { secondsOf } from '../messages/seconds.ts';
import { type EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../messages/types.ts';
import type { AcceptedServer } from './accepted-server.ts';
import { ApError } from './ap-error.ts';
import { mutualFailed, openApRep, sameApRep, sealApRep } from './ap-rep.ts';
import { instantOf } from './authenticator-time.ts';
import {
  checkAddress,
  checkClient,
  checkSkew,
  checkTicketTimes,
  checkTransited,
  type Moment,
} from './checks.ts';
import type { OpenedTickets } from './opened-tickets.ts';
import { asApError } from './refusal.ts';
import { authenticatorTag, type ReplayCache } from './replay-cache.ts';
import { openTicket, openUserTicket } from './service-key.ts';
import { type ApSession, freshSequenceNumber } from './session.ts';

const NONE = new Uint8Array(0);
/** Key usages of the session key where the service sends an AP-REP. */
const MUTUAL_USAGES = [KU_AP_REQ_AUTHENTICATOR, KU_AP_REP];

export interface AcceptOptions {
  /** The service's keys; requests for any principal among them are accepted unless `server` restricts them. */
  readonly keytab: readonly KeytabEntry[];
  readonly server?: AcceptedServer | readonly AcceptedServer[] | undefined;
  /**
   * Whether to accept tickets for names or key versions that the keytab lacks, or for names that `server` excludes, if a
   * key of an accepted principal opens them: in Active Directory, one account may have many names. The session's server is
   * then that principal. False if not given.
   */
  readonly acceptAliases?: boolean | undefined;
  /** The service's own ticket-granting ticket, for user-to-user authentication: the service is then its client. */
  readonly tgt?: Pick<Credential, 'client' | 'key'> | undefined;
  /** Where authenticators are remembered; without one, detecting replays is up to the application (RFC 4120 §3.2.3). */
  readonly replayCache?: ReplayCache | undefined;
  /**
   * Where opened tickets are remembered, and with them their session keys, so that what a client presents again costs a
   * third; each is opened anew, and nothing of it kept, if not given.
   */
  readonly openedTickets?: OpenedTickets | undefined;
  /**
   * The address that the request came from; without it, tickets that are bound to addresses are accepted from anywhere.
   */
  readonly address?: HostAddress | undefined;
  /** Enctypes of tickets and keys to accept; `DEFAULT_ENCTYPES` if not given. */
  readonly permittedEnctypes?: readonly number[] | undefined;
  /** The data that the authenticator's checksum must cover. */
  readonly checksumData?: Uint8Array | undefined;
  /** Whether to propose a subkey to a client that asks for mutual authentication; it may depend on the request. */
  readonly subkey?: boolean | ((request: SubkeyRequest) => boolean) | undefined;
  /** Whether to tell the client our first sequence number. */
  readonly sequenceNumber?: boolean | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** Seconds two clocks may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
}

/** What the decision to propose a subkey may depend on. */
export interface SubkeyRequest {
  /** The enctype of the client's subkey or, without one, of the session key. */
  readonly etype: number;
  readonly checksum: ChecksumValue | undefined;
}

/** An authenticated client. */
export interface ApAccepted {
  readonly session: ApSession;
  /** The ticket's sealed part. */
  readonly ticket: EncTicketPart;
  /** The ticket as the client presented it: the evidence for S4U2Proxy. */
  readonly credential: Credential;
  /** The authenticator's checksum, such as GSS-API's. */
  readonly checksum: ChecksumValue | undefined;
  /** The authenticator's authorization data. */
  readonly authorizationData: readonly AuthorizationDataElement[];
  /** The only AP-REP (RFC 4120 §3.2.4). Throws TypeError where `session.mutual` says that the client wants none. */
  reply(): Uint8Array;
  /**
   * Checks the AP-REP with which the client ends an exchange of three messages (MS-KILE 3.4.5.1). Throws KerberosError
   * MUTUAL_FAILED and CodecError.
   */
  verifyThird(apRep: Uint8Array): void;
}

/**
 * Checks an AP-REQ in the order of RFC 4120 §3.2.3. Throws ApError, whatever the reason. Nothing is kept but the
 * result, the replay cache's record, the keytab's prepared keys and, if asked for, opened tickets.
 */
export async function acceptApReq(apReq: Uint8Array, options: AcceptOptions): Promise<ApAccepted> {
  try {
    const opened = open(apReq, options);
    const clockskew = secondsOf('clockskew', options.clockskew, 300);
    const moment = { now: options.now?.() ?? new Date(), clockskew };
    const remembered = remember(opened, moment, options);
    if (remembered !== undefined) await remembered;
    return judge(opened, moment, options);
  } catch (error) {
    throw asApError(error);
  }
}

/** Makes the checks that must pass before a request is recorded as seen, and checks that it is new. */
function remember(
  { request, part, authenticator }: Opened,
  moment: Moment,
  { address, replayCache }: AcceptOptions,
): void | Promise<void> {
  checkClient(part, authenticator);
  checkAddress(part, address);
  checkSkew(authenticator, moment);
  const tag = authenticatorTag(request.authenticator);
  return replayCache?.check(tag, new Date(instantOf(authenticator)), moment.now);
}

function judge(opened: Opened, moment: Moment, options: AcceptOptions): ApAccepted {
  const { request, server, part, authenticator } = opened;
  checkTicketTimes(part, moment);
  checkTransited(part, server);
  checkChecksum(authenticator.cksum, opened.sessionKey, options.checksumData);
  const session = agree(opened, options);
  let ours: Uint8Array | undefined;
  return {
    session,
    ticket: part,
    credential: toCredential(request, part, session),
    checksum: authenticator.cksum,
    authorizationData: authenticator.authorizationData ?? [],
    reply() {
      ours ??= makeApRep(session, authenticator);
      return ours;
    },
    verifyThird: apRep => checkThird(apRep, session, ours),
  };
}

/** A request, both of its sealed parts open. */
interface Opened {
  readonly request: ApReq;
  readonly server: Principal;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
  readonly authenticator: Authenticator;
}

function open(apReq: Uint8Array, options: AcceptOptions): Opened {
  if (apReq[0] !== ApReq.tags[0]) throw new ApError(KRB_AP_ERR_MSG_TYPE);
  const request = ApReq.decode(apReq);
  const ticket = Ticket.decode(request.ticket);
  const userToUser = (request.apOptions & USE_SESSION_KEY) !== 0;
  checkEnctype(ticket.encPart.etype, options);
  const named = toPrincipal(ticket.sname, ticket.realm);
  const { part, server } = userToUser
    ? openUserTicket(ticket.encPart, named, options)
    : openTicket(ticket.encPart, named, options);
  checkEnctype(part.key.keytype, options);
  // Unless opened tickets are remembered, this key object does not come again, so it is not worth looking up.
  const sessionKey = options.openedTickets ? readyKey(part.key) : toKey(part.key);
  if (willReply(request, options)) sessionKey.operations.prepare?.(MUTUAL_USAGES);
  const authenticator = unseal(Authenticator, request.authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR);
  return { request, server, part, sessionKey, authenticator };
}

/** Whether the caller is going to make a reply: the client asks for one, and there are options for its contents. */
function willReply({ apOptions }: ApReq, { subkey, sequenceNumber }: AcceptOptions): boolean {
  return (apOptions & MUTUAL_REQUIRED) !== 0 && Boolean(subkey || sequenceNumber);
}

function agree(
  { request, server, part, sessionKey, authenticator }: Opened,
  options: AcceptOptions,
): ApSession {
  const { subkey: proposed, seqNumber, cksum } = authenticator;
  const { subkey = false, sequenceNumber = false } = options;
  const mutual = (request.apOptions & MUTUAL_REQUIRED) !== 0;
  const initiatorSubkey = proposed && permittedKey(proposed, options);
  const { etype } = initiatorSubkey ?? sessionKey;
  const own = typeof subkey === 'boolean' ? subkey : subkey({ etype, checksum: cksum });
  return {
    client: toPrincipal(part.cname, part.crealm),
    server,
    sessionKey,
    initiatorSubkey,
    initiatorSequence: seqNumber,
    acceptorSubkey: mutual && own ? randomKey(etype) : undefined,
    acceptorSequence: mutual && sequenceNumber ? freshSequenceNumber() : undefined,
    endtime: part.endtime,
    mutual,
  };
}

function checkEnctype(etype: number, { permittedEnctypes = DEFAULT_ENCTYPES }: AcceptOptions): void {
  if (!permittedEnctypes.includes(etype)) {
    throw new ApError(KDC_ERR_ETYPE_NOSUPP, `${enctypeName(etype) ?? `enctype ${etype}`} is not permitted`);
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

function toCredential(
  { apOptions, ticket }: ApReq,
  part: EncTicketPart,
  { client, server }: ApSession,
): Credential {
  return {
    client,
    server,
    key: part.key,
    authtime: part.authtime,
    starttime: part.starttime,
    endtime: part.endtime,
    renewTill: part.renewTill,
    flags: part.flags,
    addresses: part.caddr ?? [],
    authorizationData: [],
    ticket,
    secondTicket: NONE,
    isSkey: (apOptions & USE_SESSION_KEY) !== 0,
  };
}

function makeApRep(session: ApSession, { ctime, cusec }: Authenticator): Uint8Array {
  if (!session.mutual) throw new TypeError('the client asked for no AP-REP');
  const subkey = session.acceptorSubkey && toEncryptionKey(session.acceptorSubkey);
  const part = { ctime, cusec, subkey, seqNumber: session.acceptorSequence };
  return sealApRep(part, session.sessionKey);
}

/** It repeats our number, but so would our own AP-REP, reflected; it may carry the time at which it was made itself. */
function checkThird(
  apRep: Uint8Array,
  { sessionKey, acceptorSequence }: ApSession,
  ours: Uint8Array | undefined,
): void {
  const { seqNumber } = openApRep(apRep, sessionKey);
  if (ours !== undefined && sameApRep(apRep, ours)) throw mutualFailed();
  if (acceptorSequence === undefined || seqNumber !== acceptorSequence) throw mutualFailed();
}
