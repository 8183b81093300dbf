import { formatPrincipal } from '../../messages/principal.ts';
import { type PrincipalDatabase, type PrincipalEntry, withPolicy } from '../database.ts';

/** Accounts that are in trouble, each by its name or an alias as text. */
export interface AccountTrouble {
  /** Locked principals. */
  readonly revoked?: readonly string[] | undefined;
  /** Principals whose account has expired. */
  readonly expired?: readonly string[] | undefined;
  /** Users whose password has expired. */
  readonly passwordExpired?: readonly string[] | undefined;
}

/**
 * The database with the current trouble of its accounts, so that the KDC refuses them wherever it refuses such accounts:
 * under each of their names, within FAST, and with tickets that they have already.
 */
export function withTroubledAccounts<D extends PrincipalDatabase>(
  database: D,
  trouble: () => AccountTrouble,
): D {
  return {
    ...database,
    find(components: readonly string[], realm: string) {
      const entry = database.find(components, realm);
      return entry && troubled(entry, trouble());
    },
  };
}

const LONG_AGO = new Date(0);

function troubled(
  entry: PrincipalEntry,
  { revoked, expired, passwordExpired }: AccountTrouble,
): PrincipalEntry {
  if (!revoked && !expired && !passwordExpired) return entry;
  return withPolicy(entry, {
    ...(isAmong(entry, revoked) && { locked: true }),
    ...(isAmong(entry, expired) && { expiration: LONG_AGO }),
    ...(isAmong(entry, passwordExpired) && { passwordExpiration: LONG_AGO }),
  });
}

function isAmong({ principal, policy }: PrincipalEntry, names: readonly string[] = []): boolean {
  const known = [formatPrincipal(principal), formatPrincipal(principal, { realm: false })];
  return [...known, ...(policy.aliases ?? [])].some(name => names.includes(name));
}
