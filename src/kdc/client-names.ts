import { KerberosError } from '../errors.ts';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN, KDC_ERR_WRONG_REALM } from '../messages/error-codes.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import {
  type Principal,
  parsePrincipal,
  sameName,
  tgsPrincipal,
  toPrincipalName,
} from '../messages/principal.ts';
import { PA_S4U_X509_USER } from '../messages/s4u.ts';
import type { PaData, PrincipalName } from '../messages/types.ts';
import type { PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';
import { realmOfDomain } from './referral.ts';
import { refuse } from './refusal.ts';

/**
 * A client by its name or an alias, else by an enterprise name (RFC 6806 §5), whose domain may be that of another realm.
 * Throws `Refusal`: WRONG_REALM where another realm knows it.
 */
export function findClient(exchange: Exchange, name: Principal, realm: string): PrincipalEntry {
  const entry =
    exchange.kdc.database.find(name.components, name.realm) ??
    (name.nameType === NT_ENTERPRISE ? findByEnterpriseName(exchange, name) : undefined);
  if (entry === undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'CLIENT_NOT_FOUND');
  if (entry.principal.realm !== realm) refer(exchange, name, entry.principal.realm);
  return entry;
}

/**
 * A client by its certificate, in DER (MS-SFU 3.1.5.1.1.1), which a mechanism must know how to verify. Throws `Refusal`
 * as `findClient` does.
 */
export function findClientOfCertificate(
  exchange: Exchange,
  certificate: Uint8Array,
  realm: string,
): PrincipalEntry {
  const { mechanisms, database } = exchange.kdc;
  const names = mechanisms.flatMap(({ namesIn }) => namesIn?.(certificate, exchange) ?? []);
  const own = names.find(name => name.realm === realm && database.find(name.components, realm));
  const [first] = names;
  if (first === undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'NO_CLIENT_IN_CERTIFICATE');
  return findClient(exchange, own ?? first, realm);
}

/** The client of an AS-REQ, who may be sought by a certificate and no name, to learn its realm. Throws `Refusal`. */
export function findSoughtClient(
  exchange: Exchange,
  name: Principal,
  padata: readonly PaData[],
): PrincipalEntry {
  const { realm, components } = name;
  if (components.length > 1 || components[0]) return findClient(exchange, name, realm);
  const sent = padata.find(({ padataType }) => padataType === PA_S4U_X509_USER);
  if (sent === undefined) refuse(KDC_ERR_C_PRINCIPAL_UNKNOWN, 'NULL_CLIENT');
  return findClientOfCertificate(exchange, sent.padataValue, realm);
}

/** The name of a client that asks for its true one, of the type it has asked with where that is its name. */
export function canonicalName(asked: PrincipalName, { principal }: PrincipalEntry): PrincipalName {
  const name = toPrincipalName(principal);
  return sameName(asked, name) ? asked : name;
}

/** The part after the last `@` is a realm's name or a domain, whose case counts for nothing. */
function findByEnterpriseName(exchange: Exchange, name: Principal): PrincipalEntry | undefined {
  const { database } = exchange.kdc;
  const text = name.components[0] ?? '';
  const at = text.lastIndexOf('@');
  const policy = database.realm(name.realm);
  if (policy === undefined || at < 1 || text.length > MAX_NAME) return undefined;
  const suffix = text.slice(at + 1);
  const known = [suffix, suffix.toUpperCase()].find(realm => isKnown(exchange, realm, name.realm));
  const realm = realmOfDomain(policy, suffix) ?? known;
  if (realm === undefined) return undefined;
  if (realm !== name.realm) refer(exchange, name, realm);
  return database.find(inRealm(text.slice(0, at), realm)?.components ?? [], realm);
}

/** Longer than any name that somebody is known by; each is looked for several times. */
const MAX_NAME = 512;

/** Whether a realm is one of this KDC's, or shares keys with the one that was asked. */
function isKnown({ kdc: { database } }: Exchange, realm: string, asked: string): boolean {
  if (database.realm(realm) !== undefined) return true;
  return database.find(tgsPrincipal(realm).components, asked) !== undefined;
}

/** Tells in which realm to ask for a client (RFC 6806 §7). */
function refer(exchange: Exchange, name: Principal, realm: string): never {
  exchange.client = { ...name, realm };
  refuse(KDC_ERR_WRONG_REALM, 'WRONG_REALM');
}

function inRealm(text: string, realm: string): Principal | undefined {
  try {
    return parsePrincipal(text, { defaultRealm: realm });
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
