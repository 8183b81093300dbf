import type { Key } from '../crypto/key.ts';
import { KU_KRB_PRIV } from '../messages/numbers.ts';
import { EncKrbPrivPart, KrbPriv } from '../messages/safe-priv-cred.ts';
import { seal, unseal } from '../messages/seal.ts';
import type { HostAddress } from '../messages/types.ts';

/** Seals `userData` in a KRB-PRIV with a sequence number (RFC 4120 §3.5.1). */
export function sealPriv(
  userData: Uint8Array,
  key: Key,
  { seqNumber, sAddress }: { readonly seqNumber: number; readonly sAddress: HostAddress },
): Uint8Array {
  const part = { userData, seqNumber, sAddress };
  return KrbPriv.encode({ encPart: seal(EncKrbPrivPart, part, key, KU_KRB_PRIV) });
}

/** Opens a KRB-PRIV; the caller checks its sequence number. Throws IntegrityError and CodecError. */
export function openPriv(message: Uint8Array, key: Key): EncKrbPrivPart {
  return unseal(EncKrbPrivPart, KrbPriv.decode(message).encPart, key, KU_KRB_PRIV);
}
