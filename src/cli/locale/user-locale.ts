import { loadLocale } from './locale.ts';
import type { TimeLocale } from './time-locale.ts';
import { zoneOfRule } from './zone-rule.ts';

/** The user's LC_TIME, and the time zone that TZ has as a rule, which `Date` does not know. */
export function userLocale(env: Readonly<Record<string, string | undefined>>): TimeLocale {
  const zone = env.TZ === undefined ? undefined : zoneOfRule(env.TZ);
  const locale = loadLocale(env);
  return zone === undefined ? locale : { ...locale, zone, zoneName: zone.name };
}
