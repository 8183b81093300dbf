import { KerberosError, TransportError } from '../errors.ts';
import { createTransport, type Transport } from '../transport/transport.ts';
import type { Session } from './session.ts';

/** The errors of a KDC that does not know a new password yet. */
const DOUBTFUL = ['PASSWORD_INCORRECT', 'PREAUTH_FAILED', 'KDC_ERROR'];

/**
 * Runs an exchange; if a KDC refuses the client and krb5.conf names a separate primary KDC, runs it again there: a new
 * password may not have reached the other KDC.
 */
export async function confirmedByPrimary<T>(
  realm: string,
  { config, io, trace }: Session,
  exchange: (transport: Transport | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await exchange(undefined);
  } catch (error) {
    const { kdc, primaryKdc } = config.realm(realm);
    const others = kdc.filter(address => !primaryKdc.includes(address));
    const isDoubtful = error instanceof KerberosError && DOUBTFUL.includes(error.code);
    if (!isDoubtful || primaryKdc.length === 0 || others.length === 0 || io.signal?.aborted) throw error;
    trace('Asking again at the primary KDC');
    try {
      return await exchange(createTransport(config, { service: 'primary', trace }));
    } catch (second) {
      throw second instanceof TransportError ? error : second;
    }
  }
}
