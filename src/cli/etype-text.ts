import { findEnctypeName } from '../crypto/enctype-names.ts';

/** Types that nothing here can use any more; old keytabs still have them. */
export const FORMER_NAMES: Readonly<Record<number, string>> = {
  1: 'des-cbc-crc',
  2: 'des-cbc-md4',
  3: 'des-cbc-md5',
  4: 'des-cbc-raw',
  6: 'des3-cbc-raw',
  8: 'des-hmac-sha1',
};

/** An encryption type as klist names it; all that is not strong is marked. */
export function etypeText(etype: number): string {
  const row = findEnctypeName(etype);
  const name = row?.name ?? FORMER_NAMES[etype] ?? `etype ${etype}`;
  return row?.strength === 'strong' ? name : `DEPRECATED:${name}`;
}
