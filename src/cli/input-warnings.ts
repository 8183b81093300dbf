import { printable } from '../codec/text.ts';
import { enctypeName, isWeak } from '../crypto/enctype-names.ts';
import type { Principal } from '../messages/principal.ts';
import type { Session } from './session.ts';
import type { Io } from './terminal.ts';

/**
 * Warns if a realm is not in upper case, unless the configuration has it like that. If the realm is not configured in
 * upper case either, the name may be a user principal name of Active Directory.
 */
export function warnOfRealm(program: string, { realm }: Principal, { config, io }: Session): void {
  const realms = config.profile.names('realms');
  if (realms.includes(realm)) return;
  const known = [...realms, config.libdefaults.defaultRealm].some(
    each => each?.toUpperCase() === realm.toUpperCase(),
  );
  warnOfCase(program, realm, io, known ? '' : '; -C -E is for mail addresses and UPNs');
}

/** The same for a realm that is about to be created, whatever the configuration has. */
export function warnOfCase(program: string, realm: string, io: Io, more = ''): void {
  const upper = realm.toUpperCase();
  if (realm === upper) return;
  io.err(
    `${printable(`${program}: warning: the realm ${realm} is not in upper case; realms are case-sensitive, and usually ${upper}${more}`)}\n`,
  );
}

/** Warns of a name in Windows's form `DOMAIN\user`, whose backslash only quotes a letter. */
export function warnOfWindowsName(program: string, typed: string, io: Io): void {
  const [, user] = /^[^\\/@]+\\([^\\/@]+)$/.exec(typed) ?? [];
  if (user === undefined) return;
  const words = `the backslash in ${typed} only quotes a letter; write Windows's DOMAIN\\user as ${user}@REALM`;
  io.err(`${printable(`${program}: warning: ${words}`)}\n`);
}

/** Warns about explicitly requested enctypes that can be broken. */
export function warnOfWeak(program: string, enctypes: readonly number[], io: Io): void {
  const names = enctypes.filter(isWeak).map(etype => enctypeName(etype) ?? String(etype));
  if (names.length === 0) return;
  io.err(`${program}: warning: ${names.join(', ')} can be broken: use AES instead\n`);
}
