import { KerberosError } from '../errors.ts';

/** The error for a reply that does not match its request. */
export function modified(what: string): KerberosError {
  return new KerberosError('REPLY_MODIFIED', 'KDC reply did not match expectations', {
    cause: new Error(`the reply names ${what}`),
  });
}
