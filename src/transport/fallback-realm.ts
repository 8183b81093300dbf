import type { Config } from '../config/config.ts';
import { TransportError } from '../errors.ts';
import { locateServers } from './locate.ts';
import { SERVICES } from './services.ts';
import { createSrvLookup, type SrvLookup } from './srv.ts';
import { StopController } from './stop-signal.ts';
import { findTxtRealm, type TxtRealmOptions } from './txt-realm.ts';
import { createUriLookup, type UriLookup } from './uri.ts';

export interface FallbackRealmOptions extends TxtRealmOptions {
  /** DNS; the system's resolver. */
  readonly lookupSrv?: SrvLookup | undefined;
  readonly lookupUri?: UriLookup | undefined;
}

/**
 * The realm to try for a host of which neither [domain_realm] nor a KDC knows the realm: what DNS says in TXT records, if
 * `dns_lookup_realm` is on; the first of as many domains around it as `realm_try_domains` allows that has a KDC; its own
 * domain in capitals. Undefined for an address and for a name without a domain, which are of the default realm. Throws
 * ConfigError CONFIG_VALUE.
 */
export async function fallbackRealm(
  config: Config,
  host: string,
  options: FallbackRealmOptions = {},
): Promise<string | undefined> {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isAddress(name)) return undefined;
  const { dnsLookupRealm } = config.libdefaults;
  const published = dnsLookupRealm ? await findTxtRealm(name, options) : undefined;
  if (published !== undefined) return published;
  const full = name.toUpperCase();
  return (await realmAround(full, config, options)) ?? (outer(full) || undefined);
}

/** The name itself is the first domain, and one without a dot is no realm. */
async function realmAround(
  host: string,
  config: Config,
  options: FallbackRealmOptions,
): Promise<string | undefined> {
  let left = config.libdefaults.realmTryDomains;
  for (let domain = host; left >= 0 && domain.includes('.'); domain = outer(domain)) {
    left--;
    if (await hasKdc(domain, config, options)) return domain;
  }
  return undefined;
}

async function hasKdc(realm: string, config: Config, options: FallbackRealmOptions): Promise<boolean> {
  const { lookupSrv = createSrvLookup(), lookupUri = createUriLookup() } = options;
  const { trace = () => undefined, signal = new StopController() } = options;
  try {
    const located = { service: SERVICES.kdc, lookupSrv, lookupUri, trace, signal };
    return (await locateServers(config, realm, located)).length > 0;
  } catch (error) {
    if (error instanceof TransportError) return false;
    throw error;
  }
}

function outer(domain: string): string {
  const dot = domain.indexOf('.');
  return dot < 0 ? '' : domain.slice(dot + 1);
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^(?:\d+\.){3}\d+$/.test(name);
}
