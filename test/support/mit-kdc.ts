import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './peers.ts';

export interface MitKdcOptions {
  /** The realm's name; A.TEST if not given. */
  readonly name?: string | undefined;
  /** The enctypes for which principals get keys, in krb5.conf's words; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: string | undefined;
  /** The KDC answers on UDP only, or on TCP only; on both if neither is set. */
  readonly udpOnly?: boolean | undefined;
  readonly tcpOnly?: boolean | undefined;
  /** Whether to start kadmind as well, which sets passwords. */
  readonly passwordServer?: boolean | undefined;
  /** More lines for kadmin.local, such as `addprinc -pw bobpw bob`. */
  readonly principals?: readonly string[] | undefined;
  /** More lines for `[libdefaults]` of the clients' krb5.conf. */
  readonly libdefaults?: readonly string[] | undefined;
  /** More sections for krb5.conf, which the KDC reads as well. */
  readonly sections?: string | undefined;
  /** Lines for `[kdcdefaults]` of kdc.conf. */
  readonly kdcdefaults?: readonly string[] | undefined;
  /** More lines for `A.TEST` under `[realms]` of kdc.conf. */
  readonly realm?: readonly string[] | undefined;
}

export interface MitKdc {
  /** The directory of all its files; `stop` removes it. */
  readonly dir: string;
  readonly realm: string;
  /** UDP and TCP on 127.0.0.1. */
  readonly port: number;
  /** The daemon's. */
  readonly pid: number;
  readonly krb5Conf: string;
  /** Keys of the services. */
  readonly keytab: string;
  /** Keys of alice. */
  readonly clientKeytab: string;
  /** For the reference implementation's programs: KRB5_CONFIG, KRB5CCNAME, KRB5_KTNAME, KRB5RCACHEDIR and a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs kadmin.local commands on the running realm; throws with the output if one fails. */
  kadmin(commands: readonly string[]): string;
  /** Adds `principal` with a password or with random keys, which are added to `keytab`. */
  addPrincipal(principal: string, options?: { readonly password?: string; readonly flags?: string }): void;
  /** Runs a program with `env`, and `input` on its standard input; the test's own servers can answer meanwhile. */
  run(program: string, args: readonly string[], input?: string): Promise<ProgramResult>;
  /** Ends the KDC and removes the directory. */
  stop(): Promise<void>;
}

