import type { Credential } from '../messages/credential.ts';
import { POSTDATED, RENEWABLE, RENEWABLE_OK } from '../messages/flags.ts';
import { sameAddress } from '../messages/host-address.ts';
import type { EncKdcRepPart } from '../messages/kdc-rep.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { type Principal, toPrincipal } from '../messages/principal.ts';
import type { HostAddress } from '../messages/types.ts';
import { modified } from '../preauth/modified.ts';

/** Checks what a reply repeats from its request: nonce, addresses, enctype of the session key. */
export function checkEcho(part: EncKdcRepPart, body: KdcReqBody): void {
  if (part.nonce !== body.nonce) throw modified('another nonce');
  if (!body.etype.includes(part.key.keytype))
    throw modified('a session key of an enctype that was not asked for');
  if (body.addresses !== undefined && !sameAddresses(part.caddr ?? [], body.addresses)) {
    throw modified('other addresses');
  }
}

/** Checks that a reply grants no more time than was asked for. */
export function checkTimes(part: EncKdcRepPart, body: KdcReqBody): void {
  const till = seconds(body.till);
  if (till !== 0 && seconds(part.endtime) > till) throw modified('a later end');
  if (body.kdcOptions & POSTDATED && body.from !== undefined) {
    if (seconds(part.starttime ?? part.authtime) !== seconds(body.from)) throw modified('another start');
  }
  if (!(part.flags & RENEWABLE) || part.renewTill === undefined) return;
  const renewTill = seconds(part.renewTill);
  if (body.kdcOptions & RENEWABLE) {
    if (body.rtime !== undefined && seconds(body.rtime) !== 0 && renewTill > seconds(body.rtime)) {
      throw modified('a later end of renewal');
    }
  } else if (body.kdcOptions & RENEWABLE_OK && till !== 0 && renewTill > till) {
    throw modified('a later end of renewal');
  }
}

/** The credential of a reply that has been checked. */
export function credentialOf(part: EncKdcRepPart, client: Principal, ticket: Uint8Array): Credential {
  return {
    client,
    server: toPrincipal(part.sname, part.srealm),
    key: part.key,
    authtime: part.authtime,
    // A KDC leaves out a start that is the authtime; MIT's caches always state it.
    starttime: part.starttime ?? part.authtime,
    endtime: part.endtime,
    renewTill: part.renewTill,
    flags: part.flags,
    addresses: part.caddr ?? [],
    authorizationData: [],
    ticket,
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

function sameAddresses(a: readonly HostAddress[], b: readonly HostAddress[]): boolean {
  const within = (some: readonly HostAddress[], all: readonly HostAddress[]): boolean =>
    some.every(address => all.some(other => sameAddress(address, other)));
  return within(a, b) && within(b, a);
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
