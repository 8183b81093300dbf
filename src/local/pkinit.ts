import { readPkinit } from '../config/pkinit.ts';
import type { Principal } from '../messages/principal.ts';
import type { PkinitMaterial } from '../preauth/pkinit/options.ts';
import type { Session } from './session.ts';

/** What is not as krb5.conf says. */
interface PkinitWishes {
  /** Those of krb5.conf if not given. */
  readonly identities?: readonly string[] | undefined;
  /** Those of krb5.conf if empty. */
  readonly anchors: readonly string[];
  readonly disableFreshness?: boolean | undefined;
  /** Asks for the pass phrase of a private key of that name. */
  readPassphrase(name: string): Promise<string>;
}

/** Loads what PKINIT needs for a client. Throws KerberosError PKINIT_IDENTITY, and what `readPassphrase` throws. */
export async function loadPkinitFor(
  client: Principal,
  { identities, anchors, disableFreshness, readPassphrase }: PkinitWishes,
  session: Session,
): Promise<PkinitMaterial> {
  const config = readPkinit(session.config, client.realm);
  const { loadPkinit } = await import('../preauth/pkinit/sources.ts');
  return loadPkinit(client, {
    identities: identities ?? config.identities,
    matchRules: config.certMatch,
    anchors: anchors.length === 0 ? config.anchors : anchors,
    pool: config.pool,
    revoked: config.revoke,
    requireCrlChecking: config.requireCrlChecking,
    eku: config.ekuChecking,
    kdcHostnames: config.kdcHostnames,
    minGroup: config.dhMinBits,
    disableFreshness,
    readPassphrase,
    env: session.io.env,
  });
}
