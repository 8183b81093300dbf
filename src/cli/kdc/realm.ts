import { KerberosError } from '../../errors.ts';
import type { RealmOptions, ServiceSpec, StartKdcOptions, UserSpec } from '../../kdc/start.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal, parsePrincipal } from '../../messages/principal.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import { readHost, readPort } from '../ports.ts';
import { type RealmFile, readRealmFile } from './file.ts';
import { type InRealm, type Keytabs, withoutKeytabs } from './keytabs.ts';
import { loadMechanismFiles, readSpakeGroups } from './mechanisms.ts';
import { enctypesOf, wholeDuration } from './readers.ts';
import { readServices, serviceOptions } from './services.ts';
import { readTrouble } from './trouble.ts';

export const DEFAULT_REALM = 'KRB5KIT.TEST';

/** The options that describe a realm, for `kdc` and `kdc run` alike. */
export const realmOptions: readonly OptionRow[] = [
  { flags: '--realm <realm>', text: `Serve this realm; ${DEFAULT_REALM} by default.` },
  { flags: '--user <name:password>', text: 'Add a user; may be repeated.' },
  {
    flags: '--service <name>',
    text: 'Add a service such as HTTP/localhost, with random keys; may be repeated.',
  },
  {
    flags: '--principals <file>',
    text: 'Read realms, policies, users, services and trusts from this YAML or JSON file.',
  },
  { flags: '--keytab <file>', text: "Write the services' keys to this keytab." },
  { flags: '--max-life <duration>', text: 'The maximum lifetime of a ticket; 10h by default.' },
  { flags: '--max-renewable-life <duration>', text: 'How long a ticket can be renewed; 7d by default.' },
  { flags: '--enctypes <list>', text: 'Make keys of these encryption types, the preferred one first.' },
  {
    flags: '--spake-groups <list>',
    text: 'Allow these groups for SPAKE; edwards25519 and P-256 by default.',
  },
  { flags: '--host <address>', text: 'Listen on this address; 127.0.0.1 by default.' },
  { flags: '--port <port>', text: 'Listen on this UDP and TCP port; a free one by default.' },
  ...serviceOptions,
  {
    flags: '--trouble <name[=value]>',
    text: 'Cause this problem, such as drop=3, for tests; may be repeated.',
  },
];

/** The realm described by the command line and its file. */
export interface RealmSpec extends StartKdcOptions {
  readonly users: readonly UserSpec[];
  readonly services: readonly ServiceSpec[];
  /** Those that the realm file names. */
  readonly keytabs: Keytabs;
}

/**
 * Reads the options of a realm; `known` is the text of its file, if that has been read before. Throws UsageError,
 * ConfigError for mistakes in the file, and KerberosError for a name.
 */
export async function readRealm(args: Arguments, program: string, known?: string): Promise<RealmSpec> {
  const file = args.value('principals');
  const { pkinit, spakeGroups, ...fromFile }: RealmFile =
    file === undefined ? {} : await readRealmFile(file, known);
  const mechanisms =
    file === undefined
      ? {}
      : await during(`reading ${file}`, () => loadMechanismFiles({ pkinit, spakeGroups }, file));
  const enctypes = args.value('enctypes');
  const maxLife = args.value('maxLife');
  const maxRenewableLife = args.value('maxRenewableLife');
  const realm = args.value('realm') ?? fromFile.realm ?? DEFAULT_REALM;
  if (realm === '') throw new UsageError(`${program}: the realm has no name`);
  const names = [realm, ...(fromFile.realms ?? []).map(other => other.realm)];
  for (const name of names) checkRealm(name, program);
  if (new Set(names).size < names.length) throw new UsageError(`${program}: two realms have the same name`);
  const groups = args.value('spakeGroups');
  const spec = {
    ...fromFile,
    ...mechanisms,
    realm,
    users: [...(fromFile.users ?? []), ...args.values('user').map(text => parseUser(text, program))],
    services: [...(fromFile.services ?? []), ...args.values('service').map(name => ({ name }))],
    ...(maxLife === undefined ? {} : { maxLife: lifetime(maxLife, program) }),
    ...(maxRenewableLife === undefined ? {} : { maxRenewableLife: lifetime(maxRenewableLife, program) }),
    ...(enctypes === undefined ? {} : { enctypes: enctypesOf(enctypes, program) }),
    ...(groups === undefined ? {} : { spakeGroups: groupsOf(groups, program) }),
    host: readHost(args.value('host'), program),
    port: readPort(args.value('port'), 0, program),
    ...readServices(args, program),
    trouble: { ...fromFile.trouble, ...readTrouble(args.values('trouble'), program) },
  };
  for (const each of [spec, ...(spec.realms ?? [])]) checkNames(each, program);
  checkTrusts(spec, program);
  const keytabs = new Map<string, readonly string[]>();
  const split = <R extends InRealm>(each: R): R => withoutKeytabs(each, file ?? '', keytabs);
  const { realms } = spec;
  return { ...split(spec), ...(realms && { realms: realms.map(split) }), keytabs };
}

