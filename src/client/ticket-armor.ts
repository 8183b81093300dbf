import type { Ccache } from '../ccache/ccache.ts';
import { ccacheName } from '../ccache/ccache.ts';
import { startRealm } from '../ccache/config-entries.ts';
import { printable } from '../codec/text.ts';
import { randomKey } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KRB_ERR_GENERIC } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { FX_FAST_ARMOR_AP_REQUEST, KU_AP_REQ_AUTHENTICATOR } from '../messages/numbers.ts';
import { formatPrincipal, tgsPrincipal } from '../messages/principal.ts';
import { readyKey } from '../messages/ready-key.ts';
import type { Armor } from '../preauth/armor.ts';
import { FastArmor } from '../preauth/fast.ts';
import { ticketArmorKey } from '../preauth/fast-keys.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import { presentTicket } from './present-ticket.ts';
import { getServiceCredential } from './service.ts';

/** What the FAST armor is made from. */
export interface ArmorSource {
  /** A cache with a ticket-granting ticket of the client's realm, or of one that leads there. */
  readonly cache: Ccache;
  /** Hides the client's name from eavesdroppers. */
  readonly hideClientNames?: boolean | undefined;
}

/**
 * The armor that a ticket provides for one conversation with a realm's KDC (RFC 6113 §5.4.1.1). Throws what the cache
 * and `getServiceCredential` throw, preceded by `Error constructing AP-REQ armor`.
 */
export async function ticketArmor(
  { cache, hideClientNames }: ArmorSource,
  realm: string,
  options: ExchangeOptions,
): Promise<Armor> {
  try {
    const contents = await cache.load();
    const { kdcOffset = 0 } = contents;
    // The realm of an anonymous client has no KDC.
    const ticket = await armorTicket(cache, startRealm(contents), { realm, options });
    options.trace?.(
      `Using FAST with the armor ticket ${formatPrincipal(ticket.client)} -> ${formatPrincipal(ticket.server)}` +
        ` from ${ccacheName(cache)}`,
    );
    const sessionKey = readyKey(ticket.key);
    const subkey = randomKey(sessionKey.etype);
    const now = shifted(exchangeOf(options).clock, kdcOffset);
    const armorValue = presentTicket(ticket, { sessionKey, subkey, now, usage: KU_AP_REQ_AUTHENTICATOR });
    return new FastArmor(ticketArmorKey(subkey, sessionKey), {
      armor: { armorType: FX_FAST_ARMOR_AP_REQUEST, armorValue },
      hideClientNames,
    });
  } catch (error) {
    throw noArmorOf(error);
  }
}

/** The reason why a cache cannot provide an armor, in MIT's words. */
export function noArmorOf(error: unknown): unknown {
  if (!(error instanceof KerberosError)) return error;
  // The message already has the text of a generic error.
  const addsText = error instanceof KdcError && error.eText && error.errorCode !== KRB_ERR_GENERIC;
  const reason = addsText ? `${error.message} (${printable(error.eText)})` : error.message;
  return new KerberosError(error.code, `Error constructing AP-REQ armor: ${reason}`, { cause: error });
}

/**
 * A ticket for the realm's ticket-granting service; others obtained on the way are not stored in the cache, whose owner
 * did not ask for them.
 */
function armorTicket(
  cache: Ccache,
  home: string,
  { realm, options }: { readonly realm: string; readonly options: ExchangeOptions },
): Promise<Credential> {
  return getServiceCredential(cache, tgsPrincipal(realm, home), {
    ...options,
    kdcOffset: undefined,
    noStore: true,
  });
}
