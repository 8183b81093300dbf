import { hostname } from 'node:os';
import { NT_SRV_HST } from '../messages/numbers.ts';
import { hostBasedPrincipal, type Principal } from '../messages/principal.ts';
import type { Session } from './session.ts';

/**
 * `service/host` for a host, by default this one, in the realm that [domain_realm] assigns to it; the realm is empty if
 * there is none, so that the client's KDC determines it. `dns_canonicalize_hostname`, `rdns` and `qualify_shortname`
 * affect the name; with `fallback`, it stays as typed until a ticket is requested, see `hostCandidates`.
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
 * The names to ask the KDCs for, one after the other: with `dns_canonicalize_hostname = fallback`, first the full name
 * without DNS, then the canonical name in DNS.
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

/** The full name, in lower case, in the host's realm if it has none yet; a port after the name is kept. */
export async function expandHost(server: Principal, session: Session, byDns: boolean): Promise<Principal> {
  const [service, host] = server.components as readonly [string, string];
  const [, given = host, port = ''] = /^([^:]*)(:[^:]+)$/.exec(host) ?? [];
  const full = (await fullName(given, session, byDns)).toLowerCase().replace(/\.$/, '');
  const realm = server.realm || realmOfHost(full, session);
  return { ...server, components: [service, full + port], realm };
}

/** The realm that [domain_realm] assigns to a host; empty if there is none. */
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
