import {
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_PREAUTH_FAILED,
  KRB_AP_ERR_BAD_INTEGRITY,
} from '../messages/error-codes.ts';
import type { Principal } from '../messages/principal.ts';
import type { FailureStore, PrincipalDatabase, PrincipalEntry } from './database.ts';
import { type NamedPolicy, namedPolicy } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';

/** A client's record of logins. */
interface LoginRecord {
  /** The number of failures that count, since the last success. */
  readonly failures: number;
  /** The time of the last failure. */
  readonly lastFailure?: Date | undefined;
}

interface Attempts {
  failures: number;
  /** In milliseconds. */
  failed: number | undefined;
}

/**
 * Counts the failed logins of clients, and locks those with too many, as the policy in their realm says. If the
 * database stores the failures of clients that can be locked, they are kept there; otherwise they last as long as the
 * KDC. Only principals in the database are recorded, which limits the memory, and only those that have failed: records
 * of all others would take up most of the KDC's memory.
 */
export class Logins {
  private readonly database: PrincipalDatabase;
  private readonly attempts = new Map<string, Attempts>();
  /** The record looked up last, which is usually looked up again next. */
  private last: { readonly principal: Principal; readonly label: string } | undefined;

  constructor(database: PrincipalDatabase) {
    this.database = database;
  }

  /** Refuses a client that is locked (KDC_ERR_CLIENT_REVOKED); `now` in milliseconds. */
  admit(client: PrincipalEntry, now: number): void {
    // A client without a record cannot be locked; this is nearly every client.
    const known = this.recall(client);
    if (known !== undefined && known.failures > 0 && isLocked(known, this.policyOf(client), now)) {
      refuse(KDC_ERR_CLIENT_REVOKED, 'LOCKED_OUT');
    }
  }

  /** Records that a client has authenticated. */
  succeeded(client: PrincipalEntry): void {
    const known = this.known(client);
    if (known === undefined) return;
    this.attempts.delete(this.labelOf(client));
    if (known.failures > 0) this.keep(client, { failures: 0, failed: undefined });
  }

  /** Counts a refusal that means failed authentication; others say nothing about the client. */
  refused(client: PrincipalEntry, { errorCode }: Refusal, now: number): boolean {
    if (errorCode !== KDC_ERR_PREAUTH_FAILED && errorCode !== KRB_AP_ERR_BAD_INTEGRITY) return false;
    const known = this.recall(client) ?? this.recordOf(client);
    const { failureCountInterval } = this.policyOf(client);
    if (failureCountInterval !== undefined && isOver(known.failed, failureCountInterval, now))
      known.failures = 0;
    known.failures++;
    known.failed = now;
    this.keep(client, known);
    return true;
  }

  /** The record of a principal. */
  find(principal: Principal): LoginRecord {
    const known = this.attempts.get(label(principal));
    if (known === undefined) return { failures: 0 };
    return { failures: known.failures, lastFailure: dateOf(known.failed) };
  }

  /** Forgets a principal's failures, which unlocks it. */
  unlock(principal: Principal): void {
    this.attempts.delete(label(principal));
    if (this.database.failures?.find(principal) !== undefined)
      this.database.failures.keep(principal, undefined);
  }

  /** The record of a client, with its failures from the database, which others may have changed. */
  private recall(client: PrincipalEntry): Attempts | undefined {
    const known = this.known(client);
    const store = this.storeFor(client);
    if (store === undefined) return known;
    const kept = store.find(client.principal);
    if (kept === undefined && known === undefined) return undefined;
    const record = known ?? this.recordOf(client);
    record.failures = kept?.count ?? 0;
    record.failed = kept?.last ?? record.failed;
    return record;
  }

  private keep(client: PrincipalEntry, { failures, failed }: Attempts): void {
    const kept = failures === 0 ? undefined : { count: failures, last: failed! };
    this.storeFor(client)?.keep(client.principal, kept);
  }

  /** Storing a failure takes a disk write; their number is bounded only where failures lead to a lock. */
  private storeFor(client: PrincipalEntry): FailureStore | undefined {
    const { failures } = this.database;
    return failures && this.policyOf(client).maxFailures !== undefined ? failures : undefined;
  }

  private policyOf({ principal, policy }: PrincipalEntry): NamedPolicy {
    return namedPolicy(this.database.realm(principal.realm), policy);
  }

  private known(client: PrincipalEntry): Attempts | undefined {
    return this.attempts.size === 0 ? undefined : this.attempts.get(this.labelOf(client));
  }

  private recordOf(client: PrincipalEntry): Attempts {
    const known = this.known(client);
    if (known !== undefined) return known;
    const record: Attempts = { failures: 0, failed: undefined };
    this.attempts.set(this.labelOf(client), record);
    return record;
  }

  private labelOf({ principal }: PrincipalEntry): string {
    if (this.last?.principal !== principal) this.last = { principal, label: label(principal) };
    return this.last.label;
  }
}

function isLocked({ failures, failed }: Attempts, policy: NamedPolicy, now: number): boolean {
  const { maxFailures, lockoutDuration } = policy;
  if (maxFailures === undefined || failures < maxFailures) return false;
  return lockoutDuration === undefined || !isOver(failed, lockoutDuration, now);
}

/** Whether so many seconds have gone by since a time. */
function isOver(since: number | undefined, seconds: number, now: number): boolean {
  return since === undefined || now >= since + seconds * 1000;
}

/** Only names from the database get here; they contain no zero octet, so that no two have the same label. */
function label({ components, realm }: Principal): string {
  return components.length === 1 ? `${components[0]}\0${realm}` : `${components.join('\0')}\0${realm}`;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
