import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { type RevocationList, readRevocationList } from './revocation.ts';

/** More than any certificate takes. */
const MAX_BYTES = 1 << 22;
const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const CRL = /-----BEGIN X509 CRL-----[\s\S]*?-----END X509 CRL-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/;

/** Asks for the passphrase of what `name` names. */
export type ReadPassphrase = (name: string) => Promise<string>;

/** The certificates of a file, PEM with any number of them or DER with one. Throws KerberosError PKINIT_IDENTITY. */
export function readCertificates(path: string): readonly X509Certificate[] {
  const bytes = readSmallFile(path, 'certificate');
  const blocks = bytes.toString('latin1').match(CERTIFICATE);
  try {
    return blocks === null ? [new X509Certificate(bytes)] : blocks.map(block => new X509Certificate(block));
  } catch (cause) {
    throw unreadable('certificate', path, 'not a certificate', cause);
  }
}

/**
 * What `read` returns for the files of a directory; files of another kind are skipped. Throws KerberosError
 * PKINIT_IDENTITY.
 */
export function readAllIn<T>(directory: string, read: (path: string) => readonly T[]): readonly T[] {
  return listDirectory(directory).flatMap(name => {
    try {
      return read(join(directory, name));
    } catch {
      // Certificates, revocation lists and keys may be in the same directory.
      return [];
    }
  });
}

/** The revocation lists of a file, PEM with any number of them or DER with one. Throws as `readCertificates`. */
export function readRevocationLists(path: string): readonly RevocationList[] {
  const bytes = readSmallFile(path, 'CRL');
  const blocks = bytes.toString('latin1').match(CRL);
  const ders = blocks?.map(block => Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')) ?? [bytes];
  try {
    return ders.map(readRevocationList);
  } catch (cause) {
    throw unreadable('CRL', path, 'not a list of revoked certificates', cause);
  }
}

/** The names in a directory, sorted. Throws KerberosError PKINIT_IDENTITY. */
export function listDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (cause) {
    throw failed(`Cannot open directory '${directory}': ${reasonOf(cause)}`, cause);
  }
}

/**
 * The private key of a file: PEM, in PKCS#8 or the older forms, or DER of PKCS#8; for an encrypted key,
 * `readPassphrase` is called. Throws KerberosError PKINIT_IDENTITY, and what `readPassphrase` throws.
 */
export async function readPrivateKey(path: string, readPassphrase: ReadPassphrase): Promise<KeyObject> {
  const bytes = readSmallFile(path, 'key');
  const block = PRIVATE_KEY.exec(bytes.toString('latin1'))?.[0];
  const encrypted = block !== undefined && /ENCRYPTED/.test(block);
  const passphrase = encrypted ? await readPassphrase(path) : undefined;
  try {
    return block === undefined
      ? createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
      : createPrivateKey({ key: block, passphrase });
  } catch (cause) {
    throw unreadable('key', path, encrypted ? 'passphrase incorrect' : 'not a private key', cause);
  }
}

/** A file's bytes. Throws KerberosError PKINIT_IDENTITY. */
export function readSmallFile(path: string, what: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const status = fstatSync(fd);
    if (!status.isFile() || status.size > MAX_BYTES) throw new Error('not a regular file, or too large');
    return readFileSync(fd);
  } catch (cause) {
    throw unreadable(what, path, reasonOf(cause), cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The error for a file that PKINIT cannot use. */
export function unreadable(what: string, path: string, reason: string, cause?: unknown): KerberosError {
  return failed(`Cannot read ${what} file '${path}': ${reason}`, cause);
}

/** The error for an identity or anchors that cannot be used. */
export function failed(message: string, cause?: unknown): KerberosError {
  return new KerberosError('PKINIT_IDENTITY', `Pre-authentication failed: ${message}`, { cause });
}

function reasonOf(cause: unknown): string {
  switch (errnoOf(cause)) {
    case 'ENOENT':
      return 'No such file or directory';
    case 'EACCES':
      return 'Permission denied';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
