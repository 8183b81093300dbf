import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { CANONICALIZE, ENC_TKT_IN_SKEY, FORWARDABLE, PROXIABLE, RENEWABLE } from '../messages/flags.ts';
import { KdcError } from '../messages/krb-error.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import { modified } from '../preauth/modified.ts';
import type { ServiceOptions } from './service.ts';
import { exchangeTgs } from './tgs.ts';

/** Longer than any trust path in use; a chain of referrals that goes on is a loop. */
const MAX_REALMS = 10;

/** A ticket for a service, and the ticket-granting tickets of other realms that led to it. */
export interface Journey {
  readonly credential: Credential;
  readonly onTheWay: readonly Credential[];
}

export interface WalkOptions extends ServiceOptions {
  /** The realm to begin with does FAST; of the others nobody vouches for that. */
  readonly fast?: boolean | undefined;
  /** The ticket-granting ticket whose session key is to seal the ticket for the service (RFC 4120 §3.7.1). */
  readonly secondTicket?: Uint8Array | undefined;
}

/**
 * Asks the KDCs for a ticket for `server`, beginning with that of `tgt`: first the way to the server's realm, then
 * wherever its KDC refers to (RFC 4120 §3.3.1, RFC 6806 §8). Throws KdcError, TransportError and KerberosError
 * REPLY_MODIFIED, the latter also for a way without end.
 */
export async function requestService(
  tgt: Credential,
  server: Principal,
  options: WalkOptions,
): Promise<Journey> {
  const walk = new Walk(tgt, server, options);
  // A server without a realm of its own is asked for where we are, which may refer to another.
  if (server.realm !== '') await walk.toRealm(server.realm);
  if (isTgs(server) && server.components[1] !== server.realm) {
    const credential = await walk.ticketFor(server.components[1]!);
    return { credential, onTheWay: walk.gained };
  }
  for (;;) {
    const asked = { ...server, realm: walk.realm };
    const credential = await walk.ask(asked);
    const isAsked = samePrincipal(credential.server, asked);
    if (isAsked || !isTgs(credential.server)) {
      // An alias has no ticket-granting ticket: whoever has one is who was meant.
      if (!isAsked && options.secondTicket !== undefined) throw modified('another server');
      return { credential, onTheWay: walk.gained };
    }
    walk.moveOn(credential);
  }
}

/** The KDC options that a ticket's flags allow to be asked for again. */
export function inheritedOptions({ flags }: Credential): number {
  return flags & (FORWARDABLE | PROXIABLE | RENEWABLE);
}

/** The realms of a way, each of which is visited once. */
export class RealmsSeen {
  private readonly realms = new Set<string>();
  private readonly server: Principal;

  /** `server` is where the way leads to. */
  constructor(server: Principal) {
    this.server = server;
  }

  has(realm: string): boolean {
    return this.realms.has(realm);
  }

  /** Throws KerberosError REPLY_MODIFIED where the way turns back, or has no end. */
  add(realm: string): void {
    if (this.realms.has(realm) || this.realms.size === MAX_REALMS) {
      throw new KerberosError(
        'REPLY_MODIFIED',
        `The way to ${formatPrincipal(this.server)} leads through too many realms`,
      );
    }
    this.realms.add(realm);
  }
}

/** The way from realm to realm. */
class Walk {
  tgt: Credential;
  readonly gained: Credential[] = [];
  private readonly seen: RealmsSeen;
  private readonly options: WalkOptions;

  constructor(tgt: Credential, server: Principal, options: WalkOptions) {
    this.tgt = tgt;
    this.options = options;
    this.seen = new RealmsSeen(server);
    this.seen.add(this.realm);
  }

  /** The realm whose KDC `tgt` is for. */
  get realm(): string {
    return this.tgt.server.components[1]!;
  }

  ask(server: Principal): Promise<Credential> {
    const { canonicalize = true, secondTicket, fast } = this.options;
    const forService = !isTgs(server);
    const userToUser = forService && secondTicket !== undefined;
    const kdcOptions =
      inheritedOptions(this.tgt) |
      (forService && canonicalize ? CANONICALIZE : 0) |
      (userToUser ? ENC_TKT_IN_SKEY : 0);
    const additionalTickets = userToUser ? [secondTicket] : undefined;
    const request = { kdcOptions, additionalTickets, fast: fast && this.gained.length === 0 };
    return exchangeTgs(this.tgt, server, request, this.options);
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
    this.seen.add(realm);
    this.options.trace?.(`Following referral to realm ${realm}`);
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
