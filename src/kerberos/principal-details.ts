import { KeytabError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { openEnvironment } from '../local/environment.ts';
import { defaultKeytab } from '../local/keytabs.ts';
import { reasonOf } from '../local/reason.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { answer, type Callback, requireStrings } from './callback.ts';
import { inKrb5Words } from './krb5-error.ts';

/** The reference implementation's number for keytabs of an unknown type, and those of POSIX for files. */
const KRB5_KT_UNKNOWN_TYPE = -1765328204;
const ENOENT = 2;
const EIO = 5;

/**
 * Resolves to the name of `service/hostname`, with its realm, in the default keytab. Rejects with an Error if the
 * keytab does not have it or does not exist.
 */
export function principalDetails(service: string, hostname: string): Promise<string>;
export function principalDetails(service: string, hostname: string, callback: Callback<string>): void;
export function principalDetails(
  service: string,
  hostname: string,
  callback?: Callback<string>,
): Promise<string> | undefined {
  return answer(
    callback,
    () => requireStrings({ service, hostname }),
    () => findPrincipal(service, hostname),
  );
}

async function findPrincipal(service: string, hostname: string): Promise<string> {
  const names = (await readKeytab()).map(({ principal }) => formatPrincipal(principal));
  const found = names.find(name => name.startsWith(`${service}/${hostname}@`));
  if (found === undefined) throw new Error('Principal not found in keytab (-1)');
  return found;
}

async function readKeytab(): Promise<readonly KeytabEntry[]> {
  try {
    return await defaultKeytab(openEnvironment()).entries();
  } catch (thrown) {
    const cause = reasonOf(thrown);
    if (!(cause instanceof KeytabError)) throw inKrb5Words(cause);
    const [what, number] =
      cause.code === 'KEYTAB_TYPE_UNKNOWN'
        ? ['Cannot get default keytab', KRB5_KT_UNKNOWN_TYPE]
        : ['Cannot get sequence cursor from keytab', cause.code === 'KEYTAB_NOT_FOUND' ? ENOENT : EIO];
    throw new Error(`${what} (${number})`, { cause });
  }
}
