import { KerberosError } from '../errors.ts';
import { aes128Sha1, aes256Sha1 } from './aes-sha1.ts';
import { aes128Sha2, aes256Sha2 } from './aes-sha2.ts';
import { camellia128, camellia256 } from './camellia.ts';
import { enctypeName } from './enctype-names.ts';
import type { Profile } from './profile.ts';
import { rc4Hmac } from './rc4.ts';

/** The cryptosystems by enctype. */
const profiles: ReadonlyMap<number, Profile> = new Map([
  [18, aes256Sha1],
  [17, aes128Sha1],
  [20, aes256Sha2],
  [19, aes128Sha2],
  [26, camellia256],
  [25, camellia128],
  [23, rc4Hmac],
]);

/** The cryptosystem of a type; throws `ENCTYPE_UNSUPPORTED`. */
export function profileOf(etype: number): Profile {
  const profile = profiles.get(etype);
  if (profile !== undefined) return profile;
  throw new KerberosError(
    'ENCTYPE_UNSUPPORTED',
    `encryption type ${enctypeName(etype) ?? etype} is not supported`,
  );
}
