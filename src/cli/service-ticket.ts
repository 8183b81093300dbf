import type { Ccache } from '../ccache/ccache.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { during } from './command.ts';

/** A ticket for `server`, from the cache or a KDC. Throws what went wrong, `while getting credentials for` it. */
export function serviceTicket(
  cache: Ccache,
  server: Principal,
  options: ServiceOptions,
): Promise<Credential> {
  return during(`getting credentials for ${formatPrincipal(server)}`, async () => {
    try {
      // A host whose realm nobody configured may be in another: only the KDC knows, and says so by a referral.
      const canonicalize = options.canonicalize || server.realm === '';
      return await getServiceCredential(cache, server, { ...options, canonicalize });
    } catch (error) {
      if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_S_PRINCIPAL_UNKNOWN) throw error;
      const name = formatPrincipal({ ...server, realm: server.realm || error.reply.realm });
      throw new KerberosError('KDC_ERROR', `Server ${name} not found in Kerberos database`, { cause: error });
    }
  });
}
