import { KerberosError } from '../errors.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { parsePrincipal } from '../messages/principal.ts';

/**
 * The components of an alias in text, which has no realm; one with an `@` is an enterprise name. Throws KerberosError
 * PRINCIPAL_MALFORMED.
 */
export function aliasComponents(alias: string): readonly string[] {
  const whole = parsePrincipal(alias, { defaultRealm: '', nameType: NT_ENTERPRISE });
  if (whole.realm !== '') throw new KerberosError('PRINCIPAL_MALFORMED', 'An alias has no realm');
  const [name = ''] = whole.components;
  return name.includes('@') ? [name] : parsePrincipal(alias, { defaultRealm: '' }).components;
}
