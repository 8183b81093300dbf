import { KerberosError } from '../errors.ts';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN, KDC_ERR_WRONG_REALM } from '../messages/error-codes.ts';
import { CANONICALIZE } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
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
 * A client by its name or an alias, else by an enterprise name (RFC 6806 §5), whose domain may be that of another
 * realm. Throws `Refusal`, WRONG_REALM where another realm knows the client.
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
 * A client by its certificate, in DER (MS-SFU 3.1.5.1.1.1), which one of the mechanisms must be able to verify. Throws
 * `Refusal` as `findClient` does.
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

/**
 * The client of an AS-REQ, which to learn its realm may identify itself by a certificate instead of a name. Throws
 * `Refusal`.
 */
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

/**
 * The name that a client goes by: its true one where it asks for that, of the type it has asked with where that is its
 * name, or where what it has asked with is no name that the database knows; else the one that it has asked under.
 */
export function nameInTicket(
  { kdc }: Exchange,
  { cname, realm, kdcOptions }: Pick<KdcReqBody, 'realm' | 'kdcOptions'> & { readonly cname: PrincipalName },
  { principal }: PrincipalEntry,
): PrincipalName {
  const name = toPrincipalName(principal);
  if (sameName(cname, name)) return cname;
  if (kdcOptions & CANONICALIZE || kdc.database.find(cname.nameString, realm) === undefined) return name;
  return cname;
}

/** The part after the last `@` is the name of a realm or of a domain, in which case is ignored. */
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

/** Longer than any real name; each is looked up several times. */
const MAX_NAME = 512;

/** Whether a realm is one of this KDC's, or shares keys with the realm that was asked. */
function isKnown({ kdc: { database } }: Exchange, realm: string, asked: string): boolean {
  if (database.realm(realm) !== undefined) return true;
  return database.find(tgsPrincipal(realm).components, asked) !== undefined;
}

/** Refers the client to the realm in which to ask (RFC 6806 §7). */
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
