import { enctypeName, isWeak } from '../crypto/enctype-names.ts';
import type { Principal } from '../messages/principal.ts';
import { printable } from './sentences.ts';
import type { Session } from './session.ts';
import type { Io } from './terminal.ts';

/** Warns if a realm is not in upper case, unless the configuration has it like that. */
export function warnOfRealm(program: string, { realm }: Principal, { config, io }: Session): void {
  if (!config.profile.names('realms').includes(realm)) warnOfCase(program, realm, io);
}

/** The same for a realm that is about to be created, whatever the configuration has. */
export function warnOfCase(program: string, realm: string, io: Io): void {
  const upper = realm.toUpperCase();
  if (realm === upper) return;
  io.err(
    `${printable(`${program}: warning: the realm ${realm} is not ${upper}: the case matters, and is upper by custom`)}\n`,
  );
}

/** Warns about explicitly requested enctypes that can be broken. */
export function warnOfWeak(program: string, enctypes: readonly number[], io: Io): void {
  const names = enctypes.filter(isWeak).map(etype => enctypeName(etype) ?? String(etype));
  if (names.length === 0) return;
  io.err(`${program}: warning: ${names.join(', ')} can be broken, and should give way to AES\n`);
}
