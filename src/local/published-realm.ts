import { hostname } from 'node:os';
import { findTxtRealm, firstTxtRealm } from '../transport/txt-realm.ts';
import { canonicalName } from './canonical-name.ts';
import { searchDomains } from './search-domains.ts';
import type { Session } from './session.ts';

/**
 * The realm that DNS assigns to this host by TXT records: at its full name or a domain around it, else at the
 * resolver's search domains.
 */
export async function publishedRealm(session: Session): Promise<string | undefined> {
  const { env, signal } = session.io;
  const options = { trace: session.trace, signal };
  const own = hostname();
  const full = (await canonicalName(own, { reverse: false, env })) ?? own;
  return (
    (await findTxtRealm(full.toLowerCase(), options)) ?? (await firstTxtRealm(searchDomains(env), options))
  );
}
