import { findPac, verifyPac } from '../ap/pac.ts';
import type { Ccache } from '../ccache/ccache.ts';
import { IntegrityError } from '../errors.ts';
import type { ContextInfo } from '../gss/context.ts';
import { INSPECT } from '../gss/shown.ts';
import { keysOf } from '../keytab/find.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
import type { Pac } from '../messages/pac.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { toKey } from '../messages/seal.ts';

/** The authenticated sender of a request; its form in JSON or in a log contains no keys. */
export class Authenticated {
  /** The client. */
  readonly client: Principal;
  // A private field: code that enumerates an object's properties does not find it.
  readonly #info: ContextInfo;
  readonly #keys: readonly KeytabEntry[];
  #pac: Pac | undefined | null = null;

  constructor(info: ContextInfo, keys: readonly KeytabEntry[]) {
    this.client = info.initiator;
    this.#info = info;
    this.#keys = keys;
  }

  /** What the context knows: the service that was asked for, flags, mechanism, end, and the ticket's sealed part. */
  get info(): ContextInfo {
    return this.#info;
  }

  /** The client's name with its realm. */
  get name(): string {
    return formatPrincipal(this.client);
  }

  /**
   * The credentials that the client delegated, of which the first is a ticket-granting ticket; empty without
   * delegation.
   */
  get delegated(): readonly Credential[] {
    return this.info.delegated ?? [];
  }

  /** Puts the delegated credentials into a cache, replacing its contents. Throws CcacheError. */
  async storeDelegated(cache: Ccache): Promise<void> {
    await cache.initialize({ principal: this.client, credentials: this.delegated });
  }

  /**
   * The ticket's PAC, after its signature has been verified (MS-PAC); undefined where the ticket has none. Throws
   * IntegrityError for a wrong signature, KerberosError PAC_MISMATCH, and CodecError.
   */
  get pac(): Pac | undefined {
    if (this.#pac === null) this.#pac = this.#findPac();
    return this.#pac;
  }

  /** The SIDs of the groups in the PAC. Throws as `pac` does. */
  get groups(): readonly string[] {
    return this.pac?.logonInfo?.groups.map(({ sid }) => sid) ?? [];
  }

  /** What may be shown: neither the ticket nor the delegated credentials. */
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
        // Another of the service's keys opened the ticket and made this signature.
        if (!(error instanceof IntegrityError)) throw error;
      }
    }
    throw new IntegrityError('The signature of the PAC is wrong');
  }
}
