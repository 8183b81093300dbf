import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { endProcess, killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './peers.ts';

/** An MIT KDC with an LDAP directory, which can express aliases and delegation. */
export interface MitLdapKdc {
  /** The directory of all its files; `stop` removes it. */
  readonly dir: string;
  /** Keys of the services. */
  readonly keytab: string;
  /** For the reference implementation's programs, and ours. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const REALM = 'L.TEST';
const BASE = `cn=${REALM},cn=krb,dc=test`;
const PASSWORD = 'ldappw';
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Debian's package has it among its documentation, which slim systems omit; `npm run peers:install` unpacks it. */
const SCHEMAS = ['', '/opt/krb5-ldap'].map(
  prefix => `${prefix}/usr/share/doc/krb5-kdc-ldap/kerberos.schema.gz`,
);

const SERVICES = ['front/localhost', 'plain/localhost', 'HTTP/localhost', 'host/localhost'];
const SEED = [
  'addprinc -pw alicepw +requires_preauth alice',
  'addprinc -pw sensitivepw +requires_preauth -allow_forwardable sensitive',
  'addprinc -randkey +ok_to_auth_as_delegate front/localhost',
  ...SERVICES.slice(1).map(service => `addprinc -randkey ${service}`),
];

/** Attributes that kadmin.local does not know. */
const ATTRIBUTES = [
  ['front/localhost', 'krbAllowedToDelegateTo', 'HTTP/localhost'],
  ['plain/localhost', 'krbAllowedToDelegateTo', 'HTTP/localhost'],
  ['alice', 'krbPrincipalName', 'alias'],
  ['alice', 'krbCanonicalName', 'alice'],
] as const;

/**
 * A realm of its own, L.TEST, on a free port of 127.0.0.1; to be stopped in `afterAll`. Its users: alice, with the alias
 * `alias`, and sensitive, who may not be delegated. Its services, with keys in `keytab`: front and plain/localhost may
 * delegate to HTTP/localhost and not to host/localhost, front any user and plain those who sent it a ticket. Suites that
 * use it are `describePeer('mit-ldap-kdc', …)`.
 */
export async function startMitLdapKdc(): Promise<MitLdapKdc> {
  const dir = mkdtempSync(join(tmpdir(), 'mit-ldap-'));
  const daemons: ChildProcess[] = [];
  async function stop(): Promise<void> {
    await Promise.all(daemons.map(daemon => endProcess(daemon)));
    rmSync(dir, { recursive: true, force: true });
  }
  try {
    return { ...(await startIn(dir, daemons)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(dir: string, daemons: ChildProcess[]): Promise<Omit<MitLdapKdc, 'stop'>> {
  const port = await freePort();
  const keytab = join(dir, 'service.keytab');
  const url = `ldapi://${encodeURIComponent(join(dir, 'slapd.sock'))}`;
  const env = {
    PATH,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    HOME: dir,
    KRB5_CONFIG: join(dir, 'krb5.conf'),
    KRB5CCNAME: `FILE:${join(dir, 'cc')}`,
    LDAPNOINIT: '1',
  };
  const adminEnv = { ...env, KRB5_KDC_PROFILE: join(dir, 'kdc.conf') };
  const run = (program: string, args: readonly string[], input = '') =>
    runProgram(program, args, { env: adminEnv, input });
  mkdirSync(join(dir, 'ldap'));
  writeFileSync(join(dir, 'kerberos.schema'), gunzipSync(readFileSync(SCHEMAS.find(existsSync)!)));
  writeFileSync(join(dir, 'slapd.conf'), slapdConf(dir));
  writeFileSync(env.KRB5_CONFIG, clientProfile(port));
  writeFileSync(adminEnv.KRB5_KDC_PROFILE, kdcProfile(dir, port, url));

  const slapdArgs = ['-d', '0', '-h', url, '-f', join(dir, 'slapd.conf')];
  daemons.push(await startDaemon('slapd', slapdArgs, { env, ready: { path: join(dir, 'slapd.sock') } }));
  const bind = ['-x', '-H', url, '-D', 'cn=admin,dc=test', '-w', PASSWORD];
  run('ldapadd', bind, 'dn: dc=test\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: test\n');
  const admin = ['-D', 'cn=admin,dc=test', '-w', PASSWORD, '-H', url];
  const stash = ['stashsrvpw', '-f', join(dir, 'ldap.stash'), 'cn=admin,dc=test'];
  run('kdb5_ldap_util', [...admin, ...stash], `${PASSWORD}\n${PASSWORD}\n`);
  run('kdb5_ldap_util', [...admin, '-r', REALM, 'create', '-s', '-P', 'masterpw']);
  const commands = [...SEED, `ktadd -norandkey -k ${keytab} ${SERVICES.join(' ')}`];
  run('kadmin.local', ['-r', REALM], `${commands.join('\n')}\n`);
  run('ldapmodify', bind, ATTRIBUTES.map(modification).join('\n'));
  daemons.push(await startDaemon('krb5kdc', ['-n', '-r', REALM], { env: adminEnv, ready: { port } }));
  return { dir, keytab, env };
}

function modification([principal, attribute, value]: (typeof ATTRIBUTES)[number]): string {
  return `dn: krbPrincipalName=${principal}@${REALM},${BASE}
changetype: modify
add: ${attribute}
${attribute}: ${value}@${REALM}
`;
}

function slapdConf(dir: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include ${dir}/kerberos.schema
pidfile ${dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 67108864
dbnosync
suffix "dc=test"
rootdn "cn=admin,dc=test"
rootpw ${PASSWORD}
directory ${dir}/ldap
index krbPrincipalName eq,pres,sub
`;
}

function clientProfile(port: number): string {
  return `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  forwardable = true
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${REALM}
`;
}

function kdcProfile(dir: string, port: number, url: string): string {
  return `[realms]
  ${REALM} = {
    database_module = ldap
    kdc_listen = 127.0.0.1:${port}
    kdc_tcp_listen = 127.0.0.1:${port}
    key_stash_file = ${dir}/stash
  }
[dbmodules]
  ldap = {
    db_library = kldap
    ldap_kerberos_container_dn = cn=krb,dc=test
    ldap_kdc_dn = "cn=admin,dc=test"
    ldap_kadmind_dn = "cn=admin,dc=test"
    ldap_service_password_file = ${dir}/ldap.stash
    ldap_servers = ${url}
  }
[logging]
  kdc = FILE:${dir}/kdc.log
`;
}

interface ProgramContext {
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

function runProgram(name: string, args: readonly string[], { env, input }: ProgramContext): void {
  const options = { env, input, encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stderr, error } = spawnSync(findProgram(name)!, args, options);
  if (error !== undefined) throw error;
  if (status !== 0 || /^\S+: .* while /m.test(stderr)) throw new Error(`${name}: ${stderr}`);
}

interface DaemonContext {
  readonly env: Readonly<Record<string, string>>;
  /** Where it listens once it is ready. */
  readonly ready: { readonly path: string } | { readonly port: number };
}

async function startDaemon(
  name: string,
  args: readonly string[],
  { env, ready }: DaemonContext,
): Promise<ChildProcess> {
  const daemon = spawn(findProgram(name)!, args, { env, stdio: 'ignore' });
  // An aborted run leaves no daemon behind.
  killAtExit(daemon);
  await untilListening(daemon, ['path' in ready ? ready : { ...ready, host: '127.0.0.1' }]);
  return daemon;
}
