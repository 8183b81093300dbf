import { decrypt, encrypt, type Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { decodeKrbCred, encodeKrbCred } from '../messages/krb-cred.ts';
import { KU_KRB_CRED } from '../messages/numbers.ts';
import { readyKey } from '../messages/ready-key.ts';
import { KrbCred } from '../messages/safe-priv-cred.ts';

/** The enctype of a KRB-CRED that is not encrypted. */
const ENCTYPE_NULL = 0;

/** The KRB-CRED that delegates credentials, sealed in the session key of `credential` (RFC 4121 §4.1.1). */
export function sealDelegation(delegated: readonly Credential[], credential: Credential): Uint8Array {
  const key = readyKey(credential.key);
  const { tickets, encPart } = KrbCred.decode(encodeKrbCred(delegated));
  const cipher = encrypt(key, KU_KRB_CRED, encPart.cipher);
  return KrbCred.encode({ tickets, encPart: { etype: key.etype, cipher } });
}

/**
 * The credentials of a KRB-CRED, for a cache. The reference implementation seals it in the client's subkey, others in
 * the session key; inside an authenticator it may be unencrypted. Throws CodecError, and IntegrityError where none of
 * the keys opens it.
 */
export function openDelegation(krbCred: Uint8Array, keys: readonly Key[]): readonly Credential[] {
  const { tickets, encPart } = KrbCred.decode(krbCred);
  if (encPart.etype === ENCTYPE_NULL) return decodeKrbCred(krbCred);
  const cipher = openWithAny(
    encPart.cipher,
    keys.filter(({ etype }) => etype === encPart.etype),
  );
  return decodeKrbCred(KrbCred.encode({ tickets, encPart: { etype: ENCTYPE_NULL, cipher } }));
}

function openWithAny(cipher: Uint8Array, keys: readonly Key[]): Uint8Array {
  for (const key of keys) {
    try {
      return decrypt(key, KU_KRB_CRED, cipher);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
    }
  }
  throw new IntegrityError('no key opens what is delegated');
}
