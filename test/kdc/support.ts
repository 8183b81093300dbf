import { makeChecksum } from '../../src/crypto/checksum.ts';
import type { Key } from '../../src/crypto/key.ts';
import { createKdc, type Kdc, type KdcOptions } from '../../src/kdc/kdc.ts';
import { createDatabase, type MemoryDatabase, type PrincipalOptions } from '../../src/kdc/memory-database.ts';
import type { RealmPolicy } from '../../src/kdc/policy.ts';
import { transportTo } from '../../src/kdc/start/transport.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import {
  AsRep,
  EncAsRepPart,
  type EncKdcRepPart,
  EncTgsRepPart,
  TgsRep,
} from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody, TgsReq } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import {
  KU_AS_REP,
  KU_AS_REQ_PA_ENC_TS,
  KU_TGS_REP_SESSKEY,
  KU_TGS_REP_SUBKEY,
  KU_TGS_REQ_AUTHENTICATOR,
  KU_TGS_REQ_CKSUM,
  KU_TICKET,
  NT_PRINCIPAL,
  NT_SRV_INST,
  PA_ENC_TIMESTAMP,
  PA_TGS_REQ,
} from '../../src/messages/numbers.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { type Checksum, EncryptedData, type PaData, type PrincipalName } from '../../src/messages/types.ts';
import type { Transport } from '../../src/transport/transport.ts';

export const REALM = 'LAB.TEST';
export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2030, 0, 15, 12, 0, 0);

/** A realm with a KDC and a clock that stands still. */
export interface Lab {
  readonly database: MemoryDatabase;
  readonly kdc: Kdc;
  readonly log: string[];
  readonly transport: Transport;
  readonly now: () => Date;
  advance(seconds: number): void;
}

/** A realm with the user `alice` and the service `host/server`, whose keys are random. */
export function createLab(
  policy: Partial<RealmPolicy> = {},
  options: Partial<Pick<KdcOptions, 'clockskew'>> = {},
): Lab {
  const log: string[] = [];
  let time = START;
  const now = (): Date => new Date(time);
  const database = createDatabase({ now });
  database.addRealm(REALM, policy);
  const kdc = createKdc({ database, realm: REALM, now, log: line => log.push(line), ...options });
  const lab: Lab = {
    database,
    kdc,
    log,
    transport: transportTo(kdc, database),
    now,
    advance: seconds => {
      time += seconds * 1000;
    },
  };
  addPrincipal(lab, 'alice');
  addPrincipal(lab, 'host/server');
  return lab;
}

/** Adds a principal with random keys. */
export function addPrincipal(
  lab: Lab,
  name: string,
  options: PrincipalOptions = {},
  enctypes = [18, 17],
): void {
  lab.database.add(principal(name), { random: true, enctypes }, options);
}

export function principal(name: string): Principal {
  return parsePrincipal(name, { defaultRealm: REALM });
}

export function nameOf(name: string): PrincipalName {
  const nameString = name.split('/');
  return { nameType: nameString.length > 1 ? NT_SRV_INST : NT_PRINCIPAL, nameString };
}

/** The key of a principal in the database. */
export function keyOf(lab: Lab, name: string, etype = 18): Key {
  const { components, realm } = principal(name);
  const key = lab.database.find(components, realm)?.keys[0]?.key(etype);
  if (key === undefined) throw new Error(`${name} has no such key`);
  return key;
}

/** A time so many seconds from the lab's now. */
export function fromNow(lab: Lab, seconds: number): Date {
  return new Date(lab.now().getTime() + seconds * 1000);
}

let nonce = 1;

/** A request body for a day's ticket; anything may be overridden. */
export function bodyOf(lab: Lab, overrides: Partial<KdcReqBody> = {}): KdcReqBody {
  return {
    kdcOptions: 0,
    cname: nameOf('alice'),
    realm: REALM,
    sname: nameOf(`krbtgt/${REALM}`),
    till: fromNow(lab, DAY),
    nonce: nonce++,
    etype: [18, 17],
    ...overrides,
  };
}

/** PA-ENC-TIMESTAMP of a principal, whose clock is `offset` seconds ahead. */
export function timestamp(lab: Lab, name = 'alice', { offset = 0, key = keyOf(lab, name) } = {}): PaData {
  const sealed = seal(PaEncTsEnc, { patimestamp: fromNow(lab, offset), pausec: 0 }, key, KU_AS_REQ_PA_ENC_TS);
  return { padataType: PA_ENC_TIMESTAMP, padataValue: EncryptedData.encode(sealed) };
}

/** An AS-REQ of alice's, pre-authenticated unless other padata is given. */
export function asRequest(
  lab: Lab,
  overrides: Partial<KdcReqBody> = {},
  padata?: readonly PaData[],
): Uint8Array {
  const body = bodyOf(lab, overrides);
  const sent = padata ?? [timestamp(lab, body.cname?.nameString.join('/'))];
  return AsReq.encode({ padata: sent.length > 0 ? sent : undefined, reqBody: KdcReqBody.encode(body) });
}

/** What a reply holds: the message, the client's part and, opened with the service's key, the ticket's. */
export interface Granted {
  readonly reply: AsRep | TgsRep;
  readonly part: EncKdcRepPart;
  readonly ticket: EncTicketPart;
  readonly ticketBytes: Uint8Array;
}

/** The KRB-ERROR that a request gets; fails where it gets something else. */
export function refusalOf(lab: Lab, request: Uint8Array, address?: string): KrbError {
  const reply = lab.kdc.handle(request, address === undefined ? undefined : { address, transport: 'udp' });
  if (reply === undefined || !isKrbError(reply)) throw new Error('the request was not refused');
  return KrbError.decode(reply);
}

