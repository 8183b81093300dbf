import type { Key } from '../crypto/key.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import type { Credential } from '../messages/credential.ts';
import { toPrincipalName } from '../messages/principal.ts';
import { seal, toEncryptionKey } from '../messages/seal.ts';
import type { Checksum } from '../messages/types.ts';

interface Presentation {
  readonly sessionKey: Key;
  readonly subkey: Key;
  readonly now: Date;
  /** The key usage of the authenticator. */
  readonly usage: number;
  /** A checksum that the authenticator is to contain. */
  readonly cksum?: Checksum | undefined;
}

/** The AP-REQ that presents a ticket to a KDC (RFC 4120 §5.5.1). */
export function presentTicket(
  credential: Credential,
  { sessionKey, subkey, now, usage, cksum }: Presentation,
): Uint8Array {
  const authenticator = {
    crealm: credential.client.realm,
    cname: toPrincipalName(credential.client),
    cksum,
    cusec: (now.getTime() % 1000) * 1000,
    ctime: now,
    subkey: toEncryptionKey(subkey),
  };
  return ApReq.encode({
    apOptions: 0,
    ticket: credential.ticket,
    authenticator: seal(Authenticator, authenticator, sessionKey, usage),
  });
}
