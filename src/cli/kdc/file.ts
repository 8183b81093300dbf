import { ConfigError, KerberosError } from '../../errors.ts';
import type { AccountInfo, DomainInfo } from '../../kdc/account.ts';
import { aliasComponents } from '../../kdc/aliases.ts';
import type {
  IndicatorPolicy,
  NamedPolicy,
  OtpToken,
  PrincipalPolicy,
  RealmPolicy,
} from '../../kdc/policy.ts';
import { secretBytes } from '../../kdc/preauth/otp-value.ts';
import type { ServiceSpec, UserSpec } from '../../kdc/start.ts';
import type { Trouble } from '../../kdc/trouble.ts';
import type { TrustSpec } from '../../kdc/trust.ts';
import { parsePrincipal } from '../../messages/principal.ts';
import { encodeSid } from '../../messages/sid.ts';
import { parseContent, readText } from './content.ts';
import type { InKeytab } from './keytabs.ts';
import { type MechanismFile, mechanismReaders } from './mechanisms.ts';
import {
  count,
  date,
  duration,
  enctypes,
  flag,
  listOf,
  members,
  natural,
  oneOf,
  type Reader,
  recordOf,
  text,
} from './readers.ts';
import { checkPrincipals } from './realm-check.ts';
import { troubleOfFile } from './trouble.ts';

/** A realm as a file describes it. */
export interface RealmFile extends Partial<OtherRealm>, MechanismFile {
  readonly enctypes?: readonly number[];
  /** What goes wrong on purpose. */
  readonly trouble?: Trouble;
  /** More realms of the same KDC. */
  readonly realms?: readonly OtherRealm[];
}

/** One realm among several. */
export interface OtherRealm {
  readonly realm: string;
  readonly maxLife?: number;
  readonly maxRenewableLife?: number;
  readonly requiresPreauth?: boolean;
  readonly pac?: boolean;
  readonly acceptsUnsignedRequests?: boolean;
  readonly domain?: DomainInfo;
  readonly indicators?: IndicatorPolicy;
  readonly policies?: Readonly<Record<string, NamedPolicy>>;
  readonly domainRealms?: Readonly<Record<string, string>>;
  readonly capaths?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly trusts?: readonly TrustSpec[];
  readonly users?: readonly (UserSpec & InKeytab)[];
  readonly services?: readonly (ServiceSpec & InKeytab)[];
}

/**
 * Reads a realm from a file in YAML or JSON, whose text is `known` if it can be read only once. Throws ConfigError with
 * the path of the wrong member.
 */
export async function readRealmFile(file: string, known?: string): Promise<RealmFile> {
  const content = known ?? (await readText(file));
  try {
    return realm(await parseContent(content), 'the realm');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigError('CONFIG_SYNTAX', `${file}: ${error.message}`, { file });
  }
}

const principal = nameThat(name => parsePrincipal(name, { defaultRealm: '' }));
const alias = nameThat(aliasComponents);

/** A name that `parse` accepts. */
function nameThat(parse: (name: string) => unknown): Reader<string> {
  return (value, path) => {
    const name = text(value, path);
    try {
      parse(name);
      return name;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      throw new Error(`${path} is no name of a principal`);
    }
  };
}

const base32: Reader<string> = (value, path) => {
  const secret = text(value, path);
  try {
    secretBytes(secret);
    return secret;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    throw new Error(`${path} must be in Base32`);
  }
};

/** A SID with room for one more number. */
const domainSid: Reader<string> = (value, path) => {
  const sid = text(value, path);
  try {
    encodeSid(`${sid}-1`);
    return sid;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    throw new Error(`${path} must be a SID such as "S-1-5-21-1-2-3"`);
  }
};

/** Relative identifiers begin with 1. */
const account: Reader<AccountInfo> = (value, path) => {
  const { rid, ...others } = members({
    rid: count,
    primaryGroup: count,
    groups: listOf(count),
    fullName: text,
    upn: text,
  })(value, path);
  if (rid === undefined) throw new Error(`${path} must have a rid`);
  return { rid, ...others };
};

const domain: Reader<DomainInfo> = (value, path) => {
  const { sid, name, server } = members({ sid: domainSid, name: text, server: text })(value, path);
  if (sid === undefined || name === undefined) throw new Error(`${path} must have a sid and a name`);
  return { sid, name, server };
};

