import { isConfigEntry } from '../ccache/config-entries.ts';
import { type Credential, isExpired } from '../messages/credential.ts';
import { samePrincipal, tgsPrincipal } from '../messages/principal.ts';

/**
 * Whether a credential is a service ticket that has expired by `now`. A realm's own ticket-granting ticket does not
 * count: it shows whose cache it was and that a new ticket is needed.
 */
export function isExpiredService(credential: Credential, now: Date): boolean {
  const { server } = credential;
  return (
    isExpired(credential, now) &&
    !isConfigEntry(credential) &&
    !samePrincipal(server, tgsPrincipal(server.realm))
  );
}
