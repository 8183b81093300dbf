import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { CANONICALIZE, FORWARDABLE, PROXIABLE, RENEWABLE } from '../messages/flags.ts';
import { KdcError } from '../messages/krb-error.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import type { ServiceOptions } from './service.ts';
import { exchangeTgs } from './tgs.ts';

/** Longer than any trust path in use; a chain of referrals that goes on is a loop. */
const MAX_REALMS = 10;

/** A ticket for a service, and the ticket-granting tickets of other realms that led to it. */
export interface Journey {
  readonly credential: Credential;
  readonly onTheWay: readonly Credential[];
}

/**
 * Asks the KDCs for a ticket for `server`, beginning with that of `tgt`: first the way to the server's realm, then
 * wherever its KDC refers to (RFC 4120 §3.3.1, RFC 6806 §8). Throws KdcError, TransportError and KerberosError
 * REPLY_MODIFIED, the latter also for a way without end.
 */
export async function requestService(
  tgt: Credential,
  server: Principal,
  options: ServiceOptions,
): Promise<Journey> {
  const walk = new Walk(tgt, server, options);
  // A server without a realm of its own is asked for where we are, which may refer to another.
  if (server.realm !== '') await walk.toRealm(server.realm);
  if (isTgs(server) && server.components[1] !== server.realm) {
    const credential = await walk.ticketFor(server.components[1]!);
    return { credential, onTheWay: walk.gained };
  }
  for (;;) {
    const credential = await walk.ask({ ...server, realm: walk.realm });
    const referred =
      isTgs(credential.server) && !samePrincipal(credential.server, { ...server, realm: walk.realm });
    if (!referred) return { credential, onTheWay: walk.gained };
    walk.moveOn(credential);
  }
}

/** The way from realm to realm, each visited once. */
class Walk {
  tgt: Credential;
  readonly gained: Credential[] = [];
  private readonly seen = new Set<string>();
  private readonly server: Principal;
  private readonly options: ServiceOptions;

  constructor(tgt: Credential, server: Principal, options: ServiceOptions) {
    this.tgt = tgt;
    this.server = server;
    this.options = options;
    this.seen.add(this.realm);
  }

  /** The realm whose KDC `tgt` is for. */
  get realm(): string {
    return this.tgt.server.components[1]!;
  }

  ask(server: Principal): Promise<Credential> {
    const inherited = this.tgt.flags & (FORWARDABLE | PROXIABLE | RENEWABLE);
    const canonicalize = (this.options.canonicalize ?? true) && !isTgs(server) ? CANONICALIZE : 0;
    return exchangeTgs(this.tgt, server, { kdcOptions: inherited | canonicalize }, this.options);
  }

  /** Goes to `realm`, by way of the realms that the KDCs name. */
  async toRealm(realm: string): Promise<void> {
    if (this.realm !== realm) this.moveOn(await this.ticketFor(realm));
  }

  /** A ticket-granting ticket of another realm. */
  async ticketFor(realm: string): Promise<Credential> {
    for (;;) {
      const credential = await this.askWay(realm);
      if (credential.server.components[1] === realm) return credential;
      this.moveOn(credential);
    }
  }

  moveOn(tgt: Credential): void {
    const realm = tgt.server.components[1]!;
    if (this.seen.has(realm) || this.seen.size === MAX_REALMS) {
      throw new KerberosError(
        'REPLY_MODIFIED',
        `The way to ${formatPrincipal(this.server)} leads through too many realms`,
      );
    }
    this.options.trace?.(`Following referral to realm ${realm}`);
    this.seen.add(realm);
    this.gained.push(tgt);
    this.tgt = tgt;
  }

  /** A ticket-granting ticket of `realm` or of one on the way there, the farthest that the KDC here knows. */
  private async askWay(realm: string): Promise<Credential> {
    const path = this.options.realmPath?.(this.realm, realm) ?? [];
    // The nearest are the likeliest to be known, and a KDC on the way may have named a realm in a thousand others.
    const between = path
      .filter(step => step !== realm && !this.seen.has(step))
      .slice(0, MAX_REALMS)
      .reverse();
    let unknown: unknown;
    for (const step of [realm, ...between]) {
      try {
        return await this.ask(tgsPrincipal(step, this.realm));
      } catch (error) {
        if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_S_PRINCIPAL_UNKNOWN) throw error;
        unknown ??= error;
      }
    }
    throw unknown;
  }
}
