import type { Key } from '../crypto/key.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';

/** A TGS request on behalf of somebody else: what it says of that, and whose ticket its reply may bring. */
export interface OnBehalf {
  /** What goes with a request of this nonce, whose authenticator carries this subkey. */
  padata(nonce: number, subkey: Key): readonly PaData[];
  /** Takes the place of the check that a reply is for the client of the ticket presented; throws KerberosError. */
  check(reply: BehalfReply): void;
}

/** What a reply on behalf of somebody else says, once its sealed part has been opened. */
export interface BehalfReply {
  readonly client: Principal;
  readonly server: Principal;
  readonly padata: readonly PaData[];
  readonly encryptedPadata: readonly PaData[];
}
