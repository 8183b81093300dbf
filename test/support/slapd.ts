import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { MitKdc } from './mit-kdc.ts';
import { certify } from './pki.ts';
import { startServiceDaemon } from './service-daemon.ts';

/** The channel bindings that OpenLDAP knows. */
export type SlapdBinding = 'none' | 'tls-unique' | 'tls-endpoint';

export interface Slapd {
  /** `ldap://localhost:PORT`. */
  readonly url: string;
  /** The port for TLS. */
  readonly tlsPort: number;
  log(): string;
  stop(): Promise<void>;
}

/**
 * OpenLDAP's server with SASL GSSAPI and GSS-SPNEGO, with a key of its own in the realm. A principal NAME of the realm is
 * `uid=NAME,dc=test` there; the directory has the entry `dc=test`. Over TLS, binds may be bound to the channel. Suites that
 * use it are `describePeer('slapd', …)`.
 */
export async function startSlapd(kdc: MitKdc, binding: SlapdBinding = 'none'): Promise<Slapd> {
  kdc.addPrincipal('ldap/localhost');
  const dir = mkdtempSync(join(tmpdir(), 'slapd-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  for (const name of ['db', 'sasl', 'rcache']) mkdirSync(join(dir, name));
  writeFileSync(join(dir, 'sasl/slapd.conf'), `mech_list: GSSAPI GSS-SPNEGO\nkeytab: ${kdc.keytab}\n`);
  writeFileSync(join(dir, 'slapd.conf'), configuration(dir, kdc.realm, binding));
  const { pem } = certify('localhost');
  writeFileSync(join(dir, 'cert.pem'), pem.certificate);
  writeFileSync(join(dir, 'key.pem'), pem.key);
  const url = `ldap://127.0.0.1:${port}`;
  const env = { ...kdc.env, SASL_CONF_PATH: join(dir, 'sasl'), KRB5RCACHEDIR: join(dir, 'rcache') };
  const urls = `${url} ldaps://127.0.0.1:${tlsPort}`;
  const args = ['-d', '0', '-h', urls, '-f', join(dir, 'slapd.conf')];
  const daemon = await startServiceDaemon('slapd', args, { env, port });
  async function stop(): Promise<void> {
    await daemon.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  const entry = 'dn: dc=test\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: test\n';
  const admin = ['-x', '-H', url, '-D', 'cn=admin,dc=test', '-w', 'ldappw'];
  const { status, stderr } = await kdc.run('ldapadd', admin, `${entry}description: ${'x'.repeat(50_000)}\n`);
  if (status !== 0) {
    await stop();
    throw new Error(`ldapadd: ${stderr}`);
  }
  return { url: `ldap://localhost:${port}`, tlsPort, log: daemon.log, stop };
}

function configuration(dir: string, realm: string, binding: SlapdBinding): string {
  return `include /etc/ldap/schema/core.schema
pidfile ${dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${dir}/cert.pem
TLSCertificateKeyFile ${dir}/key.pem
sasl-cbinding ${binding}
sasl-host localhost
sasl-realm ${realm}
authz-regexp uid=([^,]+),cn=[^,]+,cn=gssapi,cn=auth uid=$1,dc=test
authz-regexp uid=([^,]+),cn=[^,]+,cn=gss-spnego,cn=auth uid=$1,dc=test
database mdb
maxsize 67108864
dbnosync
suffix "dc=test"
rootdn "cn=admin,dc=test"
rootpw ldappw
directory ${dir}/db
access to * by users read by anonymous auth
`;
}
