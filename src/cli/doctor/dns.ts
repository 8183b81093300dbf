import { promises as dns } from 'node:dns';
import { canonicalName } from '../../local/canonical-name.ts';
import type { Principal } from '../../messages/principal.ts';
import type { Decision } from '../../trace.ts';
import { lookupOutcome } from '../explain/lookups.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, good, note } from './finding.ts';

const SUBJECT = 'DNS';

/** The answers of DNS when it was asked for KDCs. */
export function lookupFindings(decisions: readonly Decision[]): readonly Finding[] {
  return decisions.flatMap(({ fact }) => {
    if (fact?.kind !== 'lookup') return [];
    const { state, text } = lookupOutcome(fact);
    const told = `${fact.query}: ${text}`;
    if (state === 'found') return [good(SUBJECT, told)];
    if (state === 'none') return [note(SUBJECT, told)];
    return [bad(SUBJECT, told, 'check that the right DNS server is used, and that the VPN is on')];
  });
}

/**
 * Checks whether DNS knows the host of a service, and by which name: tickets may be requested for another name than the
 * user expects.
 */
export async function checkHost(
  { components: [, named] }: Principal,
  { config, io }: Session,
): Promise<readonly Finding[]> {
  const host = named?.replace(/:[^:]*$/, '');
  if (host === undefined || !/^[\w.-]+$/.test(host)) return [];
  const addresses = await addressesOf(host);
  if (addresses.length === 0) return [note(SUBJECT, `the host ${host} is unknown`)];
  const { rdns, dnsCanonicalizeHostname } = config.libdefaults;
  const canonical = await canonicalName(host, { reverse: rdns, env: io.env });
  const shown = `${host} is at ${addresses.join(', ')}`;
  if (canonical === undefined || canonical.toLowerCase() === host.toLowerCase())
    return [good(SUBJECT, shown)];
  const used = dnsCanonicalizeHostname === 'false' ? 'asks for the first' : 'may ask for either';
  const how = `which ${used} (dns_canonicalize_hostname = ${dnsCanonicalizeHostname})`;
  return [
    note(
      SUBJECT,
      `${shown}, and is called ${canonical} as well: who asks for a ticket by the host's name, ${how}`,
    ),
  ];
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await dns.lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
