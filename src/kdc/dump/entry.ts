import { isSupported } from '../../crypto/enctype-list.ts';
import { profileOf } from '../../crypto/enctypes.ts';
import { importKey } from '../../crypto/key.ts';
import type { Principal } from '../../messages/principal.ts';
import { defaultSalt } from '../../preauth/hints.ts';
import type { PrincipalEntry } from '../database.ts';
import { KeyVersion, OpenKeys, type PasswordOrigin } from '../key-version.ts';
import { NEW_KEY_ENCTYPES, newKeys } from '../new-keys.ts';
import type { NamedPolicy, PrincipalPolicy } from '../policy.ts';

/** The contents of another KDC's dump. */
export interface ForeignDump {
  readonly entries: readonly PrincipalEntry[];
  /** Password policies by name. */
  readonly policies: Readonly<Record<string, NamedPolicy>>;
  /** What the dump contains that cannot be represented here, one sentence each. */
  readonly remarks: readonly string[];
}

/** One key in a dump. */
export interface ForeignKey {
  readonly kvno: number;
  readonly etype: number;
  /** The bytes of the key, perhaps with padding. */
  readonly bytes: Uint8Array;
  /** The default one if not given. */
  readonly salt?: string | undefined;
}

/** For keys that are read and written again at once. */
const pool = new OpenKeys();

/**
 * A principal with the keys of a dump. Keys of unsupported enctypes are omitted; a principal without others gets random
 * ones, since there are other ways to authenticate.
 */
export function foreignEntry(
  principal: Principal,
  policy: PrincipalPolicy,
  keys: readonly ForeignKey[],
): PrincipalEntry {
  const usable = keys.filter(({ etype }) => isSupported(etype));
  const kvnos = [...new Set(usable.map(({ kvno }) => kvno))].sort((a, b) => b - a);
  const versions = kvnos.map(kvno => {
    const rows = usable.filter(key => key.kvno === kvno);
    return new KeyVersion(kvno, rows.map(openKey), pool, originOf(principal, rows));
  });
  if (versions.length > 0) return { principal, policy, keys: versions };
  const random = newKeys(principal, { random: true }, { kvno: 1, enctypes: NEW_KEY_ENCTYPES, pool });
  return { principal, policy, keys: [random] };
}

function openKey({ etype, bytes }: ForeignKey) {
  return importKey(etype, bytes.subarray(0, profileOf(etype).keyLength));
}

function originOf(principal: Principal, rows: readonly ForeignKey[]): PasswordOrigin {
  const usual = defaultSalt(principal);
  const [salt, ...others] = rows.map(row => row.salt ?? usual);
  if (others.every(other => other === salt)) return { salt: salt! };
  return {
    salt: salt!,
    salts: Object.fromEntries(rows.map(row => [row.etype, row.salt ?? usual])),
  };
}
