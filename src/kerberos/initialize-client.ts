import { answer, type Callback, requireStrings } from './callback.ts';
import type { KerberosClient } from './client.ts';
import { inGssWords } from './failure.ts';

export interface InitializeClientOptions {
  /**
   * Whose tickets of the default cache collection to use, such as `alice@EXAMPLE.COM`; those of the default cache if
   * not given.
   */
  readonly principal?: string | undefined;
  /** A sum of `GSS_C_` flags; `GSS_C_MUTUAL_FLAG` and `GSS_C_SEQUENCE_FLAG` if not given. */
  readonly flags?: number | undefined;
  /** The same as `flags`. */
  readonly gssFlag?: number | undefined;
  /** `GSS_MECH_OID_KRB5` if not given, or `GSS_MECH_OID_SPNEGO`. */
  readonly mechOID?: number | undefined;
  /** With a password: the user to get a ticket for, instead of using the tickets in the cache. */
  readonly user?: string | undefined;
  /** The realm of `user`, if its name has none; the default realm if not given. */
  readonly domain?: string | undefined;
  readonly password?: string | undefined;
  /** The same as `password`. */
  readonly pass?: string | undefined;
}

/**
 * A client of the service `type@host`, with the tickets of the default cache (KRB5CCNAME, krb5.conf) unless the options
 * say otherwise; no KDC is contacted before the first step. Rejects with an Error in the words of MIT's library.
 */
export function initializeClient(service: string, options?: InitializeClientOptions): Promise<KerberosClient>;
export function initializeClient(
  service: string,
  options: InitializeClientOptions,
  callback: Callback<KerberosClient>,
): void;
export function initializeClient(service: string, callback: Callback<KerberosClient>): void;
export function initializeClient(
  service: string,
  options: InitializeClientOptions | Callback<KerberosClient> = {},
  callback?: Callback<KerberosClient>,
): Promise<KerberosClient> | undefined {
  const [given, told] = typeof options === 'function' ? [{}, options] : [options, callback];
  return answer(
    told,
    () => requireStrings({ service }),
    () =>
      inGssWords(async () => {
        // Loaded when needed: drivers require this module even if nobody uses Kerberos.
        const { createClient } = await import('./create-client.ts');
        return createClient(service, given);
      }),
  );
}
