import { startRealmEntries } from '../ccache/config-entries.ts';
import { resolveCcache } from '../ccache/resolve.ts';
import { getInitialCredential } from '../client/initial.ts';
import { offersFast } from '../client/method-data.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import { anonymousPrincipal } from '../messages/anonymous.ts';
import { KdcError } from '../messages/krb-error.ts';
import { exchangeOptions } from './exchange.ts';
import { pkinitOptions } from './kinit/pkinit.ts';
import type { Session } from './session.ts';

/** Seconds; the armor is used at once, but a person may be asked for a one-time password meanwhile. */
const LIFETIME = 300;

/** Whether a KDC offers nothing to a client without an armor, but would accept one. */
export function wantsArmor(error: unknown): boolean {
  const cause = error instanceof KerberosError && error.code === 'PREAUTH_FAILED' ? error.cause : undefined;
  return cause instanceof KdcError && offersFast(cause);
}

/**
 * An armor from an anonymous ticket (RFC 8062), requested without telling the user; undefined if the KDC issues none.
 */
export async function anonymousArmor(realm: string, session: Session): Promise<ArmorSource | undefined> {
  const client = anonymousPrincipal(realm);
  const options = exchangeOptions(session, defaultTktEnctypes(session.config));
  try {
    const pkinit = await pkinitOptions({ client, anonymous: true, attributes: [], say: () => {} }, session);
    const secret = { password: nobodysPassword };
    const { credential, kdcOffset } = await getInitialCredential(client, secret, {
      ...options,
      pkinit,
      anonymous: true,
      lifetime: LIFETIME,
    });
    const cache = await resolveCcache('MEMORY:armor', session.caches);
    const credentials = [...startRealmEntries(credential), credential];
    await cache.initialize({ principal: credential.client, credentials, kdcOffset });
    return { cache };
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    options.trace?.(`No anonymous ticket for an armor: ${error.message}`);
    return undefined;
  }
}

function nobodysPassword(): Promise<never> {
  throw new KerberosError('PREAUTH_FAILED', 'the KDC offers no anonymous PKINIT');
}
