import { KeytabError } from '../errors.ts';
import { GssError } from '../gss/gss-error.ts';
import { createSpnegoAcceptor } from '../gss/spnego/acceptor.ts';
import type { FreshKeytab } from '../http/fresh-keytab.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { acceptanceOf } from '../local/acceptance.ts';
import { openEnvironment } from '../local/environment.ts';
import type { Session } from '../local/session.ts';
import type { Principal } from '../messages/principal.ts';
import { KerberosServer } from './server.ts';
import { parseServiceName, servicePrincipal } from './service-name.ts';

/** A server as `initializeServer` returns it. Throws KerberosError for an unusable name or keytab. */
export async function createServer(service: string): Promise<KerberosServer> {
  const session = openEnvironment();
  const acceptance = acceptanceOf(session);
  const server = service === '' ? undefined : await acceptedServers(service, acceptance.keytab, session);
  const context = createSpnegoAcceptor({ ...acceptance, server, acceptAliases: true });
  return new KerberosServer(context, { tellsTarget: service === '' });
}

/** The services to accept contexts for. Throws GssError NO_CRED if the keytab has no key for them. */
async function acceptedServers(
  service: string,
  keytab: FreshKeytab,
  session: Session,
): Promise<readonly Principal[]> {
  const name = parseServiceName(service);
  const anyHost = name.host === undefined || session.config.libdefaults.ignoreAcceptorHostname;
  const host = anyHost ? undefined : (await servicePrincipal(name, session)).components[1];
  const fits = ({ components, realm }: Principal): boolean =>
    components.length === 2 &&
    components[0] === name.service &&
    (host === undefined || components[1] === host) &&
    (name.realm === undefined || realm === name.realm);
  const servers = (await readKeys(keytab)).map(({ principal }) => principal).filter(fits);
  if (servers.length > 0) return servers;
  const wanted = `${name.service}/${host ?? ''}@${name.realm ?? ''}`;
  throw new GssError('NO_CRED', `No key table entry found matching ${wanted}`);
}

async function readKeys(keytab: FreshKeytab): Promise<readonly KeytabEntry[]> {
  try {
    return await keytab();
  } catch (cause) {
    if (!(cause instanceof KeytabError)) throw cause;
    throw new GssError('NO_CRED', cause.message, { cause });
  }
}
