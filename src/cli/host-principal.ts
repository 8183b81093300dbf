import { hostname } from 'node:os';
import { NT_SRV_HST } from '../messages/numbers.ts';
import { hostBasedPrincipal, type Principal } from '../messages/principal.ts';
import type { Session } from './session.ts';

/**
 * `service/host` for a host, this one if none is named, in the realm that [domain_realm] gives it; the realm is empty
 * where none does, and the client's KDC is to know. `dns_canonicalize_hostname`, `rdns` and `qualify_shortname` decide about
 * the name; that which only falls back on DNS stays as it was typed until a ticket is asked for, see `hostCandidates`.
 */
export async function hostPrincipal(
  service: string,
  host: string | undefined,
  session: Session,
): Promise<Principal> {
  const { dnsCanonicalizeHostname: canonicalize } = session.config.libdefaults;
  const named = hostBasedPrincipal(service, host ?? hostname(), '');
  if (host !== undefined && canonicalize === 'fallback') return named;
  return expandHost(named, session, canonicalize === 'true');
}

/**
 * The names to ask the KDCs for, one after the other: for a host by `dns_canonicalize_hostname = fallback` first its
 * full name without DNS, then the one that DNS knows it by.
 */
export async function* hostCandidates(server: Principal, session: Session): AsyncGenerator<Principal> {
  const isHost = server.nameType === NT_SRV_HST && server.components.length === 2;
  if (!isHost || session.config.libdefaults.dnsCanonicalizeHostname !== 'fallback') {
    yield server;
    return;
  }
  const plain = await expandHost(server, session, false);
  yield plain;
  const canonical = await expandHost(server, session, true);
  if (canonical.components[1] !== plain.components[1]) yield canonical;
}

/** The name in full, in lower case, in the realm of the host if it has none yet; a port after the name stays. */
export async function expandHost(server: Principal, session: Session, byDns: boolean): Promise<Principal> {
  const [service, host] = server.components as readonly [string, string];
  const [, given = host, port = ''] = /^([^:]*)(:[^:]+)$/.exec(host) ?? [];
  const full = (await fullName(given, session, byDns)).toLowerCase().replace(/\.$/, '');
  const realm = server.realm || realmOfHost(full, session);
  return { ...server, components: [service, full + port], realm };
}

/** The realm that [domain_realm] gives a host; empty where it gives none. */
function realmOfHost(host: string, { config, trace }: Session): string {
  const realm = config.realmOfHost(host) ?? '';
  const place = config.whereRealmOfHost(host);
  const found =
    realm === '' || place === undefined
      ? 'no line of domain_realm'
      : `domain_realm, ${place.file}:${place.line}`;
  trace(`Realm of host ${host} by ${found}: ${realm || 'unknown'}`, { kind: 'realm', realm, found });
  return realm;
}

async function fullName(host: string, session: Session, byDns: boolean): Promise<string> {
  const { rdns, qualifyShortname } = session.config.libdefaults;
  if (byDns) {
    const { canonicalName } = await import('./canonical-name.ts');
    const found = await canonicalName(host, { reverse: rdns, env: session.io.env });
    if (found !== undefined) return found;
  }
  if (host.includes('.')) return host;
  const domain = qualifyShortname ?? (await ownDomain(session));
  return domain ? `${host}.${domain}` : host;
}

async function ownDomain({ io }: Session): Promise<string | undefined> {
  const { searchDomains } = await import('./search-domains.ts');
  return searchDomains(io.env)[0];
}
