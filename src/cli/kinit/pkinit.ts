import { printable } from '../../codec/text.ts';
import { readPkinit } from '../../config/pkinit.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { loadPkinitFor } from '../../local/pkinit.ts';
import type { Principal } from '../../messages/principal.ts';
import type { PkinitMaterial, PkinitOptions } from '../../preauth/pkinit/options.ts';
import type { Session } from '../session.ts';

interface PkinitWishes {
  readonly client: Principal;
  readonly anonymous: boolean;
  /** The values of -X, `attribute[=value]`. */
  readonly attributes: readonly string[];
  say(line: string): void;
}

/** The attributes of -X, in MIT's words. RSA is not supported: flag_RSA_PROTOCOL still uses Diffie-Hellman. */
const ATTRIBUTES = ['X509_user_identity', 'X509_anchors', 'flag_RSA_PROTOCOL', 'disable_freshness'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/**
 * PKINIT as requested by the command line and krb5.conf; undefined if neither names an identity. Throws errors in -X,
 * `while getting initial credentials`.
 */
export async function pkinitOptions(
  { client, anonymous, attributes, say }: PkinitWishes,
  session: Session,
): Promise<PkinitOptions | undefined> {
  const given = await during('getting initial credentials', async () => readAttributes(attributes, session));
  for (const { name, value } of given) say(`PA Option ${name} = ${value}`);
  const identity = valuesOf('X509_user_identity', given)[0];
  const identities =
    identity === undefined ? readPkinit(session.config, client.realm).identities : [identity];
  if (identities.length === 0 && !anonymous) return undefined;
  const anchors = valuesOf('X509_anchors', given);
  let loaded: Promise<PkinitMaterial> | undefined;
  const sources = { client, identities, anchors, given };
  return {
    load() {
      // Loaded once for all realms that the KDCs may refer to, so that a passphrase is asked for only once.
      loaded ??=
        identity === undefined && !anonymous ? loadIfUsable(sources, session) : load(sources, session);
      return loaded;
    },
  };
}

interface Sources {
  readonly client: Principal;
  readonly identities: readonly string[];
  /** The anchors from the command line. */
  readonly anchors: readonly string[];
  readonly given: readonly Given[];
}

/** If krb5.conf names an identity for all users that this user does not have, the other mechanisms remain. */
async function loadIfUsable(sources: Sources, session: Session): Promise<PkinitMaterial> {
  try {
    return await load(sources, session);
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code !== 'PKINIT_IDENTITY') throw error;
    throw new KerberosError('PREAUTH_FAILED', error.message, { cause: error });
  }
}

function load({ client, identities, anchors, given }: Sources, session: Session): Promise<PkinitMaterial> {
  const readPassphrase = (name: string) => session.io.readPassword(`Pass phrase for ${name}: `);
  const disableFreshness = isOn('disable_freshness', given);
  return loadPkinitFor(client, { identities, anchors, disableFreshness, readPassphrase }, session);
}

interface Given {
  readonly name: Attribute;
  readonly value: string;
}

function readAttributes(attributes: readonly string[], { io }: Session): readonly Given[] {
  const given = attributes.flatMap(text => {
    const [, word, value = 'yes'] = /^([^=]*)(?:=(.*))?$/s.exec(text)!;
    const name = ATTRIBUTES.find(attribute => attribute === word);
    if (name !== undefined) return { name, value };
    // MIT passes attributes to its plug-ins, and does not report those that none of them knows.
    io.err(`kinit: warning: -X ${printable(text)} is ignored: there is no such attribute\n`);
    return [];
  });
  if (valuesOf('X509_user_identity', given).length > 1)
    throw failed('X509_user_identity can not be given twice');
  return given;
}

function valuesOf(name: Attribute, given: readonly Given[]): readonly string[] {
  return given.filter(row => row.name === name).map(({ value }) => value);
}

/** MIT accepts no other value as true. */
function isOn(name: Attribute, given: readonly Given[]): boolean {
  return valuesOf(name, given).includes('yes');
}

function failed(message: string): KerberosError {
  return new KerberosError('PKINIT_IDENTITY', `Pre-authentication failed: ${message}`);
}
