import { type ChecksumValue, verifyChecksum } from '../crypto/checksum.ts';
import { DEFAULT_ENCTYPES } from '../crypto/enctype-list.ts';
import { type Key, randomKey } from '../crypto/key.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import type { Credential } from '../messages/credential.ts';
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
import { readyKey } from '../messages/ready-key.ts';
import { toEncryptionKey, toKey, unseal } from '../messages/seal.ts';
import { type EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../messages/types.ts';
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
/** What a session key serves for where the service answers. */
const MUTUAL_USAGES = [KU_AP_REQ_AUTHENTICATOR, KU_AP_REP];

/** A service by its first name and, unless any will do, its host. */
export interface ServiceName {
  readonly service: string;
  readonly host?: string | undefined;
}

/** A service by its principal, or by less. */
export type AcceptedServer = Principal | ServiceName;

export interface AcceptOptions {
  /** The service's keys; requests for any principal among them are accepted unless `server` says less. */
  readonly keytab: readonly KeytabEntry[];
  readonly server?: AcceptedServer | readonly AcceptedServer[] | undefined;
  /** The service's own ticket-granting ticket, for user-to-user authentication: who is served then is its client. */
  readonly tgt?: Pick<Credential, 'client' | 'key'> | undefined;
  /** Where requests are remembered; without one, replays are the application's own care (RFC 4120 §3.2.3). */
  readonly replayCache?: ReplayCache | undefined;
  /**
   * Where opened tickets are remembered, and with them their session keys, so that what a client presents again costs a
   * third; each is opened anew, and nothing of it kept, if not given.
   */
  readonly openedTickets?: OpenedTickets | undefined;
  /** Where the request came from; tickets that are bound to addresses are taken from anywhere if not given. */
  readonly address?: HostAddress | undefined;
  /** Enctypes of tickets and keys to accept; `DEFAULT_ENCTYPES` if not given. */
  readonly permittedEnctypes?: readonly number[] | undefined;
  /** What the authenticator's checksum must have been made over. */
  readonly checksumData?: Uint8Array | undefined;
  /** Whether a client that asks for mutual authentication is given a subkey of ours; it may depend on the request. */
  readonly subkey?: boolean | ((request: SubkeyRequest) => boolean) | undefined;
  /** Whether it is told our first sequence number. */
  readonly sequenceNumber?: boolean | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** Seconds two clocks may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
}

/** What a subkey may depend on. */
export interface SubkeyRequest {
  /** The enctype of the client's subkey or, without one, of the session key. */
  readonly etype: number;
  readonly checksum: ChecksumValue | undefined;
}

/** A client that has proved who it is. */
export interface ApAccepted {
  readonly session: ApSession;
  /** The ticket's sealed part. */
  readonly ticket: EncTicketPart;
  /** What was shown, as the client has it: the evidence that S4U2Proxy asks for. */
  readonly credential: Credential;
  /** The authenticator's checksum, such as GSS-API's. */
  readonly checksum: ChecksumValue | undefined;
  /** The authenticator's authorization data. */
  readonly authorizationData: readonly AuthorizationDataElement[];
  /** The one AP-REP (RFC 4120 §3.2.4). Throws TypeError where `session.mutual` says that the client wants none. */
  reply(): Uint8Array;
  /**
   * Checks the AP-REP by which the client ends an exchange of three (MS-KILE 3.4.5.1). Throws KerberosError MUTUAL_FAILED
   * and CodecError.
   */
  verifyThird(apRep: Uint8Array): void;
}

/**
 * Judges an AP-REQ in the order of RFC 4120 §3.2.3. Throws ApError, whatever the reason. Nothing is kept but what is
 * returned, the replay cache's record, the keytab's keys made ready and, if so wished, opened tickets.
 */
export async function acceptApReq(apReq: Uint8Array, options: AcceptOptions): Promise<ApAccepted> {
  try {
    const opened = open(apReq, options);
    const { now, clockskew = 300 } = options;
    const moment = { now: now?.() ?? new Date(), clockskew };
    const remembered = remember(opened, moment, options);
    if (remembered !== undefined) await remembered;
    return judge(opened, moment, options);
  } catch (error) {
    throw asApError(error);
  }
}

/** The checks of what makes a request one to be remembered, and that it is new. */
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

/** A request with both of its sealed parts. */
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
  const tgt = userToUser ? options.tgt : undefined;
  // Nothing vouches for the name on a ticket of user-to-user: it is for whose ticket-granting ticket has its key.
  const server = tgt?.client ?? toPrincipal(ticket.sname, ticket.realm);
  checkServer(server, options.server);
  checkEnctype(ticket.encPart.etype, options);
  const part = userToUser
    ? openUserTicket(ticket.encPart, tgt && readyKey(tgt.key))
    : openTicket(ticket.encPart, server, options);
  checkEnctype(part.key.keytype, options);
  // What will not come again is not looked for.
  const sessionKey = options.openedTickets ? readyKey(part.key) : toKey(part.key);
  if (willReply(request, options)) sessionKey.operations.prepare?.(MUTUAL_USAGES);
  const authenticator = unseal(Authenticator, request.authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR);
  return { request, server, part, sessionKey, authenticator };
}

/** Who has wishes for the reply will make it. */
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

function checkServer(server: Principal, wanted: AcceptOptions['server']): void {
  if (wanted === undefined) return;
  const fits = Array.isArray(wanted)
    ? wanted.some(one => isServer(server, one))
    : isServer(server, wanted as AcceptedServer);
  if (!fits) throw new ApError(KRB_AP_ERR_NOT_US, `the ticket is for ${formatPrincipal(server)}`);
}

function isServer(server: Principal, wanted: AcceptedServer): boolean {
  if (!('service' in wanted)) return samePrincipal(server, wanted);
  const [service, host] = server.components;
  return service === wanted.service && (wanted.host === undefined || host === wanted.host);
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

/** It repeats our number, as would `ours` if it came back; its time may be that of its own making. */
function checkThird(
  apRep: Uint8Array,
  { sessionKey, acceptorSequence }: ApSession,
  ours: Uint8Array | undefined,
): void {
  const { seqNumber } = openApRep(apRep, sessionKey);
  if (ours !== undefined && sameApRep(apRep, ours)) throw mutualFailed();
  if (acceptorSequence === undefined || seqNumber !== acceptorSequence) throw mutualFailed();
}
