import { lookupOutcome } from './lookups.ts';
import type { Story } from './story.ts';

/** What to try if a realm or its KDCs cannot be found or reached; undefined if the realm seems to be right. */
export function realmHint(story: Story): string | undefined {
  const { config, errors } = story;
  const realm = story.request?.realm ?? story.last('realm')?.realm;
  const code = errors.at(0)?.code;
  if (realm === undefined) return undefined;
  const realms = config?.profile.names('realms') ?? [];
  const upper = realm.toUpperCase();
  const place = placeOf(story, realm);
  if (/\s[#;]/.test(realm)) return `put the comment after the realm on a line of its own${place}`;
  const mail = mailAddressHint(story, realm);
  if (mail !== undefined && realm !== upper && !realms.includes(upper)) {
    return `${mail}; otherwise write the realm in upper case, as is usual: ${upper}`;
  }
  if (realm !== upper && (realms.includes(upper) || code !== 'KDC_UNREACHABLE')) {
    return `write the realm in upper case, as is usual: ${upper}${place}`;
  }
  if (code === 'KDC_UNREACHABLE') return silenceHint(story, realm);
  if (code !== 'REALM_UNKNOWN') return undefined;
  if (realm === '') {
    return 'name the principal, or assign a realm to this host in [domain_realm]: without a name, kinit -k uses that of the host';
  }
  const lookups = story.all('lookup').map(lookupOutcome);
  if (lookups.length > 0 && lookups.every(({ state }) => state === 'silent')) {
    return `connect to the network or the VPN, since DNS does not answer; or add a kdc for ${realm} to [realms]`;
  }
  const dns = lookups.length > 0 ? 'or add one to DNS' : 'since DNS is not used: see dns_lookup_kdc';
  if (realms.includes(realm)) return `add a line kdc = HOST to ${realm} in [realms], ${dns}`;
  const known = realms.length === 0 ? '' : ` (configured: ${realms.join(', ')})`;
  const elseMail = mail === undefined ? '' : `; ${mail}`;
  return `check the realm's name${known}, or add a kdc for ${realm} to [realms], ${dns}${elseMail}`;
}

/** The line of the configuration that has chosen the realm, in brackets; empty if the user has written it. */
function placeOf({ last }: Story, realm: string): string {
  const chosen = last('realm');
  return chosen?.realm === realm && /:\d+$/.test(chosen.found) ? ` (${chosen.found})` : '';
}

/** If no KDC has answered. */
function silenceHint(story: Story, realm: string): string {
  const reasons = story.all('failed').map(({ reason }) => reason);
  const all = (pattern: RegExp): boolean => reasons.length > 0 && reasons.every(each => pattern.test(each));
  if (all(/ENOTFOUND|EAI_AGAIN/)) {
    const isDefault = story.last('realm')?.found.startsWith('default_realm');
    const another = `; if ${realm} is not your realm, write yours after the name, as in alice@EXAMPLE.COM`;
    return `check the names of the KDCs above, the network and DNS${isDefault ? another : ''}`;
  }
  if (all(/ENETUNREACH|EHOSTUNREACH/))
    return 'connect to the network or the VPN: no KDC can be reached from here';
  return 'check that the KDC is running and that its port can be reached over UDP and TCP: the lines above show the result for each address';
}

/**
 * In Active Directory, people know their user principal name (UPN), which looks like a mail address. After the @ it
 * need not have a realm: the KDC of the user's own realm knows whose it is.
 */
function mailAddressHint({ config, request, last }: Story, realm: string): string | undefined {
  const own = config?.libdefaults.defaultRealm;
  const isTyped = request?.message === 'AS-REQ' && last('realm')?.found === 'the name itself';
  if (!isTyped || own === undefined || own === realm.toUpperCase() || !realm.includes('.')) return undefined;
  return `if ${request.client} is a mail address or a UPN, ask the KDC of ${own} with kinit -C -E ${request.client}`;
}
