import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const PREFIX = '/opt/heimdal/usr';
const REALM = 'H.TEST';

interface HeimdalKdcOptions {
  /** More lines for kadmin, such as `add --use-defaults -p bobpw bob`. */
  readonly principals?: readonly string[] | undefined;
  /** More lines for `[libdefaults]` of the clients' krb5.conf. */
  readonly libdefaults?: readonly string[] | undefined;
  /** More sections for krb5.conf, which the KDC reads as well. */
  readonly sections?: string | undefined;
  /** Lines for `[kdc]` of the KDC's own file. */
  readonly kdc?: readonly string[] | undefined;
  /** The enctypes for which principals get keys; AES with SHA-1 if not given. */
  readonly enctypes?: readonly string[] | undefined;
  /** Principals whose keys are put into `keytab` besides those of the services. */
  readonly keys?: readonly string[] | undefined;
  /** Whether to start kpasswdd as well, which sets passwords. */
  readonly passwordServer?: boolean | undefined;
}

export interface HeimdalKdc {
  /** The directory of all its files; `stop` removes it. */
  readonly dir: string;
  readonly port: number;
  /** The daemon's. */
  readonly pid: number;
  readonly krb5Conf: string;
  /** Keys of the services. */
  readonly keytab: string;
  readonly env: Readonly<Record<string, string>>;
  /** The KDC's log so far. */
  log(): string;
  /** Ends the KDC and removes the directory. */
  stop(): Promise<void>;
}

const SEED = [
  `init --realm-max-ticket-life=10h --realm-max-renewable-life=30d ${REALM}`,
  'add --use-defaults -p alicepw --attributes=requires-pre-auth alice',
  'add --use-defaults -p nopre nopreauth',
  ...['host/localhost', 'HTTP/localhost'].map(service => `add --use-defaults -r ${service}`),
];

/**
 * A realm of its own, H.TEST, with a Heimdal KDC on a free port of 127.0.0.1; to be stopped in `afterAll`. Its users
 * and their passwords: alice/alicepw, and nopreauth/nopre, who needs no pre-authentication; its services, with keys in
 * `keytab`: host and HTTP/localhost. Suites that use it are `describePeer('heimdal-kdc', …)`.
 */
export async function startHeimdalKdc(options: HeimdalKdcOptions = {}): Promise<HeimdalKdc> {
  const dir = mkdtempSync(join(tmpdir(), 'heimdal-kdc-'));
  try {
    return await startIn(dir, options);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(dir: string, options: HeimdalKdcOptions): Promise<HeimdalKdc> {
  const port = await freePort();
  const passwordPort = options.passwordServer ? await freePort() : undefined;
  const krb5Conf = join(dir, 'krb5.conf');
  const kdcConf = join(dir, 'kdc.conf');
  const keytab = join(dir, 'service.keytab');
  const log = join(dir, 'kdc.log');
  const clients = clientProfile(port, options, passwordPort);
  writeFileSync(krb5Conf, clients);
  writeFileSync(kdcConf, clients + kdcProfile(dir, log, options));
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC', KRB5_CONFIG: kdcConf };

  run(`${PREFIX}/sbin/kstash`, ['--random-key', `--key-file=${join(dir, 'mkey')}`], { env });
  const commands = [
    ...SEED,
    ...(options.principals ?? []),
    `ext_keytab -k ${keytab} ${['host/localhost', 'HTTP/localhost', ...(options.keys ?? [])].join(' ')}`,
  ];
  const admin = ['-l', '-c', kdcConf, '-r', REALM];
  run(`${PREFIX}/bin/kadmin.heimdal`, admin, { env, input: `${commands.join('\n')}\n` });
  const daemon = await startDaemon(port, kdcConf, env);
  const passwords =
    passwordPort === undefined ? undefined : await startPasswordServer(passwordPort, { dir, kdcConf, env });
  return {
    dir,
    port,
    pid: daemon.pid!,
    krb5Conf,
    keytab,
    env: { ...env, KRB5_CONFIG: krb5Conf, KRB5CCNAME: `FILE:${join(dir, 'ccache')}`, HOME: dir },
    log: () => readFileSync(log, 'utf8'),
    async stop() {
      await Promise.all([endProcess(daemon), passwords && endProcess(passwords)]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function clientProfile(
  port: number,
  { libdefaults = [], sections = '' }: HeimdalKdcOptions,
  passwordPort: number | undefined,
): string {
  return `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
${libdefaults.map(line => `  ${line}\n`).join('')}
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
${passwordPort === undefined ? '' : `    kpasswd_server = 127.0.0.1:${passwordPort}\n`}  }
[domain_realm]
  localhost = ${REALM}
${sections}`;
}

const ENCTYPES = ['aes256-cts-hmac-sha1-96', 'aes128-cts-hmac-sha1-96'];

function kdcProfile(dir: string, log: string, { kdc = [], enctypes = ENCTYPES }: HeimdalKdcOptions): string {
  return `[kdc]
  database = {
    dbname = sqlite:${join(dir, 'principals')}
    realm = ${REALM}
    mkey_file = ${join(dir, 'mkey')}
    log_file = ${join(dir, 'changes')}
  }
  tgt-use-strongest-session-key = true
  svc-use-strongest-session-key = true
${kdc.map(line => `  ${line}\n`).join('')}[kadmin]
  default_keys = ${enctypes.map(name => `${name}:pw-salt`).join(' ')}
[logging]
  kdc = 0-/FILE:${log}
  default = 0-/FILE:${join(dir, 'default.log')}
`;
}

interface ProgramContext {
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
}

function run(program: string, args: readonly string[], { env, input }: ProgramContext): void {
  const result = spawnSync(program, args, { env, input, encoding: 'utf8', timeout: 60_000 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${program}: ${result.stdout}${result.stderr}`);
}

async function startDaemon(
  port: number,
  kdcConf: string,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const args = ['-c', kdcConf, '--addresses=127.0.0.1', `--ports=${port}/udp ${port}/tcp`];
  const daemon = spawn(`${PREFIX}/lib/heimdal-servers/kdc`, args, { env, stdio: 'ignore' });
  killAtExit(daemon);
  await untilListening(daemon, [{ host: '127.0.0.1', port }]);
  return daemon;
}

/** It binds only UDP, and does not report when it is ready. */
async function startPasswordServer(
  port: number,
  {
    dir,
    kdcConf,
    env,
  }: { readonly dir: string; readonly kdcConf: string; readonly env: ProgramContext['env'] },
): Promise<ChildProcess> {
  const keys = `HDB:sqlite:${join(dir, 'principals')}:mkey=${join(dir, 'mkey')}`;
  const args = ['-c', kdcConf, '--addresses=127.0.0.1', `--port=${port}`, '-r', REALM, '-k', keys];
  const daemon = spawn(`${PREFIX}/lib/heimdal-servers/kpasswdd`, args, { env, stdio: 'ignore' });
  killAtExit(daemon);
  await until(() => {
    if (daemon.exitCode !== null) throw new Error(`kpasswdd ended with status ${daemon.exitCode}`);
    return isUdpTaken(port);
  });
  return daemon;
}

/** To bind the port instead would keep it from the daemon at that moment. */
function isUdpTaken(port: number): boolean {
  const number = port.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(`^ *\\d+: [\\dA-F]{8}:${number} `, 'm').test(readFileSync('/proc/net/udp', 'latin1'));
}
