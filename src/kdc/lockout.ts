import {
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_PREAUTH_FAILED,
  KRB_AP_ERR_BAD_INTEGRITY,
} from '../messages/error-codes.ts';
import type { Principal } from '../messages/principal.ts';
import type { FailureStore, PrincipalDatabase, PrincipalEntry } from './database.ts';
import { type NamedPolicy, namedPolicy } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';

/** How a client's attempts to prove who it is went. */
export interface LoginRecord {
  /** Failures that count, since the last success. */
  readonly failures: number;
  /** That of those. */
  readonly lastFailure?: Date | undefined;
}

interface Attempts {
  failures: number;
  /** In milliseconds. */
  failed: number | undefined;
}

/**
 * Counts how often clients failed, and locks those who failed too often, by the policy that their realm has for them.
 * Where the database keeps the failures of those whom they lock, it counts; else what is counted here lives as long as
 * the KDC. Only who is in the database is remembered, which bounds it, and only who failed: of who logs in and nothing
 * else, a record each would be most of what the KDC has to keep.
 */
export class Logins {
  private readonly database: PrincipalDatabase;
  private readonly attempts = new Map<string, Attempts>();
  /** Who was asked for last, which is who is asked for next. */
  private last: { readonly principal: Principal; readonly label: string } | undefined;

  constructor(database: PrincipalDatabase) {
    this.database = database;
  }

  /** Refuses a client who is locked (KDC_ERR_CLIENT_REVOKED); `now` in milliseconds. */
  admit(client: PrincipalEntry, now: number): void {
    // Who has no record cannot be locked: that is nearly everybody.
    const known = this.recall(client);
    if (known !== undefined && known.failures > 0 && isLocked(known, this.policyOf(client), now)) {
      refuse(KDC_ERR_CLIENT_REVOKED, 'LOCKED_OUT');
    }
  }

  /** A client has proved who it is. */
  succeeded(client: PrincipalEntry): void {
    const known = this.known(client);
    if (known === undefined) return;
    this.attempts.delete(this.labelOf(client));
    if (known.failures > 0) this.keep(client, { failures: 0, failed: undefined });
  }

  /** Counts what was no proof, and whether it was none; other refusals say nothing of the client. */
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

  /** What is remembered of a principal. */
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

  /** What is known of a client; its failures as the database has them, which others may have changed. */
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

  /** What is kept costs a wait for the disk, which a lock puts an end to. */
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

/** Names of the database alone come here, in which no zero octet tells two from each other. */
function label({ components, realm }: Principal): string {
  return components.length === 1 ? `${components[0]}\0${realm}` : `${components.join('\0')}\0${realm}`;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
