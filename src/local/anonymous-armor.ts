import { startRealmEntries } from '../ccache/config-entries.ts';
import { privateCcache } from '../ccache/memory.ts';
import { getInitialCredential } from '../client/initial.ts';
import { offersFast } from '../client/method-data.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import { anonymousPrincipal } from '../messages/anonymous.ts';
import { KdcError } from '../messages/krb-error.ts';
import { exchangeOptions } from './exchange.ts';
import { loadPkinitFor } from './pkinit.ts';
import type { Session } from './session.ts';

/** Seconds; the armor is used at once, but a person may be asked for a one-time password meanwhile. */
const LIFETIME = 300;

/** What the armor is for, and how its ticket may be obtained. */
export interface ArmorWishes {
  readonly realm: string;
  /** The certificates to which the KDC's must lead, instead of those of krb5.conf. */
  readonly anchors?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The armor for another attempt after an exchange without one: an anonymous ticket if the KDC offers nothing else, but
 * accepts FAST; undefined if it issues none.
 */
export async function armorAfter(
  error: unknown,
  wishes: ArmorWishes,
  session: Session,
): Promise<ArmorSource | undefined> {
  if (!wantsArmor(error)) return undefined;
  try {
    return await anonymousArmor(wishes, session);
  } catch (failure) {
    if (!(failure instanceof KerberosError) || failure.code === 'ABORTED') throw failure;
    session.trace(`No anonymous ticket for an armor: ${failure.message}`);
    return undefined;
  }
}

/** Whether a KDC offers nothing to a client without an armor, but would accept one. */
function wantsArmor(error: unknown): boolean {
  const cause = error instanceof KerberosError && error.code === 'PREAUTH_FAILED' ? error.cause : undefined;
  return cause instanceof KdcError && offersFast(cause);
}

/**
 * An armor from an anonymous ticket (RFC 8062), requested without telling the user. Throws what an exchange does, and
 * PREAUTH_FAILED if the KDC offers no anonymous PKINIT.
 */
export async function anonymousArmor(
  { realm, anchors = [], signal }: ArmorWishes,
  session: Session,
): Promise<ArmorSource> {
  const client = anonymousPrincipal(realm);
  const options = exchangeOptions(session, defaultTktEnctypes(session.config));
  const secret = { password: nobodysPassword };
  const { credential, kdcOffset } = await getInitialCredential(client, secret, {
    ...options,
    signal: signal ?? options.signal,
    pkinit: { load: () => loadPkinitFor(client, { anchors, readPassphrase: nobodysPassword }, session) },
    anonymous: true,
    lifetime: LIFETIME,
  });
  const cache = privateCcache('armor');
  const credentials = [...startRealmEntries(credential), credential];
  await cache.initialize({ principal: credential.client, credentials, kdcOffset });
  return { cache };
}

function nobodysPassword(): Promise<never> {
  throw new KerberosError('PREAUTH_FAILED', 'the KDC offers no anonymous PKINIT');
}
