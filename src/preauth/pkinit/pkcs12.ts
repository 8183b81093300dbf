import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type ReadPassphrase, readSmallFile, unreadable } from './files.ts';

/** What a PKCS#12 file holds. */
interface Pkcs12 {
  readonly privateKey: KeyObject;
  readonly certificates: readonly X509Certificate[];
}

/**
 * Opens a PKCS#12 file (RFC 7292), without a passphrase if it needs none. Throws KerberosError PKINIT_IDENTITY, and
 * what `readPassphrase` throws.
 */
export async function readPkcs12(path: string, readPassphrase: ReadPassphrase): Promise<Pkcs12> {
  const bytes = readSmallFile(path, 'PKCS12');
  const { openPkcs12 } = await import('./forge.ts');
  const opened = (await openPkcs12(bytes, '')) ?? (await openPkcs12(bytes, await readPassphrase(path)));
  if (opened === undefined) throw unreadable('PKCS12', path, 'passphrase incorrect, or not PKCS12');
  const [key] = opened.privateKeys;
  if (key === undefined) throw unreadable('PKCS12', path, 'no private key in it');
  try {
    return {
      privateKey: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }),
      certificates: opened.certificates.map(der => new X509Certificate(der)),
    };
  } catch (cause) {
    throw unreadable('PKCS12', path, 'a key or certificate of a kind nobody knows', cause);
  }
}
