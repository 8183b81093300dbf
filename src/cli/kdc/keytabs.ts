import { dirname, isAbsolute, resolve } from 'node:path';
import { ConfigError, KeytabError } from '../../errors.ts';
import type { RunningKdc, ServiceSpec, UserSpec } from '../../kdc/start.ts';
import { type Keytab, type KeytabEntry, resolveKeytab } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal, parsePrincipal, samePrincipal } from '../../messages/principal.ts';
import { isPassing } from './content.ts';

/** A principal of a realm file that says where its keys are to be. */
export interface InKeytab {
  readonly keytab?: string | undefined;
}

type Named = InKeytab & { readonly name: string };

/** A realm as a realm file describes it. */
export interface InRealm {
  readonly realm: string;
  readonly users?: readonly (UserSpec & InKeytab)[] | undefined;
  readonly services?: readonly (ServiceSpec & InKeytab)[] | undefined;
}

/** The names of principals by the absolute path of the keytab that they are written to. */
export type Keytabs = ReadonlyMap<string, readonly string[]>;

/**
 * Moves the keytabs of principals, which are relative to the realm file's directory, into `keytabs`. Throws ConfigError
 * CONFIG_VALUE for one that is relative to a pipe.
 */
export function withoutKeytabs<R extends InRealm>(
  described: R,
  realmFile: string,
  keytabs: Map<string, readonly string[]>,
): R {
  const { realm, users, services } = described;
  const split = <P extends Named>({ keytab, ...principal }: P): Omit<P, 'keytab'> => {
    if (keytab !== undefined) {
      if (!isAbsolute(keytab) && isPassing(realmFile)) {
        throw new ConfigError('CONFIG_VALUE', `${realmFile}: the keytab ${keytab} needs an absolute path`, {
          file: realmFile,
        });
      }
      const path = resolve(dirname(realmFile), keytab);
      const name = formatPrincipal(parsePrincipal(principal.name, { defaultRealm: realm }));
      keytabs.set(path, [...(keytabs.get(path) ?? []), name]);
    }
    return principal;
  };
  return {
    ...described,
    ...(users && { users: users.map(split) }),
    ...(services && { services: services.map(split) }),
  };
}

/** Writes the keys of principals to keytabs, in which they replace older ones. */
export async function writeKeytabs(keytabs: Keytabs, kdc: RunningKdc): Promise<void> {
  for (const [path, names] of keytabs) {
    await during(`writing keytab ${path}`, async () => {
      const keytab = resolveKeytab(path);
      const entries = kdc.keytab(...names);
      await removeKeysOf(entries, keytab);
      await keytab.add(entries);
    });
  }
}

/** Keys of an earlier run would be taken for the new ones, which have the same version. */
async function removeKeysOf(entries: readonly KeytabEntry[], keytab: Keytab): Promise<void> {
  try {
    await keytab.remove(old => entries.some(({ principal }) => samePrincipal(principal, old.principal)));
  } catch (error) {
    if (!(error instanceof KeytabError) || error.code !== 'KEYTAB_NOT_FOUND') throw error;
  }
}