/** Without a password, the token alone is used. */
const otp: Reader<OtpToken> = (value, path) => {
  const { secret, digits, ...others } = members({
    secret: base32,
    digits: count,
    period: duration,
    counter: natural,
    algorithm: oneOf('sha1', 'sha256', 'sha512'),
  })(value, path);
  if (secret === undefined) throw new Error(`${path} must have a secret`);
  if (digits !== undefined && (digits < 6 || digits > 8))
    throw new Error(`digits of ${path} must be 6, 7 or 8`);
  return { secret, digits, ...others };
};

const namedPolicy: Reader<NamedPolicy> = members({
  minLength: count,
  minClasses: count,
  history: count,
  minPasswordLife: duration,
  maxPasswordLife: duration,
  maxFailures: count,
  failureCountInterval: duration,
  lockoutDuration: duration,
});

const policy = {
  policy: text,
  setsPasswords: flag,
  otp,
  account,
  noPac: flag,
  requiresIndicators: listOf(text),
  aliases: listOf(alias),
  delegatesTo: listOf(principal),
  acceptsDelegationFrom: listOf(principal),
  okToAuthAsDelegate: flag,
  notDelegated: flag,
  kvno: count,
  enctypes,
  maxLife: duration,
  maxRenewableLife: duration,
  expiration: date,
  passwordExpiration: date,
  requiresPreauth: flag,
  locked: flag,
  disallowForwardable: flag,
  disallowProxiable: flag,
  disallowRenewable: flag,
  disallowPostdated: flag,
  disallowServer: flag,
  disallowUserToUser: flag,
  disallowTgsBased: flag,
  passwordChangeService: flag,
  okAsDelegate: flag,
  sessionEnctypes: enctypes,
};

const { kvno: _kvno, enctypes: _enctypes, ...ofPrincipal } = policy;
/** Those that may be removed; when the password was changed is not set by hand. */
export const PRINCIPAL_MEMBERS: readonly string[] = [...Object.keys(ofPrincipal), 'passwordChanged'];
/** Reads members of a principal's policy. */
export const readPrincipalPolicy: Reader<PrincipalPolicy> = members(ofPrincipal);

const user: Reader<UserSpec & InKeytab> = (value, path) => {
  const { name, password, ...others } = members({
    name: text,
    password: text,
    salt: text,
    keytab: text,
    ...policy,
  })(value, path);
  if (name === undefined || (password === undefined && others.otp === undefined))
    throw new Error(`${path} must have a name and a password`);
  return { name, password, ...others };
};

const service: Reader<ServiceSpec & InKeytab> = (value, path) => {
  if (typeof value === 'string') return { name: value };
  const { name, ...others } = members({ name: text, keytab: text, ...policy })(value, path);
  if (name === undefined) throw new Error(`${path} must have a name`);
  return { name, ...others };
};

const trust: Reader<TrustSpec> = (value, path) => {
  const { realm: name, ...others } = members({
    realm: text,
    password: text,
    direction: oneOf('incoming', 'outgoing', 'both'),
    kvno: count,
    enctypes,
    kdc: text,
  })(value, path);
  if (name === undefined) throw new Error(`${path} must have a realm`);
  return { realm: name, ...others };
};

const realmPolicy = {
  maxLife: duration,
  maxRenewableLife: duration,
  requiresPreauth: flag,
  pac: flag,
  acceptsUnsignedRequests: flag,
  domain,
  policies: recordOf(namedPolicy),
  indicators: members({
    encryptedTimestamp: listOf(text),
    encryptedChallenge: listOf(text),
    spake: listOf(text),
    pkinit: listOf(text),
    otp: listOf(text),
  }),
  domainRealms: recordOf(text),
  capaths: recordOf(recordOf(listOf(text))),
};
export const REALM_MEMBERS: readonly string[] = Object.keys(realmPolicy);
/** Reads members of a realm's policy. */
export const readRealmPolicy: Reader<Partial<RealmPolicy>> = members(realmPolicy);

const inRealm = {
  ...realmPolicy,
  realm: text,
  users: listOf(user),
  services: listOf(service),
  trusts: listOf(trust),
};

const otherRealm: Reader<OtherRealm> = (value, path) => {
  const { realm: name, ...others } = members(inRealm)(value, path);
  if (name === undefined) throw new Error(`${path} must have a name, in "realm"`);
  checkPrincipals(others, path);
  return { realm: name, ...others };
};

const realm: Reader<RealmFile> = (value, path) => {
  const read = members({
    ...inRealm,
    ...mechanismReaders,
    enctypes,
    trouble: troubleOfFile,
    realms: listOf(otherRealm),
  })(value, path);
  checkPrincipals(read, path);
  return read;
};
