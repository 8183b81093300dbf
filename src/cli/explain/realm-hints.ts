import type { Story } from './story.ts';

/** What to try if a realm or its KDCs cannot be found or reached; undefined if the realm seems to be right. */
export function realmHint(story: Story): string | undefined {
  const { config, errors } = story;
  const realm = story.request?.realm ?? story.last('realm')?.realm;
  const code = errors.at(0)?.code;
  if (realm === undefined) return undefined;
  const realms = config?.profile.names('realms') ?? [];
  const upper = realm.toUpperCase();
  if (realm !== upper && (realms.includes(upper) || code !== 'KDC_UNREACHABLE')) {
    return `write the realm in capitals, as realms are as a rule: ${upper}`;
  }
  if (code === 'KDC_UNREACHABLE') {
    return 'see that the KDC runs and that UDP and TCP to its port get through: the lines above say what each address did';
  }
  if (code !== 'REALM_UNKNOWN') return undefined;
  const known = realms.length === 0 ? '' : ` (configured: ${realms.join(', ')})`;
  const dns =
    story.all('lookup').length > 0 ? 'or have DNS name one' : 'as DNS is not asked: see dns_lookup_kdc';
  return `check the realm's name${known}, or write a kdc for ${realm} into [realms], ${dns}`;
}
