import { permittedEnctypes } from '../config/enctypes.ts';
import type { AcceptorOptions } from '../gss/acceptor.ts';
import { type FreshKeytab, freshKeytab } from '../http/fresh-keytab.ts';
import { defaultKeytab } from './keytabs.ts';
import { replayCacheOf } from './replay-caches.ts';
import type { Session } from './session.ts';

/** What a service needs to accept clients, as krb5.conf and the environment say. */
export interface Acceptance extends Pick<AcceptorOptions, 'replayCache' | 'permittedEnctypes' | 'clockskew'> {
  /** The keys in the default keytab, which is read again when it has changed. */
  readonly keytab: FreshKeytab;
}

/** What the session says. Throws KeytabError and KerberosError for keytabs and replay caches of unknown types. */
export function acceptanceOf(session: Session): Acceptance {
  return {
    keytab: keysOf(session),
    replayCache: replayCacheOf(session),
    permittedEnctypes: permittedEnctypes(session.config),
    clockskew: session.config.libdefaults.clockskew,
  };
}

const keytabs = new Map<string, FreshKeytab>();

/** The default keytab's entries, whose keys are prepared once for all services of this process. */
function keysOf(session: Session): FreshKeytab {
  const keytab = defaultKeytab(session);
  const known = keytabs.get(keytab.name);
  if (known !== undefined) return known;
  const fresh = freshKeytab(keytab);
  keytabs.set(keytab.name, fresh);
  return fresh;
}
