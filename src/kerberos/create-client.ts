import { defaultTgsEnctypes } from '../config/enctypes.ts';
import type { SecurityContext } from '../gss/context.ts';
import { type OpenContextOptions, openContext } from '../gss/initiate.ts';
import { clientKeytabOf } from '../local/client-keytab.ts';
import { openEnvironment } from '../local/environment.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { expandHost } from '../local/host-principal.ts';
import type { Session } from '../local/session.ts';
import { KerberosClient } from './client.ts';
import { contextWishes } from './flags.ts';
import type { InitializeClientOptions } from './initialize-client.ts';
import { type Identity, identityByName, withCache } from './initiator-cache.ts';
import { parseServiceName, type ServiceName, servicePrincipal } from './service-name.ts';

/** A client as `initializeClient` returns it. Throws KerberosError for an unusable name or cache. */
export async function createClient(
  service: string,
  options: InitializeClientOptions,
): Promise<KerberosClient> {
  const name = parseServiceName(service);
  const session = openEnvironment();
  const identity = await identityOf(options, session);
  return new KerberosClient(() => open(name, identity, options, session));
}

async function identityOf(
  { principal, user = principal, domain, password, pass = password }: InitializeClientOptions,
  session: Session,
): Promise<Identity> {
  // MongoDB's driver passes an empty password if there is none.
  if (isGiven(user) && isGiven(pass)) {
    return { user: domain && !user.includes('@') ? `${user}@${domain}` : user, password: pass };
  }
  return isGiven(principal) ? identityByName(principal, session) : { cache: undefined };
}

function isGiven(text: unknown): text is string {
  return typeof text === 'string' && text !== '';
}

async function open(
  name: ServiceName,
  identity: Identity,
  { flags, gssFlag, mechOID }: InitializeClientOptions,
  session: Session,
): Promise<SecurityContext> {
  const { config } = session;
  const { delegation, ...wishes } = contextWishes(flags ?? gssFlag, mechOID);
  const trusted = delegation === 'always' && config.libdefaults.enforceOkAsDelegate ? 'policy' : delegation;
  const server = await servicePrincipal(name, session);
  return withCache(identity, await expandHost(server, session, false), session, cache =>
    openContext(server, cache, {
      ...exchangeOptions(session, defaultTgsEnctypes(config)),
      ...wishes,
      delegation: trusted,
      clientKeytab: keytabOf(identity, session),
    }),
  );
}

/** The keytab that fills a cache without tickets, as with MIT's library, unless a password has filled it. */
function keytabOf(identity: Identity, session: Session): OpenContextOptions['clientKeytab'] {
  if ('password' in identity) return undefined;
  const { client } = identity;
  const realm = client?.realm ?? session.config.libdefaults.defaultRealm;
  return { ...clientKeytabOf(session, realm), client };
}
