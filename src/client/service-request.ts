import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_BADOPTION } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { isTgs, type Principal, samePrincipal } from '../messages/principal.ts';
import { modified } from '../preauth/modified.ts';
import { isUnknownServer, type Journey, Walk, type WalkOptions } from './referrals.ts';

/**
 * Asks the KDCs for a ticket for `server`, starting with `tgt`: first along the path to the server's realm, then
 * wherever its KDC refers to (RFC 4120 §3.3.1, RFC 6806 §8). Throws KdcError, TransportError and KerberosError
 * REPLY_MODIFIED, the latter also for a path without end.
 */
export function requestService(tgt: Credential, server: Principal, options: WalkOptions): Promise<Journey> {
  return inTurn(server, options, name => requestByName(tgt, name, options));
}

/** Asks for the possible names of a server one after the other, until the KDCs know one. */
export async function inTurn<T>(
  server: Principal,
  { candidates }: Pick<WalkOptions, 'candidates'>,
  request: (name: Principal) => Promise<T>,
): Promise<T> {
  let unknown: unknown;
  for await (const name of candidates?.(server) ?? [server]) {
    try {
      return await request(name);
    } catch (error) {
      if (!isUnknownServer(error)) throw error;
      unknown = error;
    }
  }
  throw unknown;
}

async function requestByName(tgt: Credential, server: Principal, options: WalkOptions): Promise<Journey> {
  const walk = new Walk(tgt, server, options);
  // A server without a realm is asked for in the current one, which may refer to another.
  if (server.realm !== '') await walk.toRealm(server.realm);
  const credential =
    isTgs(server) && server.components[1] !== server.realm
      ? await walk.ticketFor(server.components[1]!)
      : await followReferrals(walk, server, options);
  return { credential, onTheWay: walk.gained };
}

async function followReferrals(walk: Walk, server: Principal, options: WalkOptions): Promise<Credential> {
  let credential = await firstAnswer(walk, server, options);
  for (;;) {
    const asked = { ...server, realm: walk.realm };
    if (samePrincipal(credential.server, asked)) return credential;
    if (!isTgs(credential.server)) {
      // An alias has no ticket-granting ticket: the one that was given shows which server is meant.
      if (options.secondTicket !== undefined) throw modified('another server');
      return credential;
    }
    // Active Directory may refer to the realm that we are in.
    if (credential.server.components[1] === walk.realm) return walk.ask(asked, false);
    walk.moveOn(credential);
    credential = await walk.ask({ ...server, realm: walk.realm });
  }
}

/** The first KDC need not know of referrals, nor of the host's realm. */
async function firstAnswer(walk: Walk, server: Principal, options: WalkOptions): Promise<Credential> {
  const asked = { ...server, realm: walk.realm };
  try {
    return await walk.ask(asked);
  } catch (error) {
    if (!isUnknownServer(error) && !refusesCanonicalization(error, options)) throw error;
    const realm = await fallbackRealm(server, options);
    if (realm !== undefined && realm !== walk.realm) {
      options.trace?.(`Local realm referral failed; trying fallback realm ${realm}`, {
        kind: 'referral',
        realm,
      });
      await walk.toRealm(realm);
      return walk.ask({ ...server, realm }, false);
    }
    if (isUnknownServer(error)) throw error;
    return walk.ask(asked, false);
  }
}

function refusesCanonicalization(error: unknown, { canonicalize, secondTicket }: WalkOptions): boolean {
  const isRefusal = error instanceof KdcError && error.errorCode === KDC_ERR_BADOPTION;
  return isRefusal && canonicalize !== false && secondTicket === undefined;
}

async function fallbackRealm(server: Principal, options: WalkOptions): Promise<string | undefined> {
  const [, host] = server.components;
  return server.realm === '' && host !== undefined ? options.fallbackRealm?.(host) : undefined;
}
