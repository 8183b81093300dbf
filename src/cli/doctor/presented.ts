import type { Ccache } from '../../ccache/ccache.ts';
import type { Credential } from '../../messages/credential.ts';
import type { Principal } from '../../messages/principal.ts';

/** A ticket to be presented, and the cache that holds it. */
export interface Presented {
  readonly server: Principal;
  readonly credential: Credential;
  readonly cache: Ccache;
  /** The KDC's clock minus ours in milliseconds. */
  readonly kdcOffset: number | undefined;
}
