import { findIndicators } from '../../ap/authentication-indicators.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { defaultKeytab, namedKeytab } from '../../local/keytabs.ts';
import type { Credential } from '../../messages/credential.ts';
import { Ticket } from '../../messages/ticket.ts';
import { openWithKeytab } from '../kvno/keytab.ts';
import type { Listing } from '../listing.ts';
import type { Session } from '../session.ts';

/**
 * Reads tickets' authentication indicators with the keys of the named keytab, or of the default one for `-`: none for a
 * ticket that no key opens.
 */
export async function indicatorsWith(
  name: string,
  session: Session,
): Promise<(credential: Credential) => readonly string[]> {
  const keytab = name === '-' ? defaultKeytab(session) : namedKeytab(name);
  const entries = await during('starting keytab scan', () => keytab.entries());
  return credential => (isConfigEntry(credential) ? [] : indicatorsIn(credential, entries));
}

/** The line about indicators; empty if there are none. */
export function indicatorsLine(indicators: readonly string[], { text }: Listing): string {
  return indicators.length === 0
    ? ''
    : `\tAuthentication indicators: ${indicators.map(indicator => text(indicator)).join(', ')}\n`;
}

function indicatorsIn({ ticket }: Credential, entries: readonly KeytabEntry[]): readonly string[] {
  try {
    const { part, key } = openWithKeytab(Ticket.decode(ticket).encPart, entries);
    return findIndicators(part.authorizationData ?? [], key);
  } catch (error) {
    if (error instanceof KerberosError) return [];
    throw error;
  }
}
