import { KerberosError, TransportError } from '../errors.ts';
import { createTransport, type Transport } from '../transport/transport.ts';
import type { Session } from './session.ts';

/** What a KDC that lags behind says of a password that is new. */
const DOUBTFUL = ['PASSWORD_INCORRECT', 'PREAUTH_FAILED', 'KDC_ERROR'];

/**
 * Runs an exchange; once more with the realm's primary KDC, where krb5.conf names one besides the others, if a KDC
 * refuses the client: a password that was just changed may not have got to it.
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
