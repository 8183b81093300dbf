import { isAnonymous } from '../../messages/anonymous.ts';
import type { Principal } from '../../messages/principal.ts';
import { failed, readCertificates, readRevocationLists } from './files.ts';
import { type LoadedIdentity, loadFiles, loadIdentity, type PkinitSurroundings } from './identity.ts';
import type { PkinitMaterial } from './options.ts';

/** The material for PKINIT as MIT's names of files, and the other settings. */
export interface PkinitSources
  extends Omit<PkinitMaterial, 'identity' | 'anchors' | 'intermediates' | 'identityName' | 'revocation'>,
    PkinitSurroundings {
  /** The first identity that can be loaded and that the rules accept is used. */
  readonly identities: readonly string[];
  /** MIT's pkinit_cert_match; no rules if not given. */
  readonly matchRules?: readonly string[] | undefined;
  readonly anchors: readonly string[];
  readonly pool: readonly string[];
  /** Revocation lists. */
  readonly revoked: readonly string[];
  /** Whether each issuer must have a current list. */
  readonly requireCrlChecking: boolean;
}

/** Loads what PKINIT needs for a client. Throws KerberosError PKINIT_IDENTITY, and what `readPassphrase` throws. */
export async function loadPkinit(client: Principal, sources: PkinitSources): Promise<PkinitMaterial> {
  const found = isAnonymous(client) ? undefined : await firstIdentity(client, sources);
  if (sources.anchors.length === 0) throw failed('No pkinit_anchors supplied');
  const load = (names: readonly string[]) =>
    names.flatMap(name => loadFiles(name, readCertificates, sources));
  const lists = sources.revoked.flatMap(name => loadFiles(name, readRevocationLists, sources));
  const { eku, kdcHostnames, minGroup, disableFreshness } = sources;
  return {
    ...found,
    anchors: load(sources.anchors),
    intermediates: load(sources.pool),
    revocation: { lists, required: sources.requireCrlChecking },
    eku,
    kdcHostnames,
    minGroup,
    disableFreshness,
  };
}

async function firstIdentity(client: Principal, sources: PkinitSources): Promise<LoadedIdentity> {
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
