import { findEnctypeName } from '../crypto/enctype-names.ts';

/** Types that are not supported any more; old keytabs still contain them. */
export const FORMER_NAMES: Readonly<Record<number, string>> = {
  1: 'des-cbc-crc',
  2: 'des-cbc-md4',
  3: 'des-cbc-md5',
  4: 'des-cbc-raw',
  6: 'des3-cbc-raw',
  8: 'des-hmac-sha1',
};

/** The name of an encryption type as in klist; deprecated and weak ones are marked. */
export function etypeText(etype: number): string {
  const row = findEnctypeName(etype);
  const name = row?.name ?? FORMER_NAMES[etype] ?? `etype ${etype}`;
  return row?.strength === 'strong' ? name : `DEPRECATED:${name}`;
}
