import { decrypt, encrypt, importKey, type Key, randomKey } from '../../crypto/key.ts';
import { stringToKey } from '../../crypto/string-to-key.ts';
import { IntegrityError, KerberosError } from '../../errors.ts';
import { type KeytabEntry, resolveKeytab } from '../../keytab/keytab.ts';
import { NT_PRINCIPAL } from '../../messages/numbers.ts';
import type { Principal } from '../../messages/principal.ts';
import { defaultSalt } from '../../preauth/hints.ts';
import { DES3_CBC_SHA1, decryptDes3 } from './des3.ts';

/** A master key of another KDC, which seals the keys in its dumps. */
export interface ForeignMasterKey {
  readonly kvno: number;
  /** Throws IntegrityError. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array;
}

/** A master key that can also seal. */
export interface SealingMasterKey extends ForeignMasterKey {
  readonly key: Key;
}

/** The enctype of MIT's master keys where kdc.conf names none. */
const DEFAULT_ETYPE = 18;

/** The principal whose key the master key is in MIT's and Heimdal's files. */
export function masterPrincipal(realm: string): Principal {
  return { nameType: NT_PRINCIPAL, components: ['K', 'M'], realm };
}

/** The master keys in MIT's stash file or Heimdal's master-key file, both of which are keytabs. Throws KeytabError. */
export async function readForeignMasterKeys(file: string): Promise<readonly ForeignMasterKey[]> {
  return (await masterEntries(file)).map(({ kvno, key: { keytype, keyvalue } }) =>
    keytype === DES3_CBC_SHA1
      ? { kvno, decrypt: (usage, ciphertext) => decryptDes3(keyvalue, usage, ciphertext) }
      : sealingKey(kvno, importKey(keytype, keyvalue)),
  );
}

/** The newest master key in a stash file of MIT's; if the file does not exist, it is created with a random key. */
export async function masterKeyOfStash(file: string, realm: string, now: Date): Promise<SealingMasterKey> {
  try {
    const [newest] = [...(await masterEntries(file))].sort((a, b) => b.kvno - a.kvno);
    if (newest === undefined) throw new KerberosError('DUMP_FORMAT', `${file} is an empty stash`);
    return sealingKey(newest.kvno, importKey(newest.key.keytype, newest.key.keyvalue));
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code !== 'KEYTAB_NOT_FOUND') throw error;
  }
  const key = randomKey(DEFAULT_ETYPE);
  await resolveKeytab(file).add([
    {
      principal: masterPrincipal(realm),
      timestamp: now,
      kvno: 1,
      key: { keytype: key.etype, keyvalue: key.bytes },
    },
  ]);
  return sealingKey(1, key);
}

/** The master key that MIT derives from a master password. */
export function masterKeyOfPassword(password: string, realm: string): SealingMasterKey {
  return sealingKey(1, stringToKey(DEFAULT_ETYPE, password, defaultSalt(masterPrincipal(realm))));
}

/** The master key, if the dump names one, and the key usages with which a key in the dump may be sealed. */
interface SealedUnder {
  readonly kvno: number | undefined;
  readonly usages: readonly number[];
}

/** Decrypts a key with the master key of that version, or with any that fits. Throws KerberosError DATABASE_KEY. */
export function decryptUnder(
  masters: readonly ForeignMasterKey[],
  { kvno, usages }: SealedUnder,
  ciphertext: Uint8Array,
): Uint8Array {
  const named = masters.filter(master => master.kvno === kvno);
  for (const master of [...named, ...masters]) {
    for (const usage of usages) {
      try {
        return master.decrypt(usage, ciphertext);
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error;
      }
    }
  }
  const reason =
    masters.length === 0 ? 'name the file that has their master key' : 'their master key is another';
  throw new KerberosError('DATABASE_KEY', `The keys in the dump cannot be opened: ${reason}`);
}

/** The ciphertext of a key as in MIT's database: with key usage 0. */
export function encryptUnder({ key }: SealingMasterKey, plaintext: Uint8Array): Uint8Array {
  return encrypt(key, 0, plaintext);
}

function sealingKey(kvno: number, key: Key): SealingMasterKey {
  return { kvno, key, decrypt: (usage, ciphertext) => decrypt(key, usage, ciphertext) };
}

async function masterEntries(file: string): Promise<readonly KeytabEntry[]> {
  const entries = await resolveKeytab(file).entries();
  return entries.filter(({ principal: { components } }) => components.join('/') === 'K/M');
}