/** The services of all its realms, by name as text. */
export function serviceNames({ services, realms = [] }: RealmSpec): readonly string[] {
  const others = realms.flatMap(other =>
    namesOf(other.services ?? []).map(name => {
      const principal = parsePrincipal(name, { defaultRealm: other.realm });
      return formatPrincipal(principal);
    }),
  );
  return [...namesOf(services), ...others];
}

function namesOf(services: readonly (string | ServiceSpec)[]): readonly string[] {
  return services.map(service => (typeof service === 'string' ? service : service.name));
}

/** Of two principals with one name, one would silently replace the other. */
function checkNames({ realm, users = [], services = [] }: RealmOptions, program: string): void {
  const known = new Set<string>();
  for (const name of [...users.map(user => user.name), ...namesOf(services)]) {
    const full = fullName(name, realm);
    if (known.has(full)) throw new UsageError(`${program}: two users or services are named ${full}`);
    known.add(full);
  }
}

/** No realm shares keys with itself; those shared by two may be random only if both are here. */
function checkTrusts({ realm, trusts = [], realms = [] }: StartKdcOptions, program: string): void {
  const here = [realm, ...realms.map(other => other.realm)];
  for (const { realm: one, trusts: its = [] } of [{ realm, trusts }, ...realms]) {
    for (const { realm: other, password } of its) {
      if (other === one) throw new UsageError(`${program}: the realm ${one} cannot trust itself`);
      if (password === undefined && !here.includes(other))
        throw new UsageError(`${program}: the trust with ${other} has no password`);
    }
  }
}

/** Throws UsageError for a realm that krb5.conf or a principal name (RFC 4120 §6.1) cannot contain. */
export function checkRealm(realm: string, program: string): void {
  if (/[\s\p{Cc}@{}[\]=";#*\\]/u.test(realm))
    throw new UsageError(`${program}: the realm has a name that krb5.conf cannot hold`);
}

function fullName(name: string, realm: string): string {
  const principal = parsePrincipal(name, { defaultRealm: realm });
  if (principal.components.every(component => component === ''))
    throw new KerberosError('PRINCIPAL_MALFORMED', `A principal of ${realm} has no name`);
  const full = formatPrincipal(principal);
  if (principal.realm === realm) return full;
  throw new KerberosError('PRINCIPAL_MALFORMED', `${full} is not in the realm ${realm}`);
}

function parseUser(text: string, program: string): UserSpec {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError(`${program}: write a user as NAME:PASSWORD`);
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function lifetime(text: string, program: string): number {
  const seconds = wholeDuration(text);
  if (seconds === undefined)
    throw new UsageError(`${program}: '${text}' is not a duration such as 30s, 5m or 1h`);
  return seconds;
}

function groupsOf(text: string, program: string): readonly string[] {
  try {
    return readSpakeGroups(text);
  } catch (error) {
    throw new UsageError(`${program}: ${(error as Error).message}`);
  }
}
