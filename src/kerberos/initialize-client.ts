import { answer, type Callback, requireStrings } from './callback.ts';
import type { KerberosClient } from './client.ts';
import { inGssWords } from './failure.ts';

export interface InitializeClientOptions {
  /** Whose tickets to use, such as `alice@EXAMPLE.COM`, of those in the default cache collection; the default ones if not given. */
  readonly principal?: string | undefined;
  /** A sum of `GSS_C_` flags; `GSS_C_MUTUAL_FLAG` and `GSS_C_SEQUENCE_FLAG` if not given. */
  readonly flags?: number | undefined;
  /** The same. */
  readonly gssFlag?: number | undefined;
  /** `GSS_MECH_OID_KRB5` if not given, or `GSS_MECH_OID_SPNEGO`. */
  readonly mechOID?: number | undefined;
  /** With a password: whom to get a ticket for, instead of using those that are there. */
  readonly user?: string | undefined;
  /** The realm of `user`, where its name has none; the default one if not given. */
  readonly domain?: string | undefined;
  readonly password?: string | undefined;
  /** The same. */
  readonly pass?: string | undefined;
}

/**
 * A client of the service `type@host`, with the tickets of the default cache (KRB5CCNAME, krb5.conf) unless the options
 * say otherwise; nothing is asked of a KDC before the first step. Rejects with an Error in the words of MIT's library.
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
        // Loaded when it is needed: drivers require us whether or not anybody wants Kerberos.
        const { createClient } = await import('./create-client.ts');
        return createClient(service, given);
      }),
  );
}
