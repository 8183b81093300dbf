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

/** What `node:util` has an object describe itself by. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Who sent a request, as its ticket says; written as JSON, or to a log, it has no keys. */
export class Authenticated {
  /** The client. */
  readonly client: Principal;
  // Private to the language: nothing that walks over an object finds them.
  readonly #info: ContextInfo;
  readonly #keys: readonly KeytabEntry[];
  #pac: Pac | undefined | null = null;

  constructor(info: ContextInfo, keys: readonly KeytabEntry[]) {
    this.client = info.initiator;
    this.#info = info;
    this.#keys = keys;
  }

  /** What the context knows: the service that was asked for, flags, mechanism, end, the ticket's sealed part. */
  get info(): ContextInfo {
    return this.#info;
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
    if (this.#pac === null) this.#pac = this.#findPac();
    return this.#pac;
  }

  /** The SIDs of the groups that the PAC has. Throws as `pac` does. */
  get groups(): readonly string[] {
    return this.pac?.logonInfo?.groups.map(({ sid }) => sid) ?? [];
  }

  /** What may be told of it: neither the ticket nor what was passed on. */
  toJSON(): object {
    const { mechanism, flags, endtime } = this.#info;
    return { name: this.name, mechanism, flags, endtime };
  }

  [INSPECT](): object {
    return this.toJSON();
  }

  #findPac(): Pac | undefined {
    const { acceptor, ticket } = this.#info;
    const bytes = ticket?.authorizationData && findPac(ticket.authorizationData);
    if (!ticket || bytes === undefined) return undefined;
    const { client } = this;
    for (const { key } of keysOf(this.#keys, acceptor)) {
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
