import type { Config } from '../../config/config.ts';
import { parseDuration } from '../../config/duration.ts';
import type { Relation } from '../../config/profile.ts';
import { bad, type Finding, note } from './finding.ts';

/** The names of a section and of the ones within it. */
export type Section = readonly string[];

/** The subject of findings about the configuration. */
export const CONFIGURATION = 'configuration';

/** `FILE:LINE: `, in front of what is wrong there. */
export function placeOf({ file, line }: Relation): string {
  return `${file}:${line}: `;
}

/** Realms are in upper case by custom, and always in Active Directory; case matters. */
export function isUpperCase(realm: string): boolean {
  return realm === realm.toUpperCase();
}

const DURATIONS = ['ticket_lifetime', 'renew_lifetime', 'clockskew'];

/** Durations that the library does not parse completely: it takes `1w` for one second. */
export function durationFindings(profile: Config['profile'], section: Section): readonly Finding[] {
  return DURATIONS.flatMap(name => {
    const relation = profile.relations(...section, name)[0];
    const duration = relation && parseDuration(relation.value);
    // A comment behind the value is reported elsewhere.
    if (duration === undefined || /^\s*(?:[#;]|$)/.test(duration.ignored)) return [];
    const { seconds, ignored } = duration;
    const meant = `${seconds} second${seconds === 1 ? '' : 's'}`;
    const text = `${placeOf(relation!)}${name} = ${relation!.value} means ${meant}, because "${ignored}" is ignored`;
    return [bad(CONFIGURATION, text, 'write days, hours, minutes and seconds as 7d, 1h30m or 90s')];
  });
}

const SERVERS = ['kdc', 'primary_kdc', 'master_kdc', 'admin_server', 'kpasswd_server'];

/** Servers of a realm with a port that is not read, because a blank is in front of it. */
export function serverFindings(profile: Config['profile'], realm: string): readonly Finding[] {
  return SERVERS.flatMap(name =>
    profile.relations('realms', realm, name).flatMap(relation => {
      const [, host, port] = /^(\S+)\s+:?(\d+)$/.exec(relation.value) ?? [];
      if (host === undefined) return [];
      const text = `${placeOf(relation)}${name} = ${relation.value} means ${host} alone, because nothing is read after a blank`;
      return [bad(CONFIGURATION, text, `write ${host}:${port}`)];
    }),
  );
}

/** Relations in [domain_realm] that never match, or that name an unknown realm. */
export function hostFindings({ profile }: Config): readonly Finding[] {
  const realms = profile.names('realms');
  return profile.names('domain_realm').flatMap(name => {
    const relation = profile.relations('domain_realm', name)[0];
    if (relation === undefined) return [];
    const { value } = relation;
    const findings: Finding[] = [];
    if (name !== name.toLowerCase()) {
      const text = `${placeOf(relation)}${name} in [domain_realm] matches no host, because it is not in lower case`;
      findings.push(bad(CONFIGURATION, text, `write ${name.toLowerCase()}`));
    }
    if (!isUpperCase(value) && !realms.includes(value)) {
      const text = `${placeOf(relation)}the realm ${value} of ${name} is not in upper case, as is usual`;
      findings.push(
        realms.includes(value.toUpperCase())
          ? bad(CONFIGURATION, text, `write ${value.toUpperCase()}`)
          : note(CONFIGURATION, text),
      );
    }
    return findings;
  });
}
