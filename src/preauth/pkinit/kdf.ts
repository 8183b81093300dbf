import { createHash } from 'node:crypto';
import { profileOf } from '../../crypto/enctypes.ts';
import { importKey, type Key } from '../../crypto/key.ts';
import { Krb5PrincipalName, OtherInfo, PkinitSuppPubInfo } from '../../messages/pkinit.ts';
import { type Principal, toPrincipalName } from '../../messages/principal.ts';

/** RFC 8636 §6: the key derivation functions, best first, with their digests. */
const KDFS: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.2.3.6.2', 'sha256'],
  ['1.3.6.1.5.2.3.6.4', 'sha384'],
  ['1.3.6.1.5.2.3.6.3', 'sha512'],
  ['1.3.6.1.5.2.3.6.1', 'sha1'],
]);

/** The object identifiers of the functions, best first. */
export const KDF_IDS: readonly string[] = [...KDFS.keys()];

/** The input of a key derivation besides the shared secret (RFC 8636 §6). */
interface KdfInfo {
  readonly etype: number;
  /** As in the AS-REQ. */
  readonly client: Principal;
  /** As in the AS-REQ. */
  readonly server: Principal;
  /** DER of the AS-REQ. */
  readonly asReq: Uint8Array;
  /** DER of the PA-PK-AS-REP. */
  readonly pkAsRep: Uint8Array;
}

/** The reply key that the function `kdf` derives from a shared secret `z` (RFC 8636 §6). `kdf` is one of `KDF_IDS`. */
export function agilityKey(kdf: string, z: Uint8Array, info: KdfInfo): Key {
  const digest = KDFS.get(kdf);
  if (digest === undefined) throw new TypeError(`no such key derivation function: ${kdf}`);
  const otherInfo = OtherInfo.encode({
    algorithmId: { algorithm: kdf },
    partyUInfo: nameOf(info.client),
    partyVInfo: nameOf(info.server),
    suppPubInfo: PkinitSuppPubInfo.encode({
      enctype: info.etype,
      asReq: info.asReq,
      pkAsRep: info.pkAsRep,
    }),
  });
  return keyOf(info.etype, count =>
    createHash(digest)
      .update(Uint8Array.of(0, 0, 0, count))
      .update(z)
      .update(otherInfo)
      .digest(),
  );
}

/** octetstring2key (RFC 4556 §3.2.3.1), for KDCs that know no other function. */
export function octetStringToKey(etype: number, octets: Uint8Array): Key {
  return keyOf(etype, count =>
    createHash('sha1')
      .update(Uint8Array.of(count - 1))
      .update(octets)
      .digest(),
  );
}

/** A key made of as many blocks, counted from 1, as it takes. */
function keyOf(etype: number, block: (count: number) => Uint8Array): Key {
  const { keyLength } = profileOf(etype);
  const bytes = new Uint8Array(keyLength);
  for (let at = 0, count = 1; at < keyLength; count++) {
    const next = block(count);
    bytes.set(next.subarray(0, keyLength - at), at);
    at += next.length;
  }
  return importKey(etype, bytes);
}

function nameOf(principal: Principal): Uint8Array {
  return Krb5PrincipalName.encode({
    realm: principal.realm,
    principalName: toPrincipalName(principal),
  });
}
