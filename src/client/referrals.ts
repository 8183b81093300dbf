import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { CANONICALIZE, ENC_TKT_IN_SKEY, FORWARDABLE, PROXIABLE, RENEWABLE } from '../messages/flags.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, isTgs, type Principal, tgsPrincipal } from '../messages/principal.ts';
import type { ServiceOptions } from './service.ts';
import { exchangeTgs } from './tgs.ts';

/** Longer than any path of trust in use; a longer chain of referrals is a loop. */
const MAX_REALMS = 10;

/** A ticket for a service, and the ticket-granting tickets of other realms that led to it. */
export interface Journey {
  readonly credential: Credential;
  readonly onTheWay: readonly Credential[];
}

export interface WalkOptions extends ServiceOptions {
  /** Whether the first realm uses FAST; for others, nothing authenticates that. */
  readonly fast?: boolean | undefined;
  /** The ticket-granting ticket whose session key is to seal the service ticket (RFC 4120 §3.7.1). */
  readonly secondTicket?: Uint8Array | undefined;
  /** Returns the cache's ticket-granting ticket of another realm, whoever has issued it. */
  readonly cachedTgt?: ((realm: string) => Credential | undefined) | undefined;
}

/** Whether a KDC says that it does not know the server. */
export function isUnknownServer(error: unknown): error is KdcError {
  return error instanceof KdcError && error.errorCode === KDC_ERR_S_PRINCIPAL_UNKNOWN;
}

/** The KDC options that can be requested again, given the flags of a ticket. */
export function inheritedOptions({ flags }: Credential): number {
  return flags & (FORWARDABLE | PROXIABLE | RENEWABLE);
}

/** The realms on a path, each of which may be visited once. */
export class RealmsSeen {
  private readonly realms = new Set<string>();
  private readonly server: Principal;

  /** `server` is where the path leads. */
  constructor(server: Principal) {
    this.server = server;
  }

  has(realm: string): boolean {
    return this.realms.has(realm);
  }

  /** Throws KerberosError REPLY_MODIFIED where the path returns to a realm or is too long. */
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

/** A path from realm to realm. */
export class Walk {
  tgt: Credential;
  /** The ticket-granting tickets obtained on the way that may be used again. */
  readonly gained: Credential[] = [];
  private readonly start: Credential;
  private readonly cached = new Set<Credential>();
  private readonly seen: RealmsSeen;
  private readonly options: WalkOptions;

  constructor(tgt: Credential, server: Principal, options: WalkOptions) {
    this.tgt = tgt;
    this.start = tgt;
    this.options = options;
    this.seen = new RealmsSeen(server);
    this.seen.add(this.realm);
  }

  /** The realm whose KDC `tgt` is for. */
  get realm(): string {
    return targetOf(this.tgt);
  }

  /** Asks the KDC of the current realm, which may answer with an alias or a referral if `canonicalize` is set. */
  ask(server: Principal, canonicalize = this.options.canonicalize ?? true): Promise<Credential> {
    const { secondTicket, fast } = this.options;
    const forService = !isTgs(server);
    const userToUser = forService && secondTicket !== undefined;
    const kdcOptions =
      inheritedOptions(this.tgt) |
      (forService && canonicalize ? CANONICALIZE : 0) |
      (userToUser ? ENC_TKT_IN_SKEY : 0);
    const additionalTickets = userToUser ? [secondTicket] : undefined;
    const request = { kdcOptions, additionalTickets, fast: fast && this.tgt === this.start };
    return exchangeTgs(this.tgt, server, request, this.options);
  }

  /** Goes to `realm`, through the realms that the KDCs name or with a ticket from the cache. */
  async toRealm(realm: string): Promise<void> {
    const path = this.pathTo(realm);
    while (this.realm !== realm) {
      const known = this.options.cachedTgt?.(realm);
      if (known !== undefined) this.moveBy(known);
      else this.moveOn(await this.askWay(realm), path);
    }
  }

  /** Gets a new ticket-granting ticket of another realm. */
  async ticketFor(realm: string): Promise<Credential> {
    const path = this.pathTo(realm);
    for (;;) {
      const credential = await this.askWay(realm);
      if (targetOf(credential) === realm) return credential;
      this.moveOn(credential, path);
    }
  }

  /**
   * Moves on with a ticket issued by the current KDC. It is kept if the first realm issued it or if it leads along
   * `path`: no other realm on the way is to stand between the client and further realms from now on.
   */
  moveOn(tgt: Credential, path: readonly string[] = []): void {
    const realm = targetOf(tgt);
    const isOnPath = path.includes(this.realm) && path.includes(realm);
    const isSure = this.tgt === this.start || isOnPath;
    if (isSure && !this.cached.has(tgt)) this.gained.push(tgt);
    this.moveBy(tgt);
    this.options.trace?.(`Following referral to realm ${realm}`, { kind: 'referral', realm });
  }

  private moveBy(tgt: Credential): void {
    this.seen.add(targetOf(tgt));
    this.tgt = tgt;
  }

  private pathTo(realm: string): readonly string[] {
    return this.options.realmPath?.(this.realm, realm) ?? [this.realm, realm];
  }

  /** A ticket-granting ticket of `realm` or of a realm on the way there, the farthest that the current KDC knows. */
  private async askWay(realm: string): Promise<Credential> {
    // The nearest realms are the likeliest to be known, and a KDC on the way may have named one that is a thousand
    // realms deep.
    const between = this.pathTo(realm)
      .filter(step => step !== realm && !this.seen.has(step))
      .slice(0, MAX_REALMS)
      .reverse();
    let unknown: unknown;
    for (const step of [realm, ...between]) {
      const known = step === realm ? undefined : this.options.cachedTgt?.(step);
      if (known !== undefined) {
        this.cached.add(known);
        return known;
      }
      try {
        return await this.ask(tgsPrincipal(step, this.realm));
      } catch (error) {
        if (!isUnknownServer(error)) throw error;
        unknown ??= error;
      }
    }
    throw unknown;
  }
}

function targetOf(tgt: Credential): string {
  return tgt.server.components[1]!;
}
