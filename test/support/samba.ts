import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './peers.ts';

/** An account of the domain. */
interface SambaUser {
  readonly name: string;
  /** Attributes of its entry, replaced once it is there. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly groups?: readonly string[] | undefined;
}

interface SambaOptions {
  /**
   * The password of each account and of the administrator, as the domain's policy requires: 7 characters, 3 classes.
   */
  readonly password: string;
  readonly users: readonly SambaUser[];
  readonly groups?: readonly string[] | undefined;
  /** Lines for `[kdc]` of the krb5.conf that its KDC reads. */
  readonly kdc?: readonly string[] | undefined;
  /** Whether to run the directory as well, on port 389 of an address of its own, which requires root. */
  readonly directory?: boolean | undefined;
  /** The principals whose keys are put into the keytab. */
  readonly keytab?: readonly string[] | undefined;
}

/** An Active Directory domain controller that runs a KDC, a password server and, on request, a directory. */
export interface Samba {
  /** The directory of all its files; `stop` removes it. */
  readonly dir: string;
  readonly realm: 'S.TEST';
  /** 127.0.0.1, unless the directory runs: then another loopback address, whose `ldap/ADDRESS` it is. */
  readonly address: string;
  /** UDP and TCP. */
  readonly port: number;
  readonly passwordPort: number;
  readonly keytab: string;
  stop(): Promise<void>;
}

const PROVISION = join(import.meta.dirname, 'samba-provision.py');
/** Samba's Python modules are those of the system's interpreter, whatever else is on PATH. */
const PYTHON = '/usr/bin/python3';
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const LDAP = 389;

/**
 * A domain of its own, S.TEST, which takes some 3 s of processor time to create; to be stopped in `afterAll`. If it
 * cannot be started, it throws with the daemon's log. Suites that use it are `describePeer('samba', …)`.
 */
export async function startSamba(options: SambaOptions): Promise<Samba> {
  const dir = mkdtempSync(join(tmpdir(), 'samba-'));
  try {
    return await startIn(dir, options);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(dir: string, options: SambaOptions): Promise<Samba> {
  const address = options.directory ? loopbackAddress() : '127.0.0.1';
  const ports = { port: await freePort(), passwordPort: await freePort() };
  const services = options.directory ? 'kdc, ldap' : 'kdc';
  const config = join(dir, 'etc/smb.conf');
  for (const folder of ['etc', 'run', 'cache']) mkdirSync(join(dir, folder));
  writeFileSync(config, configuration(dir, { ...ports, address, services }));
  writeFileSync(
    join(dir, 'etc/krb5.conf'),
    `[kdc]\n${(options.kdc ?? []).map(line => `  ${line}\n`).join('')}`,
  );
  provision(dir, address, options);
  const daemon = await startDaemon(dir, address, options.directory ? [ports.port, LDAP] : [ports.port]);
  return {
    dir,
    realm: 'S.TEST',
    address,
    ...ports,
    keytab: join(dir, 'service.keytab'),
    async stop() {
      await endProcess(daemon);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One of sixteen million addresses, so that collisions are unlikely. */
function loopbackAddress(): string {
  const part = (): number => 1 + Math.floor(Math.random() * 254);
  return `127.${part()}.${part()}.${part()}`;
}

interface Places {
  readonly address: string;
  readonly port: number;
  readonly passwordPort: number;
  readonly services: string;
}

function configuration(dir: string, { address, port, passwordPort, services }: Places): string {
  return `[global]
  netbios name = DC1
  workgroup = STEST
  realm = S.TEST
  server role = active directory domain controller
  server services = ${services}
  interfaces = ${address}/8
  bind interfaces only = yes
  krb5 port = ${port}
  kpasswd port = ${passwordPort}
  kdc enable fast = yes
  disable netbios = yes
  tls enabled = no
  ldb:nosync = yes
  private dir = ${dir}/private
  state directory = ${dir}/state
  cache directory = ${dir}/cache
  lock directory = ${dir}
  binddns dir = ${dir}/bind-dns
  pid directory = ${dir}/run
  ncalrpc dir = ${dir}/run/ncalrpc
  ntp signd socket directory = ${dir}/run/ntp
  log file = ${dir}/samba.log
  logging = file
[sysvol]
  path = ${dir}/state/sysvol
[netlogon]
  path = ${dir}/state/sysvol/scripts
`;
}

function provision(
  dir: string,
  address: string,
  { password, users, groups = [], keytab = [] }: SambaOptions,
): void {
  // Passwords do not expire by themselves, and may be changed at once, to one that was used before.
  const domainAttributes = { minPwdAge: '0', maxPwdAge: `${-(2n ** 63n)}`, pwdHistoryLength: '0' };
  const accounts = { password, domainAttributes, users, groups, keytab, services: [`ldap/${address}`] };
  const spec = { dir, realm: 'S.TEST', domain: 'STEST', ...accounts };
  const { status, stderr, error } = spawnSync(PYTHON, [PROVISION], {
    env: { PATH, LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' },
    input: JSON.stringify(spec),
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the domain cannot be made: ${stderr}`);
}

async function startDaemon(dir: string, address: string, ports: readonly number[]): Promise<ChildProcess> {
  const options = [
    '--foreground',
    '--no-process-group',
    '--model=single',
    `--configfile=${join(dir, 'etc/smb.conf')}`,
  ];
  // It ends when its standard input is closed, which happens when we end.
  const daemon = spawn(findProgram('samba')!, options, {
    env: { PATH, KRB5_CONFIG: join(dir, 'etc/krb5.conf') },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  killAtExit(daemon);
  const places = ports.map(port => ({ host: address, port }));
  await untilListening(daemon, places, () => readFileSync(join(dir, 'samba.log'), 'utf8'));
  return daemon;
}