export interface ProgramResult {
  /** The exit status; -1 if a signal ended the program. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_REALM = 'A.TEST';
const ENCTYPES = [
  'aes256-cts-hmac-sha1-96:normal',
  'aes128-cts-hmac-sha1-96:normal',
  'aes256-cts-hmac-sha384-192:normal',
  'aes128-cts-hmac-sha256-128:normal',
].join(' ');
const SERVICES = ['host/localhost', 'HTTP/localhost', 'sample/localhost'];

const SEED = [
  'addprinc -pw alicepw alice',
  'addprinc -pw nopre -requires_preauth nopreauth',
  'addprinc -pw shortpw -maxlife "5 sec" -maxrenewlife "20 sec" short',
  'addprinc -pw expiredpw -pwexpire "2 hours ago" expired',
  'addprinc -pw deadpw -expire "2 hours ago" dead',
  'addprinc -pw disabledpw +requires_preauth -allow_tix disabled',
  'addprinc -pw sha2pw -e aes256-cts-hmac-sha384-192:normal,aes128-cts-hmac-sha256-128:normal sha2user',
  'addprinc -pw aes128pw -e aes128-cts-hmac-sha1-96:normal aes128user',
  'addprinc -pw saltpw -e aes256-cts-hmac-sha1-96:special saltuser',
  ...SERVICES.map(service => `addprinc -randkey -requires_preauth ${service}`),
];

/**
 * A realm of its own, A.TEST unless named otherwise, with an MIT KDC on a free port of 127.0.0.1; to be stopped in
 * `afterAll`. Its users and their passwords: alice/alicepw, nopreauth/nopre, short/shortpw (tickets for 5 s, renewable
 * for 20 s), sha2user/sha2pw, aes128user/aes128pw, saltuser/saltpw (a random salt), and those who are refused:
 * expired/expiredpw (the password), dead/deadpw (the principal), disabled/disabledpw. Its services, with keys in
 * `keytab`: host, HTTP and sample/localhost. All users except nopreauth must pre-authenticate. Starting takes about
 * half a second; if it fails, it throws with the daemon's log. Suites that use it are `describePeer('mit-kdc', …)`.
 */
export async function startMitKdc(options: MitKdcOptions = {}): Promise<MitKdc> {
  const dir = mkdtempSync(join(tmpdir(), 'mit-kdc-'));
  try {
    return await startIn(dir, options);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(dir: string, options: MitKdcOptions): Promise<MitKdc> {
  mkdirSync(join(dir, 'rcache'));
  const realm = options.name ?? DEFAULT_REALM;
  const port = await freePort();
  const passwordPort = options.passwordServer ? await freePort() : undefined;
  const krb5Conf = join(dir, 'krb5.conf');
  const kdcConf = join(dir, 'kdc.conf');
  const keytab = join(dir, 'service.keytab');
  const clientKeytab = join(dir, 'client.keytab');
  writeFileSync(krb5Conf, clientProfile(port, options, passwordPort));
  writeFileSync(kdcConf, kdcProfile(dir, port, options, passwordPort));
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    KRB5_CONFIG: krb5Conf,
    KRB5CCNAME: `FILE:${join(dir, 'ccache')}`,
    KRB5_KTNAME: `FILE:${keytab}`,
    KRB5_CLIENT_KTNAME: `FILE:${clientKeytab}`,
    KRB5RCACHEDIR: join(dir, 'rcache'),
  };
  const adminEnv = { ...env, KRB5_KDC_PROFILE: kdcConf };

  const run = (name: string, args: readonly string[], input = ''): Promise<ProgramResult> =>
    runProgram(name, args, { env, input });
  function kadmin(commands: readonly string[]): string {
    const { stdout, stderr } = runAdmin('kadmin.local', ['-r', realm], {
      env: adminEnv,
      input: `${commands.join('\n')}\n`,
    });
    if (/^\S+: .* while /m.test(stderr)) throw new Error(stderr);
    return stdout;
  }
  function addPrincipal(
    principal: string,
    { password, flags = '' }: { password?: string; flags?: string } = {},
  ): void {
    kadmin(
      password === undefined
        ? [`addprinc -randkey ${flags} ${principal}`, `ktadd -norandkey -k ${keytab} ${principal}`]
        : [`addprinc -pw "${password}" ${flags} ${principal}`],
    );
  }

  runAdmin('kdb5_util', ['-r', realm, 'create', '-s', '-P', 'masterpw'], { env: adminEnv, input: '' });
  kadmin([
    `modprinc -maxlife 10h -maxrenewlife 30d krbtgt/${realm}`,
    ...SEED,
    ...(options.principals ?? []),
    `ktadd -norandkey -k ${keytab} ${SERVICES.join(' ')}`,
    `ktadd -norandkey -k ${clientKeytab} alice`,
  ]);
  const daemon = await startDaemon(port, adminEnv, options);
  const admin = passwordPort === undefined ? undefined : await startAdminServer(passwordPort, dir, adminEnv);
  async function stop(): Promise<void> {
    await Promise.all([endProcess(daemon), admin && endProcess(admin)]);
    rmSync(dir, { recursive: true, force: true });
  }
  const pid = daemon.pid!;
  return { dir, realm, port, pid, krb5Conf, keytab, clientKeytab, env, kadmin, addPrincipal, run, stop };
}

function clientProfile(
  port: number,
  { name: realm = DEFAULT_REALM, libdefaults = [], sections = '', tcpOnly }: MitKdcOptions,
  passwordPort: number | undefined,
): string {
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  qualify_shortname = ""
${tcpOnly ? '  udp_preference_limit = 1\n' : ''}${libdefaults.map(line => `  ${line}\n`).join('')}
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
${passwordPort === undefined ? '' : `    kpasswd_server = 127.0.0.1:${passwordPort}\n`}  }
[domain_realm]
  localhost = ${realm}
${sections}`;
}

function kdcProfile(
  dir: string,
  port: number,
  options: MitKdcOptions,
  passwordPort: number | undefined,
): string {
  const address = `127.0.0.1:${port}`;
  return `[kdcdefaults]
${(options.kdcdefaults ?? []).map(line => `  ${line}\n`).join('')}[realms]
  ${options.name ?? DEFAULT_REALM} = {
    database_name = ${join(dir, 'principal')}
    key_stash_file = ${join(dir, 'stash')}
    kdc_listen = ${options.tcpOnly ? '""' : address}
    kdc_tcp_listen = ${options.udpOnly ? '""' : address}
    supported_enctypes = ${options.enctypes ?? ENCTYPES}
    max_life = 10h
    max_renewable_life = 30d
    default_principal_flags = +preauth
    restrict_anonymous_to_tgt = false
${passwordPort === undefined ? '' : `    kpasswd_listen = 127.0.0.1:${passwordPort}\n`}    kadmind_listen = 127.0.0.1:0
    acl_file = ${join(dir, 'kadm5.acl')}
${(options.realm ?? []).map(line => `    ${line}\n`).join('')}  }
[logging]
  kdc = FILE:${join(dir, 'kdc.log')}
  default = FILE:${join(dir, 'krb5.log')}
`;
}

async function startDaemon(
  port: number,
  env: Readonly<Record<string, string>>,
  options: MitKdcOptions,
): Promise<ChildProcess> {
  const daemon = spawn(program('krb5kdc'), ['-n'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let listening = (): void => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    listening = resolve;
    daemon.once('error', reject);
    daemon.once('exit', () => reject(new Error(`krb5kdc ended: ${log}`)));
  });
  for (const output of [daemon.stdout, daemon.stderr]) {
    output.setEncoding('utf8').on('data', text => {
      log += text;
      if (log.includes('starting...')) listening();
    });
  }
  killAtExit(daemon);
  await ready;
  if (!options.udpOnly) await untilListening(daemon, [{ port, host: '127.0.0.1' }], () => log);
  return daemon;
}

async function startAdminServer(
  port: number,
  dir: string,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  writeFileSync(join(dir, 'kadm5.acl'), 'admin/admin *\n');
  const daemon = spawn(program('kadmind'), ['-nofork'], { env, stdio: 'ignore' });
  killAtExit(daemon);
  await untilListening(daemon, [{ port, host: '127.0.0.1' }]);
  return daemon;
}

interface ProgramContext {
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

function runAdmin(name: string, args: readonly string[], { env, input }: ProgramContext) {
  const result = spawnSync(program(name), args, { env, input, encoding: 'utf8', timeout: 20_000 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${name}: ${result.stderr}`);
  return result;
}

export function runProgram(
  name: string,
  args: readonly string[],
  { env, input }: ProgramContext,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program(name), args, { env, timeout: 20_000 });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', status => resolve({ status: status ?? -1, stdout, stderr }));
    // A program may end without reading its input.
    child.stdin.once('error', () => undefined);
    child.stdin.end(input);
  });
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}
