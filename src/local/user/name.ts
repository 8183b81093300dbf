import { userInfo } from 'node:os';
import { KerberosError } from '../../errors.ts';

/** The operating system's name of the user. Throws KerberosError PRINCIPAL_MALFORMED: in a container there may be none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new KerberosError('PRINCIPAL_MALFORMED', 'Unable to identify user', { cause: error });
  }
}
