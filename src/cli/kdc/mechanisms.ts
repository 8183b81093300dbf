import { dirname, resolve } from 'node:path';
import { KerberosError } from '../../errors.ts';
import type { MechanismOptions } from '../../kdc/preauth/mechanisms.ts';
import { flag, listOf, members, oneOf, type Reader, text } from './readers.ts';

/** The files of a KDC's certificate, its key and its trust anchors, and how the KDC uses them. */
interface PkinitFiles {
  readonly certificate: string;
  /** In the file of the certificate if not given. */
  readonly key?: string | undefined;
  readonly anchors: readonly string[];
  readonly allowUpn?: boolean | undefined;
  readonly requireFreshness?: boolean | undefined;
  readonly minGroup?: '2048' | 'P-256' | '4096' | 'P-384' | 'P-521' | undefined;
}

/** How users may authenticate, as a realm file states it. */
export interface MechanismFile {
  readonly spakeGroups?: readonly string[] | undefined;
  readonly pkinit?: PkinitFiles | undefined;
}

const spakeGroup = oneOf('edwards25519', 'P-256', 'P-384', 'P-521');

const pkinit: Reader<PkinitFiles> = (value, path) => {
  const { certificate, anchors, ...others } = members({
    certificate: text,
    key: text,
    anchors: listOf(text),
    allowUpn: flag,
    requireFreshness: flag,
    minGroup: oneOf('2048', 'P-256', '4096', 'P-384', 'P-521'),
  })(value, path);
  if (certificate === undefined || anchors === undefined)
    throw new Error(`${path} must have a certificate and anchors`);
  return { certificate, anchors, ...others };
};

export const mechanismReaders = { spakeGroups: listOf(spakeGroup), pkinit };

/** The groups named in a list. Throws an Error for an unknown one. */
export function readSpakeGroups(list: string): readonly string[] {
  const names = list.split(/[\s,]+/).filter(name => name !== '');
  return listOf(spakeGroup)(names, '--spake-groups');
}

/** Reads the named files, relative to the realm file's directory. Throws KerberosError PKINIT_IDENTITY. */
export async function loadMechanismFiles(
  { spakeGroups, pkinit: files }: MechanismFile,
  realmFile: string,
): Promise<MechanismOptions> {
  if (files === undefined) return { spakeGroups };
  const { readCertificates, readPrivateKey } = await import('../../preauth/pkinit/files.ts');
  const place = (path: string): string => resolve(dirname(realmFile), path);
  const [certificate, ...chain] = readCertificates(place(files.certificate));
  const privateKey = await readPrivateKey(place(files.key ?? files.certificate), refusePassphrase);
  if (!certificate!.checkPrivateKey(privateKey)) throw failed('The certificate and the key are no pair');
  const { allowUpn, requireFreshness, minGroup } = files;
  return {
    spakeGroups,
    pkinit: {
      identity: { certificate: certificate!, privateKey, chain },
      anchors: files.anchors.flatMap(path => readCertificates(place(path))),
      allowUpn,
      requireFreshness,
      minGroup,
    },
  };
}

function refusePassphrase(path: string): Promise<string> {
  return Promise.reject(failed(`The key in ${path} is encrypted: give one that is not`));
}

function failed(sentence: string): KerberosError {
  return new KerberosError('PKINIT_IDENTITY', sentence);
}
