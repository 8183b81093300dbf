import type { CacheContents } from '../ccache/ccache.ts';
import { privateCcache } from '../ccache/memory.ts';
import { resolveCcache } from '../ccache/resolve.ts';
import type { Secret } from '../client/secret.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import type { Keytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import { createTransport } from '../transport/transport.ts';
import { acceptanceOf } from './acceptance.ts';
import { autoArmor } from './auto-armor.ts';
import { defaultCache } from './caches/default-cache.ts';
import { openEnvironment } from './environment.ts';
import { exchangeOptions } from './exchange.ts';
import { hostPrincipal } from './host-principal.ts';
import { initialTicket } from './initial.ts';
import type { LocalKerberos, LoginSecret, OpenKerberosOptions } from './kerberos.ts';
import { clientKeytab, defaultKeytab } from './keytabs.ts';
import { changeOwnPassword } from './password.ts';
import { plainly, reasonOf } from './reason.ts';
import { principalOf, type Session } from './session.ts';

let logins = 0;

/** What `openKerberos` resolves to. */
export async function kerberosOf(env: OpenKerberosOptions['env']): Promise<LocalKerberos> {
  const session = await plainly(() => openEnvironment(env));
  const { config, caches, trace } = session;
  const transport = createTransport(config, { trace });
  // With `fallback`, each of the `candidates` has the realm of its own full name.
  const byCandidate = config.libdefaults.dnsCanonicalizeHostname === 'fallback';
  const principal = (name: string) => plainly(() => principalOf(name, session));
  const clientOf = async (client: string | Principal) =>
    typeof client === 'string' ? principal(client) : client;
  return {
    config,
    transport,
    caches,
    exchange: {
      ...exchangeOptions(session, defaultTgsEnctypes(config)),
      transport,
      realmOfHost: byCandidate ? () => undefined : config.realmOfHost,
    },
    get acceptance() {
      return withoutActivity(() => acceptanceOf(session));
    },
    get keytab() {
      return withoutActivity(() => defaultKeytab(session));
    },
    get clientKeytab() {
      return withoutActivity(() => clientKeytab(session));
    },
    armorFor: realm => autoArmor({ realm }, session),
    defaultCache: () => plainly(() => defaultCache(session, { reading: true })),
    principal,
    service: (name, host) => plainly(() => hostPrincipal(name, host, session)),
    async login(client, secret, { cache, verifyBy, ...asked } = {}) {
      // A name that anybody may have put in place of the client's would be verified.
      const wishes = verifyBy === undefined ? asked : { ...asked, canonicalize: asked.canonicalize ?? false };
      const contents = await initialTicket(await clientOf(client), await secretOf(secret), session, wishes);
      if (verifyBy !== undefined) await verifyContents(contents, verifyBy, session, asked.signal);
      const filled = cache ?? (await resolveCcache(`MEMORY:krb5kit/login ${++logins}`, caches));
      await filled.initialize(contents);
      return filled;
    },
    async changePassword(client, change) {
      await changeOwnPassword(await clientOf(client), change, session);
    },
  };
}

/** Throws what `verifyIssuer` throws for a cache with these contents. */
async function verifyContents(
  contents: CacheContents,
  keytab: Keytab,
  session: Session,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { verifyIssuer } = await import('../ap/verify-issuer.ts');
  const cache = privateCcache('verification');
  const exchange = exchangeOptions(session, defaultTgsEnctypes(session.config));
  await cache.initialize(contents);
  await verifyIssuer(cache, keytab, { ...exchange, signal: signal ?? exchange.signal });
}

async function secretOf(secret: LoginSecret): Promise<Secret> {
  if ('keytab' in secret) return { keytab: await secret.keytab.entries() };
  const { password } = secret;
  return { password: typeof password === 'string' ? async () => password : password };
}

function withoutActivity<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw reasonOf(thrown);
  }
}
