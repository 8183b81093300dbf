import { answer, type Callback, requireStrings } from './callback.ts';
import { inGssWords } from './failure.ts';
import type { KerberosServer } from './server.ts';

/**
 * A server for one client of the service `type@host`, of `type` on any host, or, with '', of any service with a key in
 * the default keytab (KRB5_KTNAME, krb5.conf); the client may use SPNEGO or not. Rejects with an Error in the words of
 * MIT's library.
 */
export function initializeServer(service: string): Promise<KerberosServer>;
export function initializeServer(service: string, callback: Callback<KerberosServer>): void;
export function initializeServer(
  service: string,
  callback?: Callback<KerberosServer>,
): Promise<KerberosServer> | undefined {
  return answer(
    callback,
    () => requireStrings({ service }),
    () =>
      inGssWords(async () => {
        const { createServer } = await import('./create-server.ts');
        return createServer(service);
      }),
  );
}
