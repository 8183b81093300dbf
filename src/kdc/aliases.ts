import { KerberosError } from '../errors.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { parsePrincipal } from '../messages/principal.ts';
import type { PrincipalEntry } from './database.ts';

/** `aliased` of an entry that takes the place of another: `now` where it has an alias more. */
export function aliasedSince(
  { policy: { aliases = [] } }: Pick<PrincipalEntry, 'policy'>,
  before: PrincipalEntry | undefined,
  now: () => Date,
): Date | undefined {
  const had = before?.policy.aliases ?? [];
  return aliases.some(alias => !had.includes(alias)) ? now() : before?.aliased;
}

/**
 * The components of an alias given as text without a realm; one with an `@` is an enterprise name. Throws KerberosError
 * PRINCIPAL_MALFORMED.
 */
export function aliasComponents(alias: string): readonly string[] {
  const whole = parsePrincipal(alias, { defaultRealm: '', nameType: NT_ENTERPRISE });
  if (whole.realm !== '') throw new KerberosError('PRINCIPAL_MALFORMED', 'An alias has no realm');
  const [name = ''] = whole.components;
  return name.includes('@') ? [name] : parsePrincipal(alias, { defaultRealm: '' }).components;
}
