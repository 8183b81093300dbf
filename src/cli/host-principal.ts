import { hostname } from 'node:os';
import { hostBasedPrincipal, type Principal } from '../messages/principal.ts';
import type { Session } from './session.ts';

/**
 * `service/host` for a host, this one if none is named, in the realm that [domain_realm] gives it; the realm is empty
 * where none does, and the client's KDC is to know. `dns_canonicalize_hostname`, `rdns` and `qualify_shortname` decide about
 * the name.
 */
export async function hostPrincipal(
  service: string,
  host: string | undefined,
  { config }: Session,
): Promise<Principal> {
  const { dnsCanonicalizeHostname, rdns, qualifyShortname: domain } = config.libdefaults;
  const given = host ?? hostname();
  const found = dnsCanonicalizeHostname === 'true' ? await canonicalName(given, rdns) : given;
  const name = domain && !found.includes('.') ? `${found}.${domain}` : found;
  const full = name.toLowerCase().replace(/\.$/, '');
  return hostBasedPrincipal(service, full, config.realmOfHost(full) ?? '');
}

/** The name DNS knows the host by; the one given where DNS knows none. */
async function canonicalName(host: string, reverse: boolean): Promise<string> {
  const { lookup, lookupService, resolveCname } = (await import('node:dns')).promises;
  try {
    if (!reverse) return (await resolveCname(host))[0] ?? host;
    const { address } = await lookup(host);
    const { hostname: found } = await lookupService(address, 0);
    return found === address ? host : found;
  } catch {
    return host;
  }
}
