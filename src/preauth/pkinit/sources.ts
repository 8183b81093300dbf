import { isAnonymous } from '../../messages/anonymous.ts';
import type { Principal } from '../../messages/principal.ts';
import { failed, readCertificates, readRevocationLists } from './files.ts';
import { type LoadedIdentity, loadFiles, loadIdentity, type PkinitSurroundings } from './identity.ts';
import type { PkinitMaterial } from './options.ts';

/** The material for PKINIT as MIT's names of files, and the other settings. */
export interface PkinitSources
  extends Omit<PkinitMaterial, 'identity' | 'anchors' | 'intermediates' | 'identityName' | 'revocation'>,
    Partial<PkinitSurroundings> {
  /** The first identity that can be loaded and that the rules accept is used. */
  readonly identities: readonly string[];
  /** MIT's pkinit_cert_match; no rules if not given. */
  readonly matchRules?: readonly string[] | undefined;
  readonly anchors: readonly string[];
  /** Certificates that may be between; none if not given. */
  readonly pool?: readonly string[] | undefined;
  /** Revocation lists; none if not given. */
  readonly revoked?: readonly string[] | undefined;
  /** Whether each issuer must have a current list; false if not given. */
  readonly requireCrlChecking?: boolean | undefined;
}

/** Loads what PKINIT needs for a client. Throws KerberosError PKINIT_IDENTITY, and what `readPassphrase` throws. */
export async function loadPkinit(client: Principal, sources: PkinitSources): Promise<PkinitMaterial> {
  const { env = {}, readPassphrase = nobodyToAsk } = sources;
  const around = { ...sources, env, readPassphrase };
  const found = isAnonymous(client) ? undefined : await firstIdentity(client, around);
  if (sources.anchors.length === 0) throw failed('No pkinit_anchors supplied');
  const load = (names: readonly string[]) => names.flatMap(name => loadFiles(name, readCertificates, around));
  const { pool = [], revoked = [], requireCrlChecking = false } = sources;
  const lists = revoked.flatMap(name => loadFiles(name, readRevocationLists, around));
  const { eku, kdcHostnames, minGroup, disableFreshness } = sources;
  return {
    ...found,
    anchors: load(sources.anchors),
    intermediates: load(pool),
    revocation: { lists, required: requireCrlChecking },
    eku,
    kdcHostnames,
    minGroup,
    disableFreshness,
  };
}

async function nobodyToAsk(name: string): Promise<never> {
  throw failed(`The key in ${name} has a passphrase`);
}

async function firstIdentity(
  client: Principal,
  sources: PkinitSources & PkinitSurroundings,
): Promise<LoadedIdentity> {
  let failure: unknown = failed('no identity is configured');
  for (const name of sources.identities) {
    try {
      return await loadIdentity(name, { client, matchRules: sources.matchRules }, sources);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
