import type { Ccache } from '../ccache/ccache.ts';
import { exchangeOf, shifted } from '../client/options.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { KerberosError, KeytabError } from '../errors.ts';
import { byPrincipal } from '../keytab/groups.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, samePrincipal } from '../messages/principal.ts';
import { acceptApReq } from './acceptor.ts';
import { createApReq } from './initiator.ts';

/**
 * Proves that the tickets of a cache come from a KDC of the realm, as `krb5_verify_init_creds` does: gets a ticket for a
 * service whose key the keytab has, and opens it with that key. Whoever answers in place of the KDC can make any password
 * seem right, but does not have the key. Throws KerberosError KDC_NOT_TRUSTED, KeytabError, and what
 * `getServiceCredential` throws.
 */
export async function verifyIssuer(cache: Ccache, keytab: Keytab, options: ServiceOptions): Promise<void> {
  const { principal, kdcOffset = 0 } = await cache.load();
  // The client may know its own key, and thus make such a ticket.
  const others = (await keytab.entries()).filter(entry => !samePrincipal(entry.principal, principal));
  const groups = byPrincipal(others);
  if (groups.length === 0)
    throw new KeytabError('KEYTAB_NO_KEY', `There is no key of a service in ${keytab.name}`);
  let refusal: KdcError | undefined;
  for (const entries of groups) {
    try {
      const credential = await getServiceCredential(cache, entries[0]!.principal, {
        ...options,
        candidates: undefined,
        noStore: true,
      });
      const time = shifted(exchangeOf(options).clock, kdcOffset);
      return await prove(credential, entries, { name: keytab.name, now: () => time, options });
    } catch (error) {
      // One of the services may be no more.
      if (!(error instanceof KdcError)) throw error;
      refusal = error;
    }
  }
  throw notTrusted(`The KDC issues no ticket for a service in ${keytab.name}`, refusal);
}

interface Surroundings {
  /** The name of the keytab. */
  readonly name: string;
  /** The KDC's time. */
  readonly now: () => Date;
  readonly options: ServiceOptions;
}

async function prove(
  credential: Credential,
  keytab: readonly KeytabEntry[],
  { name, now, options: { enctypes } }: Surroundings,
): Promise<void> {
  const { apReq } = createApReq(credential, { now });
  try {
    // The service may have been given the name of its account.
    await acceptApReq(apReq, { keytab, permittedEnctypes: enctypes, acceptAliases: true, now });
  } catch (cause) {
    const service = formatPrincipal(keytab[0]!.principal);
    throw notTrusted(`The KDC's ticket for ${service} does not fit the keys in ${name}`, cause);
  }
}

function notTrusted(message: string, cause: unknown): KerberosError {
  return new KerberosError('KDC_NOT_TRUSTED', message, { cause });
}
