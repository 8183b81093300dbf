import type { Ccache } from '../ccache/ccache.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal, toPrincipal } from '../messages/principal.ts';
import { during } from './command.ts';

/** A ticket for `server`, from the cache or a KDC. Throws what went wrong, `while getting credentials for` it. */
export function serviceTicket(
  cache: Ccache,
  server: Principal,
  options: ServiceOptions,
): Promise<Credential> {
  return during(`getting credentials for ${formatPrincipal(server)}`, async () => {
    try {
      return await getServiceCredential(cache, server, options);
    } catch (error) {
      if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_S_PRINCIPAL_UNKNOWN) throw error;
      // Where the way to another realm is unknown, that realm is what its KDC did not find.
      const name = formatPrincipal(toPrincipal(error.reply.sname, error.reply.realm));
      throw new KerberosError('KDC_ERROR', `Server ${name} not found in Kerberos database`, { cause: error });
    }
  });
}
