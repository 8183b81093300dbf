import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { MitKdc } from './mit-kdc.ts';
import { startServiceDaemon } from './service-daemon.ts';

export interface Dovecot {
  /** On 127.0.0.1, without TLS. */
  readonly port: number;
  log(): string;
  stop(): Promise<void>;
}

/**
 * Dovecot's IMAP server with GSSAPI and GSS-SPNEGO, and a mailbox for everybody. It needs root, because its parts run
 * as different users. Suites that use it are `describePeer('dovecot', …)`.
 */
export async function startDovecot(kdc: MitKdc): Promise<Dovecot> {
  kdc.addPrincipal('imap/localhost');
  const dir = mkdtempSync(join(tmpdir(), 'dovecot-'));
  const port = await freePort();
  for (const name of ['run', 'mail']) mkdirSync(join(dir, name));
  copyFileSync(kdc.krb5Conf, join(dir, 'krb5.conf'));
  copyFileSync(kdc.keytab, join(dir, 'keytab'));
  writeFileSync(join(dir, 'dovecot.conf'), configuration(dir, port, kdc.realm));
  chmodSync(dir, 0o755);
  own(join(dir, 'mail'), 'mail:mail');
  own(join(dir, 'keytab'), 'dovecot');
  const env = { PATH: kdc.env.PATH!, KRB5_CONFIG: join(dir, 'krb5.conf') };
  const daemon = await startServiceDaemon('dovecot', ['-F', '-c', join(dir, 'dovecot.conf')], { env, port });
  return {
    port,
    log: () => daemon.log() + readFileSync(join(dir, 'dovecot.log'), 'utf8'),
    async stop() {
      await daemon.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function own(path: string, owner: string): void {
  const { status, stderr } = spawnSync('chown', [owner, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`chown: ${stderr}`);
}

function configuration(dir: string, port: number, realm: string): string {
  return `protocols = imap
listen = 127.0.0.1
base_dir = ${dir}/run
state_dir = ${dir}/run
instance_name = test${port}
log_path = ${dir}/dovecot.log
auth_debug = yes
ssl = no
disable_plaintext_auth = no
auth_mechanisms = gssapi gss-spnego
auth_gssapi_hostname = "$ALL"
auth_krb5_keytab = ${dir}/keytab
auth_default_realm = ${realm}
auth_username_format = %Ln
auth_failure_delay = 0
import_environment = TZ KRB5_CONFIG=${dir}/krb5.conf KRB5RCACHENAME=none:
mail_location = maildir:${dir}/mail/%n
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${dir}/mail/%n
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service auth {
  user = dovecot
}
service auth-worker {
  user = dovecot
}
`;
}
