import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/** Cyrus SASL's Kerberos plug-in. */
const SASL_GSSAPI = `${libraries}/sasl2/libgssapiv2.so`;

/** Where Debian keeps PostgreSQL's programs: those of the newest version. */
export const POSTGRES_PROGRAMS = `/usr/lib/postgresql/${newestIn('/usr/lib/postgresql')}/bin`;

/** What a peer requires: every listed program, on PATH or where Debian puts daemons. */
const programs = {
  'mit-kdc': ['krb5kdc', 'kadmin.local', 'kdb5_util'],
  'mit-sample': ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'python3'],
  'mit-client': ['kinit', 'klist', 'kdestroy', 'kswitch', 'kvno'],
  'heimdal-kdc': [
    '/opt/heimdal/usr/lib/heimdal-servers/kdc',
    '/opt/heimdal/usr/bin/kadmin.heimdal',
    '/opt/heimdal/usr/sbin/kstash',
  ],
  'heimdal-client': ['/opt/heimdal/bin/kinit', '/opt/heimdal/bin/klist', '/opt/heimdal/bin/kgetcred'],
  // Heimdal's path of the KCM socket is fixed; a mount namespace puts another socket there.
  'heimdal-kcm-client': [
    ...['kinit', 'klist', 'kdestroy', 'kgetcred', 'kswitch'].map(name => `/opt/heimdal/bin/${name}`),
    'unshare',
    'mount',
  ],
  'heimdal-kcm': ['/opt/heimdal/usr/sbin/kcm', 'unshare', 'mount'],
  'mit-ldap-kdc': ['krb5kdc', 'kadmin.local', 'kdb5_ldap_util', 'slapd', 'ldapadd', 'ldapmodify'],
  'mit-kadmind': ['kadmind', 'kadmin'],
  'mit-keytab': ['ktutil'],
  kstart: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'k5start', 'krenew'],
  'gss-samples': ['gss-client', 'gss-server'],
  'mit-gss': ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'python3', `${libraries}/libgssapi_krb5.so.2`],
  'heimdal-gss': ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'python3', `${libraries}/libgssapi.so.3`],
  'gss-sample-pair': ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'gss-client', 'gss-server'],
  'python-gssapi': [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', '/usr/bin/python3'],
    '/usr/lib/python3/dist-packages/gssapi/__init__.py',
  ],
  'npm-kerberos': [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit'],
    '/opt/npm-kerberos/node_modules/kerberos/build/Release/kerberos.node',
  ],
  redis: ['redis-server'],
  'secret-service': ['dbus-daemon', 'gnome-keyring-daemon', 'secret-tool', 'gdbus'],
  keepassxc: ['dbus-daemon', 'keepassxc', 'keepassxc-cli', 'secret-tool', 'gdbus'],
  keyutils: ['keyctl'],
  samba: ['samba', 'samba-tool', '/usr/bin/python3'],
  openssl: ['openssl'],
  'mit-otp': [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit'],
    `${libraries}/krb5/plugins/preauth/otp.so`,
  ],
  apache: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'apache2', '/usr/lib/apache2/modules/mod_auth_gssapi.so'],
  slapd: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'slapd', 'ldapadd', SASL_GSSAPI],
  ldapsearch: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'ldapsearch', 'ldapwhoami', SASL_GSSAPI],
  dovecot: [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'dovecot'],
    '/usr/lib/dovecot/modules/auth/libmech_gssapi.so',
  ],
  postgres: [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'setpriv'],
    ...[`${POSTGRES_PROGRAMS}/initdb`, `${POSTGRES_PROGRAMS}/postgres`],
  ],
  psql: [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'setpriv', 'psql'],
    ...[`${POSTGRES_PROGRAMS}/initdb`, `${POSTGRES_PROGRAMS}/postgres`],
  ],
  sshd: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'sshd', 'ssh-keygen'],
  ssh: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'sshd', 'ssh-keygen', 'ssh'],
  curl: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', 'curl'],
  chromium: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'chromium'],
  'requests-kerberos': [
    ...['krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit', '/usr/bin/python3'],
    '/usr/lib/python3/dist-packages/requests_kerberos/__init__.py',
  ],
  kdcproxy: ['krb5kdc', 'kadmin.local', 'kdb5_util', 'gunicorn', 'openssl'],
  bash: ['bash', 'python3'],
  zsh: ['zsh', 'python3'],
  fish: ['fish', 'python3'],
  // The compiler, with which `java` runs a source file.
  java: ['java', 'javac'],
  gokrb5: ['go', '/usr/share/gocode/src/github.com/jcmturner/gokrb5/v8/gokrb5.go'],
  impacket: ['/usr/bin/python3', '/usr/lib/python3/dist-packages/impacket/__init__.py'],
} as const satisfies Record<string, readonly string[]>;

export type PeerName = keyof typeof programs;

export interface Peer {
  readonly available: boolean;
  /** Why the peer is not available; empty if it is. */
  readonly reason: string;
}

// The reference implementation's clients have the same names as our own commands, which may be on PATH as well, so the
// system's directories come first; those of daemons are on no user's PATH.
const systemFolders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/sbin', '/bin'];

/** The absolute path of a peer's program, or undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith('/')) return isExecutable(name) ? name : undefined;
  const folders = [...systemFolders, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

/** Whether a peer is installed. */
export function peer(name: PeerName): Peer {
  const missing = programs[name].filter(program => findProgram(program) === undefined);
  return {
    available: missing.length === 0,
    reason: missing.length === 0 ? '' : `${missing.join(', ')} not found`,
  };
}

/** A suite that needs a peer: without it, the suite is skipped with a line that says why, and fails under `CI=true`. */
export function describePeer(name: PeerName, suite: () => void): void {
  const { available, reason } = peer(name);
  describeWith(name, available ? undefined : `${reason}. To install it: npm run peers:install`, suite);
}

/**
 * A suite whose servers only root can start: for others, it is skipped with a line that says so, and fails under
 * `CI=true`.
 */
export function describeRoot(name: string, suite: () => void): void {
  describeWith(name, process.getuid?.() === 0 ? undefined : 'root is needed', suite);
}

function describeWith(name: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) {
    describe(name, suite);
    return;
  }
  const message = `${name}: ${missing}`;
  if (process.env.CI === 'true') {
    it(`needs ${name}`, () => {
      throw new Error(message);
    });
    return;
  }
  console.warn(`skipped, ${message}`);
  describe.skip(name, suite);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, /\.(?:so(?:\.\d+)?|py|node|go)$/.test(path) ? constants.R_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function newestIn(folder: string): string {
  try {
    return readdirSync(folder)
      .sort((a, b) => Number(a) - Number(b))
      .at(-1)!;
  } catch {
    return 'none';
  }
}
