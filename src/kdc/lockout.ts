import {
  KDC_ERR_CLIENT_REVOKED,
  KDC_ERR_PREAUTH_FAILED,
  KRB_AP_ERR_BAD_INTEGRITY,
} from '../messages/error-codes.ts';
import type { Principal } from '../messages/principal.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import { type NamedPolicy, namedPolicy } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';

/** How a client's attempts to prove who it is went. */
export interface LoginRecord {
  /** Failures that count, since the last success. */
  readonly failures: number;
  readonly lastFailure?: Date | undefined;
  readonly lastSuccess?: Date | undefined;
}

interface Attempts {
  failures: number;
  /** In milliseconds. */
  failed: number | undefined;
  succeeded: number | undefined;
}

/**
 * Counts how often clients failed, and locks those who failed too often, by the policy that their realm has for them. It
 * lives as long as the KDC. Only who is in the database is remembered, which bounds it.
 */
export class Logins {
  private readonly database: PrincipalDatabase;
  private readonly attempts = new Map<string, Attempts>();

  constructor(database: PrincipalDatabase) {
    this.database = database;
  }

  /** Refuses a client who is locked (KDC_ERR_CLIENT_REVOKED); `now` in milliseconds. */
  admit(client: PrincipalEntry, now: number): void {
    // Who has no record cannot be locked: that is nearly everybody.
    const known = this.attempts.get(label(client.principal));
    if (known !== undefined && known.failures > 0 && isLocked(known, this.policyOf(client), now)) {
      refuse(KDC_ERR_CLIENT_REVOKED, 'LOCKED_OUT');
    }
  }

  /** A client has proved who it is, or did not have to. */
  succeeded(client: PrincipalEntry, now: number, proved: boolean): void {
    const known = this.recordOf(client);
    known.succeeded = now;
    if (proved) known.failures = 0;
  }

  /** Counts what was no proof, and whether it was none; other refusals say nothing of the client. */
  refused(client: PrincipalEntry, { errorCode }: Refusal, now: number): boolean {
    if (errorCode !== KDC_ERR_PREAUTH_FAILED && errorCode !== KRB_AP_ERR_BAD_INTEGRITY) return false;
    const known = this.recordOf(client);
    const { failureCountInterval } = this.policyOf(client);
    if (failureCountInterval !== undefined && isOver(known.failed, failureCountInterval, now))
      known.failures = 0;
    known.failures++;
    known.failed = now;
    return true;
  }

  /** What is remembered of a principal. */
  find(principal: Principal): LoginRecord {
    const known = this.attempts.get(label(principal));
    if (known === undefined) return { failures: 0 };
    return {
      failures: known.failures,
      lastFailure: dateOf(known.failed),
      lastSuccess: dateOf(known.succeeded),
    };
  }

  /** Forgets a principal's failures, which unlocks it. */
  unlock(principal: Principal): void {
    const known = this.attempts.get(label(principal));
    if (known !== undefined) known.failures = 0;
  }

  private policyOf({ principal, policy }: PrincipalEntry): NamedPolicy {
    return namedPolicy(this.database.realm(principal.realm), policy);
  }

  private recordOf({ principal }: PrincipalEntry): Attempts {
    const key = label(principal);
    const known = this.attempts.get(key);
    if (known !== undefined) return known;
    const record: Attempts = { failures: 0, failed: undefined, succeeded: undefined };
    this.attempts.set(key, record);
    return record;
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
