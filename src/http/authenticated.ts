import { findPac, verifyPac } from '../ap/pac.ts';
import type { Ccache } from '../ccache/ccache.ts';
import { IntegrityError } from '../errors.ts';
import type { ContextInfo } from '../gss/context.ts';
import { keysOf } from '../keytab/find.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
import type { Pac } from '../messages/pac.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { toKey } from '../messages/seal.ts';

/** Who sent a request, as its ticket says. */
export class Authenticated {
  /** The client. */
  readonly client: Principal;
  /** What the context knows: the service that was asked for, flags, mechanism, end, the ticket's sealed part. */
  readonly info: ContextInfo;
  private readonly keys: readonly KeytabEntry[];
  private readPac: Pac | undefined | null = null;

  constructor(info: ContextInfo, keys: readonly KeytabEntry[]) {
    this.client = info.initiator;
    this.info = info;
    this.keys = keys;
  }

  /** The client's name with its realm. */
  get name(): string {
    return formatPrincipal(this.client);
  }

  /** The credentials that the client passed on, of which the first is a ticket-granting ticket; empty without delegation. */
  get delegated(): readonly Credential[] {
    return this.info.delegated ?? [];
  }

  /** Puts what the client passed on into a cache, in the place of what that held. Throws CcacheError. */
  async storeDelegated(cache: Ccache): Promise<void> {
    await cache.initialize({ principal: this.client, credentials: this.delegated });
  }

  /**
   * The ticket's PAC, once it is known to be the KDC's (MS-PAC); undefined where the ticket has none. Throws
   * IntegrityError where it is not, KerberosError PAC_MISMATCH, CodecError.
   */
  get pac(): Pac | undefined {
    if (this.readPac === null) this.readPac = this.findPac();
    return this.readPac;
  }

  /** The SIDs of the groups that the PAC has. Throws as `pac` does. */
  get groups(): readonly string[] {
    return this.pac?.logonInfo?.groups.map(({ sid }) => sid) ?? [];
  }

  private findPac(): Pac | undefined {
    const { acceptor, ticket } = this.info;
    const bytes = ticket?.authorizationData && findPac(ticket.authorizationData);
    if (!ticket || bytes === undefined) return undefined;
    const { client, keys } = this;
    for (const { key } of keysOf(keys, acceptor)) {
      try {
        return verifyPac(bytes, { key: toKey(key), client, authtime: ticket.authtime });
      } catch (error) {
        // Another of the service's keys opened the ticket, and signed this.
        if (!(error instanceof IntegrityError)) throw error;
      }
    }
    throw new IntegrityError('The signature of the PAC is wrong');
  }
}
