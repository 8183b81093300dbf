import { randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { errnoOf } from '../../errno.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { wipeAndRemove, writeAtomically } from '../atomic-write.ts';
import type { Keychain } from '../ccache.ts';
import { fileError } from '../file/error.ts';
import { SEALED_KEY_BYTES, sealBytes, unsealBytes } from '../sealed/file.ts';
import { passphraseKeyPath } from '../sealed/path.ts';

/** Asks for the passphrase: the one that opens the key, or a new one. */
export type AskPassphrase = (purpose: 'open' | 'choose') => Promise<string>;

/** The kind of file, and a number for its format. */
const HEADER = Buffer.from('krb5kit passphrase 1\n', 'latin1');
const SALT_BYTES = 16;
/** Larger than any key that `sealBytes` seals. */
const MAX_FILE_BYTES = 1 << 16;
const MIB = 1 << 20;
/** One derivation takes 128 MiB and about half a second. */
const COST: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 132 * MIB };

/**
 * A keychain that does not need the operating system: the key of a data directory in a file beside the tickets, sealed
 * under a key derived from a passphrase by scrypt (RFC 7914). The passphrase is asked for once as long as the file
 * stays the same. Throws KerberosError KEYCHAIN_PASSPHRASE for a wrong or empty one and CcacheError CACHE_FORMAT for a
 * damaged file, CACHE_IO for one that cannot be read.
 */
export function passphraseKeychain(dataDirectory: string, ask: AskPassphrase): Keychain {
  const path = passphraseKeyPath(dataDirectory);
  let opened: { readonly file: Uint8Array; readonly secret: string } | undefined;
  return {
    async read() {
      const file = readKeyFile(path);
      if (file === undefined) return undefined;
      if (opened !== undefined && Buffer.compare(opened.file, file) === 0) return opened.secret;
      const { salt, sealed } = takeApart(file, path);
      const secret = unsealKey(sealed, await deriveKey(await ask('open'), salt));
      opened = { file, secret };
      return secret;
    },
    async write(_account, secret) {
      const salt = randomBytes(SALT_BYTES);
      const key = await deriveKey(await ask('choose'), salt);
      const file = Buffer.concat([HEADER, salt, sealBytes(textToBytes(secret), key)]);
      writeAtomically(path, file, { durable: true });
      opened = { file, secret };
    },
    async remove() {
      opened = undefined;
      if (!existsSync(path)) return false;
      wipeAndRemove(path);
      return true;
    },
  };
}

function readKeyFile(path: string): Uint8Array | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile()) throw noFile(path);
    if (found.size > MAX_FILE_BYTES) throw damaged(path);
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error instanceof KerberosError ? error : fileError(error, path);
  }
}

function takeApart(file: Uint8Array, path: string): { salt: Uint8Array; sealed: Uint8Array } {
  const saltAt = HEADER.length;
  const sealedAt = saltAt + SALT_BYTES;
  if (file.length <= sealedAt || !HEADER.equals(file.subarray(0, saltAt))) throw damaged(path);
  return { salt: file.subarray(saltAt, sealedAt), sealed: file.subarray(sealedAt) };
}

function unsealKey(sealed: Uint8Array, key: Uint8Array): string {
  try {
    return bytesToText(unsealBytes(sealed, key));
  } catch (cause) {
    throw new KerberosError('KEYCHAIN_PASSPHRASE', 'The passphrase is wrong', { cause });
  }
}

/** However a keyboard composes letters, the passphrase must be the same. */
function deriveKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  if (passphrase === '') throw new KerberosError('KEYCHAIN_PASSPHRASE', 'The passphrase is empty');
  return new Promise((resolve, reject) => {
    scrypt(textToBytes(passphrase.normalize('NFC')), salt, SEALED_KEY_BYTES, COST, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function noFile(path: string): CcacheError {
  const sentence = `The key of the sealed credentials cache is not a regular file: remove it (filename: ${path})`;
  return new CcacheError('CACHE_IO', sentence, 'KEYCHAIN:');
}

function damaged(path: string): CcacheError {
  const sentence = `The key of the sealed credentials cache is damaged (filename: ${path})`;
  return new CcacheError('CACHE_FORMAT', sentence, 'KEYCHAIN:');
}
