import { type Key, randomKey } from '../../src/crypto/key.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import {
  AsRep,
  EncAsRepPart,
  type EncKdcRepPart,
  EncTgsRepPart,
  TgsRep,
} from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody, TgsReq } from '../../src/messages/kdc-req.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import {
  KU_AS_REP,
  KU_TGS_REP_SUBKEY,
  KU_TGS_REQ_AUTHENTICATOR,
  PA_TGS_REQ,
} from '../../src/messages/numbers.ts';
import { type Principal, parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { MethodData, type PaData } from '../../src/messages/types.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** The time at which everything happens, unless a test changes the clock. */
export const NOW = new Date('2026-03-01T12:00:00.250Z');
export const alice = parsePrincipal('alice@A.TEST');
export const PASSWORD = 'alicepw';

/** `seconds` after `NOW`, in whole seconds. */
export function later(seconds: number): Date {
  return new Date(Math.floor(NOW.getTime() / 1000 + seconds) * 1000);
}

/** The key derived from alice's password with the salt of RFC 4120, or with another. */
export function passwordKey(etype = 18, salt: string | Uint8Array = 'A.TESTalice', params?: Uint8Array): Key {
  return stringToKey(etype, PASSWORD, salt, params);
}

/** What a reply contains in place of an honest KDC's values. */
export interface Lies {
  readonly part?: Partial<EncKdcRepPart>;
  readonly rep?: Partial<AsRep>;
  readonly ticket?: Partial<Ticket>;
  /** The key to seal with, and the key usage. */
  readonly key?: Key;
  readonly usage?: number;
}

/** One answer of a KDC; it sees the whole request and the realm that was asked. */
export type Answer = (request: Uint8Array, realm: string) => Uint8Array;

/** A KDC that gives these answers in turn, and the last one for ever. */
export function scripted(...answers: readonly Answer[]): Transport & { readonly requests: Uint8Array[] } {
  const requests: Uint8Array[] = [];
  const transport: Transport = async (realm, request) => {
    requests.push(request);
    return answers[Math.min(requests.length, answers.length) - 1]!(request, realm);
  };
  return Object.assign(transport, { requests });
}

/** The body of an AS-REQ or a TGS-REQ. */
export function bodyOf(request: Uint8Array): KdcReqBody {
  return KdcReqBody.decode((request[0] === AsReq.tags[0] ? AsReq : TgsReq).decode(request).reqBody);
}

/** The pre-authentication data of an AS-REQ. */
export function padataOf(request: Uint8Array): readonly PaData[] {
  return AsReq.decode(request).padata ?? [];
}

/** An AS-REP; honest except for its lies, which may depend on the request. */
export function asReply(lies: Lies | ((body: KdcReqBody, request: Uint8Array) => Lies) = {}): Answer {
  return request => {
    const body = bodyOf(request);
    const {
      part,
      rep,
      ticket,
      key = passwordKey(),
      usage = KU_AS_REP,
    } = typeof lies === 'function' ? lies(body, request) : lies;
    const granted = { ...grantedFor(body), ...part };
    return AsRep.encode({
      crealm: body.realm,
      cname: body.cname!,
      ticket: ticketOf(granted, ticket),
      encPart: seal(EncAsRepPart, granted, key, usage),
      ...rep,
    });
  };
}

/** A TGS-REP for a request with a ticket that has this session key; honest except for its lies. */
export function tgsReply(
  session: Key,
  lies: Lies | ((body: KdcReqBody) => Lies) = {},
  client: Principal = alice,
): Answer {
  return request => {
    const body = bodyOf(request);
    const apReq = ApReq.decode(
      TgsReq.decode(request).padata!.find(({ padataType }) => padataType === PA_TGS_REQ)!.padataValue,
    );
    const { subkey } = unseal(Authenticator, apReq.authenticator, session, KU_TGS_REQ_AUTHENTICATOR);
    const {
      part,
      rep,
      ticket,
      key = toKey(subkey!),
      usage = KU_TGS_REP_SUBKEY,
    } = typeof lies === 'function' ? lies(body) : lies;
    const granted = { ...grantedFor(body), ...part };
    return TgsRep.encode({
      crealm: client.realm,
      cname: toPrincipalName(client),
      ticket: ticketOf(granted, ticket),
      encPart: seal(EncTgsRepPart, granted, key, usage),
      ...rep,
    });
  };
}

/** A KRB-ERROR. */
export function refusal(errorCode: number, overrides: Partial<KrbError> = {}): Answer {
  return (request, realm) => {
    const { sname } = bodyOf(request);
    const time = { stime: later(0), susec: 250_000 };
    return KrbError.encode({ ...time, errorCode, realm, sname: sname!, ...overrides });
  };
}

/** KDC_ERR_PREAUTH_REQUIRED with these offers. */
export function preauthRequired(offers: readonly PaData[], overrides: Partial<KrbError> = {}): Answer {
  return refusal(25, { eData: MethodData.encode(offers), ...overrides });
}

/** What an honest KDC grants: exactly what was asked for. */
function grantedFor(body: KdcReqBody): EncKdcRepPart {
  return {
    key: toEncryptionKey(randomKey(body.etype[0]!)),
    lastReq: [{ lrType: 0, lrValue: new Date(0) }],
    nonce: body.nonce,
    flags: 0,
    authtime: later(0),
    starttime: body.from ?? later(0),
    endtime: body.till.getTime() === 0 ? later(3600) : body.till,
    srealm: body.realm,
    sname: body.sname!,
    caddr: body.addresses,
  };
}

function ticketOf({ srealm, sname }: EncKdcRepPart, lies: Partial<Ticket> = {}): Uint8Array {
  const encPart = { etype: 18, kvno: 1, cipher: new Uint8Array(40) };
  return Ticket.encode({ realm: srealm, sname, encPart, ...lies });
}
