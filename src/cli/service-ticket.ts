import type { Ccache } from '../ccache/ccache.ts';
import { getServiceCredential, type ServiceOptions } from '../client/service.ts';
import { KerberosError } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';
import type { Credential } from '../messages/credential.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { serverNotFound } from '../messages/error-sentences.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal, toPrincipal } from '../messages/principal.ts';

/** A ticket for `server`, from the cache or a KDC. Throws what went wrong, `while getting credentials for` it. */
export function serviceTicket(
  cache: Ccache,
  server: Principal,
  options: ServiceOptions,
): Promise<Credential> {
  return gettingTicket(`getting credentials for ${formatPrincipal(server)}`, () =>
    getServiceCredential(cache, server, options),
  );
}

/**
 * Runs `work`, which asks KDCs for tickets; its errors are rephrased in MIT's words, with `joint` before the activity.
 */
export async function gettingTicket<T>(activity: string, work: () => Promise<T>, joint?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ActivityError(activity, withServer(error), joint);
  }
}

/** If there is no path to another realm, the server that its KDC did not find is that realm. */
function withServer(error: unknown): unknown {
  if (!(error instanceof KdcError) || error.errorCode !== KDC_ERR_S_PRINCIPAL_UNKNOWN) return error;
  const { sname, realm } = error.reply;
  // Heimdal's KDC does not name the server.
  if (sname.nameString.length === 0) return error;
  const name = formatPrincipal(toPrincipal(sname, realm));
  return new KerberosError('KDC_ERROR', serverNotFound(name), { cause: error });
}
