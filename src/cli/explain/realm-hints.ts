import type { Story } from './story.ts';

/** What to try if a realm or its KDCs cannot be found or reached; undefined if the realm seems to be right. */
export function realmHint(story: Story): string | undefined {
  const { config, errors } = story;
  const realm = story.request?.realm ?? story.last('realm')?.realm;
  const code = errors.at(0)?.code;
  if (realm === undefined) return undefined;
  const realms = config?.profile.names('realms') ?? [];
  const upper = realm.toUpperCase();
  const mail = mailAddressHint(story, realm);
  if (mail !== undefined && realm !== upper && !realms.includes(upper)) {
    return `${mail}; otherwise write the realm in upper case, as is usual: ${upper}`;
  }
  if (realm !== upper && (realms.includes(upper) || code !== 'KDC_UNREACHABLE')) {
    return `write the realm in upper case, as is usual: ${upper}`;
  }
  if (code === 'KDC_UNREACHABLE') {
    return 'check that the KDC is running and that its port can be reached over UDP and TCP: the lines above show the result for each address';
  }
  if (code !== 'REALM_UNKNOWN') return undefined;
  const known = realms.length === 0 ? '' : ` (configured: ${realms.join(', ')})`;
  const dns =
    story.all('lookup').length > 0 ? 'or add one to DNS' : 'since DNS is not used: see dns_lookup_kdc';
  const elseMail = mail === undefined ? '' : `; ${mail}`;
  return `check the realm's name${known}, or add a kdc for ${realm} to [realms], ${dns}${elseMail}`;
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
