import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Principal, samePrincipal } from '../messages/principal.ts';
import { inspectCertificate } from './pkinit-certificate.ts';
import {
  failed,
  listDirectory,
  type ReadPassphrase,
  readAllIn,
  readCertificates,
  readPrivateKey,
} from './pkinit-files.ts';
import type { PkinitIdentity } from './pkinit-options.ts';
import { readPkcs12 } from './pkinit-pkcs12.ts';

/** What reading identities and anchors takes from outside. */
export interface PkinitSurroundings {
  /** Asked for the passphrase of a key. */
  readonly readPassphrase: ReadPassphrase;
  /** What `ENV:` names. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The identity under MIT's names: `FILE:cert[,key]`, also without `FILE:`, `PKCS12:file`, `DIR:dir` with pairs of
 * name.crt and name.key, `ENV:variable` with one of these. Throws KerberosError PKINIT_IDENTITY, and what
 * `readPassphrase` throws.
 */
export async function loadIdentity(
  name: string,
  client: Principal,
  surroundings: PkinitSurroundings,
): Promise<PkinitIdentity> {
  const { type, residual } = split(name, surroundings);
  const { readPassphrase } = surroundings;
  switch (type) {
    case 'FILE': {
      const [certificate = '', key = certificate] = residual.split(',');
      return loadPair(certificate, key, readPassphrase);
    }
    case 'PKCS12': {
      const { privateKey, certificates } = await readPkcs12(residual, readPassphrase);
      return identityOf(certificates, privateKey, name);
    }
    case 'DIR': {
      const pair = choose(pairsIn(residual), client, residual);
      return loadPair(pair.certificate, pair.key, readPassphrase);
    }
    case 'PKCS11':
      throw failed(`smart cards are not supported yet: '${name}'`);
    default:
      throw failed(`Unsupported type while processing '${name}'`);
  }
}

/**
 * What `read` finds under one of MIT's names: `FILE:` or `DIR:`, or `ENV:` with one of these. Throws KerberosError
 * PKINIT_IDENTITY.
 */
export function loadFiles<T>(
  name: string,
  read: (path: string) => readonly T[],
  surroundings: Pick<PkinitSurroundings, 'env'>,
): readonly T[] {
  const { type, residual } = split(name, surroundings);
  switch (type) {
    case 'FILE':
      return read(residual);
    case 'DIR':
      return readAllIn(residual, read);
    default:
      throw failed(`Unsupported type while processing '${name}'`);
  }
}

interface Named {
  readonly type: string;
  readonly residual: string;
}

function split(name: string, surroundings: Pick<PkinitSurroundings, 'env'>): Named {
  const found = byType(name);
  if (found.type !== 'ENV') return found;
  const value = surroundings.env[found.residual];
  if (!value) throw failed(`The environment variable ${found.residual} is not set`);
  return byType(value);
}

function byType(name: string): Named {
  // One letter is a drive of Windows.
  const [, type, residual] = /^([A-Z\d]{2,}):(.*)$/s.exec(name) ?? [];
  return type === undefined ? { type: 'FILE', residual: name } : { type, residual: residual! };
}

async function loadPair(
  certificate: string,
  key: string,
  readPassphrase: ReadPassphrase,
): Promise<PkinitIdentity> {
  const certificates = readCertificates(certificate);
  return identityOf(certificates, await readPrivateKey(key, readPassphrase), certificate);
}

/** The certificate that the key is for, and the others as its chain. */
function identityOf(
  certificates: readonly X509Certificate[],
  privateKey: KeyObject,
  name: string,
): PkinitIdentity {
  const certificate = certificates.find(candidate => candidate.checkPrivateKey(privateKey));
  if (certificate === undefined) throw failed(`The key is not that of the certificate '${name}'`);
  // Those above that issued themselves are not to be sent (RFC 4556 §3.2.1).
  const chain = certificates.filter(other => other !== certificate && !other.checkIssued(other));
  return { certificate, privateKey, chain };
}

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

function pairsIn(directory: string): readonly Pair[] {
  const names = listDirectory(directory);
  return names
    .filter(name => name.endsWith('.crt') && names.includes(name.replace(/crt$/, 'key')))
    .map(name => ({
      certificate: join(directory, name),
      key: join(directory, name.replace(/crt$/, 'key')),
    }));
}

/** The pair whose certificate names the client, or the only one. */
function choose(pairs: readonly Pair[], client: Principal, directory: string): Pair {
  const own = pairs.filter(({ certificate }) => names(certificate, client));
  const candidates = own.length > 0 ? own : pairs;
  if (candidates.length === 1) return candidates[0]!;
  throw failed(`There are ${candidates.length} certs in '${directory}', but there must be exactly one`);
}

function names(path: string, client: Principal): boolean {
  const { principals } = inspectCertificate(readCertificates(path)[0]!);
  return principals.some(principal => samePrincipal(principal, client));
}
