import { findConfig } from '../../ccache/config-entries.ts';
import { bytesToText } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { tgsPrincipal } from '../../messages/principal.ts';
import type { Session } from '../session.ts';
import { specifiedCache } from './cache.ts';

/** The padata type by which the ticket-granting ticket in the cache was obtained; empty if it is not recorded. */
export async function notedPreauthTypes(
  name: string,
  realm: string,
  session: Session,
): Promise<readonly number[]> {
  const cache = await specifiedCache(name, session);
  try {
    const noted = findConfig(await cache.load(), 'pa_type', tgsPrincipal(realm));
    return noted === undefined ? [] : [Number.parseInt(bytesToText(noted), 10)];
  } catch (error) {
    if (error instanceof KerberosError) return [];
    throw error;
  }
}
