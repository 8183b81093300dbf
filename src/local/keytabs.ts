import { KeytabError } from '../errors.ts';
import { keysOf } from '../keytab/find.ts';
import { type Keytab, resolveKeytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import { ActivityError } from './activity.ts';
import { reasonOf } from './reason.ts';
import type { Session } from './session.ts';

/** How errors are reported: `resolving keytab NAME` if not given, and the word before it. */
interface Told {
  readonly activity?: string;
  readonly joint?: string;
}

/** The keytab of services: KRB5_KTNAME, else `default_keytab_name`, else MIT's default. */
export function defaultKeytab(session: Session, told?: Told): Keytab {
  const { io, config } = session;
  const { defaultKeytabName } = config.libdefaults;
  // An empty name means no keytab, as with caches.
  const name = io.env.KRB5_KTNAME ?? defaultKeytabName ?? 'FILE:/etc/krb5.keytab';
  return namedKeytab(name, told);
}

/** The keytab of clients: KRB5_CLIENT_KTNAME, else `default_client_keytab_name`, else MIT's default on Debian. */
export function clientKeytab(session: Session, told?: Told): Keytab {
  const { io, config } = session;
  const { defaultClientKeytabName } = config.libdefaults;
  const fallback = `FILE:/etc/krb5/user/${io.uid}/client.keytab`;
  const name = io.env.KRB5_CLIENT_KTNAME ?? defaultClientKeytabName ?? fallback;
  return namedKeytab(name, told);
}

/** Whether the keytab of clients has keys of a principal; a missing one has none. */
export async function hasClientKeys(client: Principal, session: Session): Promise<boolean> {
  try {
    return keysOf(await clientKeytab(session).entries(), client).length > 0;
  } catch (thrown) {
    if (reasonOf(thrown) instanceof KeytabError) return false;
    throw thrown;
  }
}

/** A keytab by its name. */
export function namedKeytab(
  name: string,
  { activity = `resolving keytab ${name}`, joint }: Told = {},
): Keytab {
  try {
    return resolveKeytab(name);
  } catch (error) {
    throw new ActivityError(activity, error, joint);
  }
}
