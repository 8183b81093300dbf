import type { Ccache } from '../ccache/ccache.ts';
import { exchangeOf, shifted } from '../client/options.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { KerberosError, KeytabError } from '../errors.ts';
import { byPrincipal } from '../keytab/groups.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../messages/principal.ts';
import { acceptApReq } from './acceptor.ts';
import { ApError } from './ap-error.ts';
import { createApReq } from './initiator.ts';

/**
 * Proves that the tickets of a cache come from a KDC of its principal's realm, as `krb5_verify_init_creds` does: gets a
 * ticket for a service whose key the keytab has, and opens it with that key. Whoever answers in place of the KDC can make
 * any password seem right, but does not have the key. Only names of two components, such as `host/server`, are taken for
 * services; users must have the keys of none of them. Throws KerberosError KDC_NOT_TRUSTED, KeytabError, and what
 * `getServiceCredential` throws.
 */
export async function verifyIssuer(cache: Ccache, keytab: Keytab, options: ServiceOptions): Promise<void> {
  const { principal, kdcOffset = 0 } = await cache.load();
  // The client may know its own key, and thus make such a ticket.
  const isService = (name: Principal) => name.components.length === 2 && !samePrincipal(name, principal);
  const groups = byPrincipal((await keytab.entries()).filter(entry => isService(entry.principal)));
  if (groups.length === 0)
    throw new KeytabError('KEYTAB_NO_KEY', `There is no key of a service in ${keytab.name}`);
  const wishes = { ...options, candidates: undefined, noStore: true };
  const time = shifted(exchangeOf(options).clock, kdcOffset);
  let refusal: KerberosError | undefined;
  for (const entries of groups) {
    const service = entries[0]!.principal;
    try {
      return await prove(await getServiceCredential(cache, service, wishes), entries, () => time);
    } catch (error) {
      // One of the services may be no more, or have newer keys.
      if (!(error instanceof KdcError || error instanceof ApError)) throw error;
      refusal ??= notTrusted(service, keytab, error);
    }
  }
  throw refusal!;
}

/** Throws ApError unless the keys open the ticket. */
async function prove(credential: Credential, keytab: readonly KeytabEntry[], now: () => Date): Promise<void> {
  const { apReq } = createApReq(credential, { now });
  // Those of tickets are not the client's choice.
  const permittedEnctypes = [credential.key.keytype, ...keytab.map(({ key }) => key.keytype)];
  // The service may have been given the name of its account.
  await acceptApReq(apReq, { keytab, permittedEnctypes, acceptAliases: true, now });
}

function notTrusted(service: Principal, { name }: Keytab, cause: KdcError | ApError): KerberosError {
  const server = formatPrincipal(service);
  const message =
    cause instanceof ApError
      ? `The KDC's ticket for ${server} does not fit the keys in ${name}`
      : `The KDC issues no ticket for ${server}, which is in ${name}`;
  return new KerberosError('KDC_NOT_TRUSTED', message, { cause });
}
