import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Principal, samePrincipal } from '../../messages/principal.ts';
import { inspectCertificate } from './certificate.ts';
import {
  failed,
  listDirectory,
  type ReadPassphrase,
  readAllIn,
  readCertificates,
  readPrivateKey,
} from './files.ts';
import { onlyMatch } from './match.ts';
import type { PkinitIdentity } from './options.ts';
import { readPkcs12 } from './pkcs12.ts';

/** What reading identities and anchors needs from outside. */
export interface PkinitSurroundings {
  /** Called for the passphrase of a key; without it, a key that has one is an error. */
  readonly readPassphrase: ReadPassphrase;
  /** The variables that `ENV:` may name; none if not given. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whose identity is looked for, and which. */
interface WantedIdentity {
  readonly client: Principal;
  /** MIT's pkinit_cert_match rules; the certificate must match one of them, even if there is only one. */
  readonly matchRules?: readonly string[] | undefined;
}

/** An identity and its name in MIT's form: with its type, and that of each file. */
export interface LoadedIdentity {
  readonly identity: PkinitIdentity;
  readonly identityName: string;
}

/**
 * The identity under MIT's names: `FILE:cert[,key]`, also without `FILE:`, `PKCS12:file`, `DIR:dir` with pairs of
 * name.crt and name.key, `ENV:variable` with one of these. Throws KerberosError PKINIT_IDENTITY, and what
 * `readPassphrase` throws.
 */
export async function loadIdentity(
  name: string,
  wanted: WantedIdentity,
  surroundings: PkinitSurroundings,
): Promise<LoadedIdentity> {
  const { type, residual } = split(name, surroundings);
  const { readPassphrase } = surroundings;
  switch (type) {
    case 'FILE': {
      const [certificate = '', key = certificate] = residual.split(',');
      const loaded = await loadPair({ certificate, key }, readPassphrase);
      choose([loaded.identity], wanted, name);
      return loaded;
    }
    case 'PKCS12': {
      const { privateKey, certificates } = await readPkcs12(residual, readPassphrase);
      const identity = identityOf(certificates, privateKey, name);
      choose([identity], wanted, name);
      return { identity, identityName: `PKCS12:${residual}` };
    }
    case 'DIR': {
      const { files } = choose(pairsIn(residual), wanted, residual);
      return loadPair(files, readPassphrase);
    }
    case 'PKCS11':
      throw failed(`smart cards are not supported yet: '${name}'`);
    default:
      throw failed(`Unsupported type while processing '${name}'`);
  }
}

/**
 * What `read` returns for one of MIT's names: `FILE:` or `DIR:`, or `ENV:` with one of these. Throws KerberosError
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
  // A single letter is a Windows drive.
  const [, type, residual] = /^([A-Z\d]{2,}):(.*)$/s.exec(name) ?? [];
  return type === undefined ? { type: 'FILE', residual: name } : { type, residual: residual! };
}

/** The files of a certificate and of its key. */
interface Files {
  readonly certificate: string;
  readonly key: string;
}

async function loadPair(files: Files, readPassphrase: ReadPassphrase): Promise<LoadedIdentity> {
  const certificates = readCertificates(files.certificate);
  const privateKey = await readPrivateKey(files.key, readPassphrase);
  return {
    identity: identityOf(certificates, privateKey, files.certificate),
    identityName: `FILE:${files.certificate},${files.key}`,
  };
}

/** The certificate that belongs to the key, and the others as its chain. */
function identityOf(
  certificates: readonly X509Certificate[],
  privateKey: KeyObject,
  name: string,
): PkinitIdentity {
  const certificate = certificates.find(candidate => candidate.checkPrivateKey(privateKey));
  if (certificate === undefined) throw failed(`The key is not that of the certificate '${name}'`);
  // Self-issued certificates above it must not be sent (RFC 4556 §3.2.1).
  const chain = certificates.filter(other => other !== certificate && !other.checkIssued(other));
  return { certificate, privateKey, chain };
}

interface Candidate {
  readonly certificate: X509Certificate;
}

interface Pair extends Candidate {
  readonly files: Files;
}

/** The pairs of files in a directory; unreadable ones are skipped. */
function pairsIn(directory: string): readonly Pair[] {
  const names = listDirectory(directory);
  return names
    .filter(name => name.endsWith('.crt') && names.includes(name.replace(/crt$/, 'key')))
    .flatMap(name => {
      const files = {
        certificate: join(directory, name),
        key: join(directory, name.replace(/crt$/, 'key')),
      };
      try {
        return { files, certificate: readCertificates(files.certificate)[0]! };
      } catch {
        return [];
      }
    });
}

/** The candidate that the rules choose; without rules, the one whose certificate names the client, or the only one. */
function choose<T extends Candidate>(
  candidates: readonly T[],
  { client, matchRules = [] }: WantedIdentity,
  place: string,
): T {
  if (matchRules.length > 0) {
    const chosen = onlyMatch(candidates, matchRules);
    if (chosen === undefined) throw failed(`No pkinit_cert_match chooses one certificate of '${place}'`);
    return chosen;
  }
  const own = candidates.filter(({ certificate }) => names(certificate, client));
  const [first, ...others] = own.length > 0 ? own : candidates;
  if (first !== undefined && others.length === 0) return first;
  throw failed(`There are ${candidates.length} certs in '${place}', but there must be exactly one`);
}

function names(certificate: X509Certificate, client: Principal): boolean {
  return inspectCertificate(certificate).principals.some(principal => samePrincipal(principal, client));
}
