import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { MitKdc } from './mit-kdc.ts';
import { POSTGRES_PROGRAMS } from './peers.ts';
import { startServiceDaemon } from './service-daemon.ts';

export interface Postgres {
  /** On 127.0.0.1. */
  readonly port: number;
  log(): string;
  stop(): Promise<void>;
}

/** The server refuses to run as root, and is then started as the user of its package. */
const asUser =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];

/**
 * PostgreSQL with GSS-API authentication, encrypted or not; alice and bob have roles of their own, and there is a
 * database `postgres`. Suites that use it are `describePeer('postgres', …)`.
 */
export async function startPostgres(kdc: MitKdc): Promise<Postgres> {
  kdc.addPrincipal('postgres/localhost');
  const dir = mkdtempSync(join(tmpdir(), 'postgres-'));
  const port = await freePort();
  mkdirSync(join(dir, 'sockets'));
  copyFileSync(kdc.krb5Conf, join(dir, 'krb5.conf'));
  copyFileSync(kdc.keytab, join(dir, 'keytab'));
  const env = {
    PATH: kdc.env.PATH!,
    KRB5_CONFIG: join(dir, 'krb5.conf'),
    KRB5RCACHENAME: 'none:',
    LC_ALL: 'C',
  };
  if (asUser.length > 0) run(['chown', '-R', 'postgres:', dir], env);
  chmodSync(join(dir, 'keytab'), 0o600);
  const data = join(dir, 'data');
  const initialize = [
    `${POSTGRES_PROGRAMS}/initdb`,
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '--no-sync',
  ];
  run([...asUser, ...initialize], env);
  writeFileSync(join(data, 'pg_hba.conf'), accessRules(kdc.realm));
  appendFileSync(join(data, 'postgresql.conf'), configuration(dir, port));
  const roles = 'create role alice login; create role bob login;\n';
  const single = [`${POSTGRES_PROGRAMS}/postgres`, '--single', '-j', '-D', data, 'postgres'];
  run([...asUser, ...single], env, roles);
  const [program, ...args] = [...asUser, `${POSTGRES_PROGRAMS}/postgres`, '-D', data];
  // SIGINT ends it without waiting for its clients.
  const daemon = await startServiceDaemon(program!, args, { env, port, signal: 'SIGINT' });
  return {
    port,
    log: daemon.log,
    async stop() {
      await daemon.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function run([program, ...args]: readonly string[], env: Readonly<Record<string, string>>, input = ''): void {
  const { status, stdout, stderr } = spawnSync(program!, args, { env, input, cwd: '/', encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stdout}${stderr}`);
}

function accessRules(realm: string): string {
  return ['hostgssenc', 'hostnogssenc']
    .map(kind => `${kind} all all 127.0.0.1/32 gss include_realm=0 krb_realm=${realm}\n`)
    .join('');
}

function configuration(dir: string, port: number): string {
  return `listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${dir}/sockets'
krb_server_keyfile = 'FILE:${dir}/keytab'
fsync = off
`;
}
