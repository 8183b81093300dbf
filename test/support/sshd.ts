import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { MitKdc } from './mit-kdc.ts';
import { findProgram } from './peers.ts';
import { startServiceDaemon } from './service-daemon.ts';

export interface Sshd {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Whom alice may log in as: the user who runs the tests. */
  readonly user: string;
  /** Of the host's key, such as `SHA256:h2Q…`. */
  readonly fingerprint: string;
  log(): string;
  stop(): Promise<void>;
}

/** OpenSSH's server, which knows no method but gssapi-with-mic. Suites that use it are `describePeer('sshd', …)`. */
export async function startSshd(kdc: MitKdc): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), 'sshd-'));
  const port = await freePort();
  const { username: user } = userInfo();
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, 'k5login'));
  // Where its children lose their privileges; made by the script that usually starts it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  writeFileSync(join(dir, 'k5login', user), `alice@${kdc.realm}\n`);
  const mapping = `[libdefaults]\n  k5login_directory = ${dir}/k5login\n  k5login_authoritative = true\n`;
  writeFileSync(join(dir, 'krb5.conf'), mapping + readFileSync(kdc.krb5Conf, 'utf8'));
  writeFileSync(join(dir, 'sshd_config'), configuration(dir, port));
  const hostKey = join(dir, 'hostkey');
  keygen(['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  const fingerprint = keygen(['-lf', `${hostKey}.pub`]).split(' ')[1]!;
  const env = { ...kdc.env, KRB5_CONFIG: join(dir, 'krb5.conf') };
  const daemon = await startServiceDaemon('sshd', ['-D', '-e', '-f', join(dir, 'sshd_config')], {
    env,
    port,
  });
  return {
    port,
    user,
    fingerprint,
    log: daemon.log,
    async stop() {
      await daemon.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function keygen(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(findProgram('ssh-keygen')!, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
  return stdout;
}

function configuration(dir: string, port: number): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${dir}/hostkey
PidFile ${dir}/sshd.pid
GSSAPIAuthentication yes
GSSAPIStrictAcceptorCheck no
GSSAPICleanupCredentials yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
LogLevel VERBOSE
`;
}