/** What an AS-REQ gets; `serviceKey` opens a ticket for another realm. */
export function grantedByAs(
  lab: Lab,
  request: Uint8Array,
  key = keyOf(lab, 'alice'),
  serviceKey?: Key,
): Granted {
  const bytes = notRefused(lab.kdc.handle(request));
  const reply = AsRep.decode(bytes);
  return {
    reply,
    part: unseal(EncAsRepPart, reply.encPart, key, KU_AS_REP),
    ...openTicket(lab, reply.ticket, serviceKey),
  };
}

/** Alice's ticket-granting ticket. */
export function tgtOf(lab: Lab, overrides: Partial<KdcReqBody> = {}): Granted {
  const name = overrides.cname?.nameString.join('/') ?? 'alice';
  return grantedByAs(lab, asRequest(lab, overrides), keyOf(lab, name));
}

/** What may be wrong with a TGS-REQ. */
export interface TgsDeviations {
  readonly cksum?: (sum: Checksum) => Checksum | undefined;
  readonly authenticator?: Partial<Authenticator>;
  readonly subkey?: Key | undefined;
  readonly padata?: readonly PaData[];
  /** What goes with it besides. */
  readonly more?: readonly PaData[];
  readonly ticket?: Uint8Array;
  readonly signedBody?: Uint8Array;
}

/** A TGS-REQ with a ticket, for `host/server` unless overridden. */
export function tgsRequest(
  lab: Lab,
  tgt: Granted,
  overrides: Partial<KdcReqBody> = {},
  deviations: TgsDeviations = {},
): Uint8Array {
  const body = bodyOf(lab, { cname: undefined, sname: nameOf('host/server'), ...overrides });
  const reqBody = KdcReqBody.encode(body);
  const key = toKey(tgt.part.key);
  const sum = makeChecksum(key, KU_TGS_REQ_CKSUM, deviations.signedBody ?? reqBody);
  const authenticator: Authenticator = {
    crealm: tgt.ticket.crealm,
    cname: tgt.ticket.cname,
    cksum: deviations.cksum === undefined ? sum : deviations.cksum(sum),
    cusec: 0,
    ctime: lab.now(),
    subkey: deviations.subkey && toEncryptionKey(deviations.subkey),
    ...deviations.authenticator,
  };
  const apReq = ApReq.encode({
    apOptions: 0,
    ticket: deviations.ticket ?? tgt.ticketBytes,
    authenticator: seal(Authenticator, authenticator, key, KU_TGS_REQ_AUTHENTICATOR),
  });
  const padata = deviations.padata ?? [
    { padataType: PA_TGS_REQ, padataValue: apReq },
    ...(deviations.more ?? []),
  ];
  return TgsReq.encode({ padata, reqBody });
}

/** What a TGS-REQ with a ticket gets; `serviceKey` opens a ticket that no long-term key does. */
export function grantedByTgs(
  lab: Lab,
  tgt: Granted,
  overrides: Partial<KdcReqBody> = {},
  { serviceKey, ...deviations }: TgsDeviations & { readonly serviceKey?: Key } = {},
): Granted {
  const bytes = notRefused(lab.kdc.handle(tgsRequest(lab, tgt, overrides, deviations)));
  const reply = TgsRep.decode(bytes);
  const part =
    deviations.subkey === undefined
      ? unseal(EncTgsRepPart, reply.encPart, toKey(tgt.part.key), KU_TGS_REP_SESSKEY)
      : unseal(EncTgsRepPart, reply.encPart, deviations.subkey, KU_TGS_REP_SUBKEY);
  return { reply, part, ...openTicket(lab, reply.ticket, serviceKey) };
}

/** The same ticket with another content, as only who has the service's key can make it. */
export function forgedTicket(
  lab: Lab,
  { ticketBytes, ticket }: Granted,
  changes: Partial<EncTicketPart>,
): Uint8Array {
  const { realm, sname, encPart } = Ticket.decode(ticketBytes);
  const key = keyOf(lab, sname.nameString.join('/'), encPart.etype);
  return Ticket.encode({
    realm,
    sname,
    encPart: seal(EncTicketPart, { ...ticket, ...changes }, key, KU_TICKET, encPart.kvno),
  });
}

/** A ticket-granting ticket for our realm that another one has made for its client bob. */
export function foreignTgt(
  lab: Lab,
  key: Key,
  { issuer = 'OTHER.TEST', ...changes }: Partial<EncTicketPart> & { readonly issuer?: string } = {},
): Granted {
  const own = tgtOf(lab);
  const named = { crealm: issuer, cname: nameOf('bob'), authorizationData: undefined };
  const ticket = { ...own.ticket, ...named, ...changes };
  const encPart = seal(EncTicketPart, ticket, key, KU_TICKET, 1);
  return {
    ...own,
    ticket,
    ticketBytes: Ticket.encode({ realm: issuer, sname: nameOf(`krbtgt/${REALM}`), encPart }),
  };
}

function notRefused(reply: Uint8Array | undefined): Uint8Array {
  if (reply === undefined) throw new Error('the request got no reply');
  if (isKrbError(reply)) {
    const { errorCode, eText } = KrbError.decode(reply);
    throw new Error(`the request was refused: ${errorCode} ${eText}`);
  }
  return reply;
}

function openTicket(
  lab: Lab,
  ticketBytes: Uint8Array,
  serviceKey?: Key,
): Pick<Granted, 'ticket' | 'ticketBytes'> {
  const { sname, encPart } = Ticket.decode(ticketBytes);
  const key = serviceKey ?? keyOf(lab, sname.nameString.join('/'), encPart.etype);
  return { ticketBytes, ticket: unseal(EncTicketPart, encPart, key, KU_TICKET) };
}
