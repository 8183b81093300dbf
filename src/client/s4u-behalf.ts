import type { Key } from '../crypto/key.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';

/** A TGS request on behalf of another principal: its padata, and whose ticket the reply may contain. */
export interface OnBehalf {
  /** The padata for a request with this nonce, whose authenticator contains this subkey. */
  padata(nonce: number, subkey: Key): readonly PaData[];
  /** Replaces the check that the reply is for the client of the presented ticket; throws KerberosError. */
  check(reply: BehalfReply): void;
}

/** The contents of a reply on behalf of another principal, its sealed part open. */
export interface BehalfReply {
  readonly client: Principal;
  readonly server: Principal;
  readonly padata: readonly PaData[];
  readonly encryptedPadata: readonly PaData[];
}
