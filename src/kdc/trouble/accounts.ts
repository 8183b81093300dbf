import { formatPrincipal } from '../../messages/principal.ts';
import { type PrincipalDatabase, type PrincipalEntry, withPolicy } from '../database.ts';

/** Accounts that are in trouble, each by its name or an alias as text; names that no account has do no harm. */
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
  const find: PrincipalDatabase['find'] = (components, realm) => {
    const entry = database.find(components, realm);
    return entry && troubled(entry, trouble());
  };
  // It may be an object of a class, whose other methods are inherited.
  return Object.assign(Object.create(database) as D, { find });
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
  const known = [formatPrincipal(principal, { realm: false }), ...(policy.aliases ?? [])];
  return known.some(name => names.includes(name) || names.includes(`${name}@${principal.realm}`));
}
