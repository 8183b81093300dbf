// `npm run peers:install`: installs the peers of the interoperability tests, on Debian and its relatives, by apt-get as
// root or through sudo. Skips what is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otherNodes } from './bench-nodes.mjs';

const packages = [
  'krb5-kdc',
  'krb5-admin-server',
  'krb5-user',
  'krb5-gss-samples',
  'krb5-pkinit',
  'krb5-otp',
  'krb5-locales',
  'locales',
  'kstart',
  'krb5-kdc-ldap',
  'slapd',
  'ldap-utils',
  'libsasl2-modules-gssapi-mit',
  'dovecot-imapd',
  'dovecot-gssapi',
  'postgresql',
  'openssh-server',
  'openssh-client',
  'dbus-daemon',
  'gnome-keyring',
  'keepassxc',
  'libsecret-1-0',
  'libsecret-tools',
  'libglib2.0-bin',
  'keyutils',
  'gunicorn',
  'python3-kdcproxy',
  'python3-gssapi',
  'python3-impacket',
  'default-jdk-headless',
  'golang-go',
  'golang-github-jcmturner-gokrb5.v8-dev',
  'redis-server',
  'apache2',
  'libapache2-mod-auth-gssapi',
  'chromium',
  'curl',
  'g++',
  'libkrb5-dev',
  'make',
  'python3-requests-kerberos',
  'procps',
  'python3',
  'zsh',
  'fish',
  'mandoc',
  'man-db',
  'systemd',
  'samba-ad-dc',
  'samba-ad-provision',
];

// Heimdal's clients have the same names as MIT's and therefore conflict with them, so they are unpacked into a
// directory of their own, as are its KDC and its cache daemon, which must not be started automatically.
const heimdal = '/opt/heimdal';
const heimdalPackages = ['heimdal-clients', 'heimdal-kcm', 'heimdal-kdc'];
const heimdalPrograms = ['kinit', 'klist', 'kdestroy', 'kgetcred', 'kswitch'];
const heimdalDaemons = [`${heimdal}/usr/sbin/kcm`, `${heimdal}/usr/lib/heimdal-servers/kdc`];
const heimdalLibraries = [
  'libasn1-8-heimdal',
  'libgssapi3-heimdal',
  'libhcrypto5-heimdal',
  'libhdb9-heimdal',
  'libheimntlm0-heimdal',
  'libhx509-5-heimdal',
  'libkadm5clnt7-heimdal',
  'libkadm5srv8-heimdal',
  'libkafs0-heimdal',
  'libkdc2-heimdal',
  'libkrb5-26-heimdal',
  'libotp0-heimdal',
  'libroken19-heimdal',
  'libsl0-heimdal',
];

// Slim systems omit documentation, to which the schema of MIT's directory database belongs.
const schema = '/usr/share/doc/krb5-kdc-ldap/kerberos.schema.gz';
const schemaPrefix = '/opt/krb5-ldap';

// Dates and times are compared in these languages.
const languages = ['en_US', 'en_GB', 'de_DE'];

// npm's bindings of MIT's library, which are compiled here if there is no binary to download.
const npmKerberos = '/opt/npm-kerberos';
const npmKerberosVersion = 'kerberos@7.0.0';

const missing = [...packages, ...heimdalLibraries].filter(name => !isInstalled(name));
const withoutHeimdal = [...heimdalPrograms.map(name => `${heimdal}/bin/${name}`), ...heimdalDaemons].some(
  path => !existsSync(path),
);
try {
  const withoutNpmKerberos = !existsSync(`${npmKerberos}/node_modules/kerberos/build/Release/kerberos.node`);
  const withoutSchema = () => !existsSync(schema) && !existsSync(schemaPrefix + schema);
  const missingNodes = otherNodes.filter(({ program }) => !existsSync(program));
  const complete = !withoutHeimdal && !withoutSchema() && !withoutNpmKerberos && missingNodes.length === 0;
  if (missing.length === 0 && complete) {
    console.log('All peers are installed.');
  }
  if (missing.length > 0) install(missing);
  for (const language of languages) makeLocale(language);
  if (withoutHeimdal) unpackHeimdal();
  if (withoutSchema()) unpack(['krb5-kdc-ldap'], schemaPrefix);
  if (withoutNpmKerberos) installFromNpm(npmKerberosVersion, npmKerberos);
  for (const node of missingNodes) installFromNpm(node.package, node.prefix);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', `\${db:Status-Status}\n`, name], {
    encoding: 'utf8',
  });
  return stdout?.split('\n').includes('installed') ?? false;
}

function install(names) {
  if (spawnSync('apt-get', ['--version']).status !== 0) {
    throw new Error(
      'There is no apt-get here. Install MIT krb5 (KDC, tools, GSS samples) and gnome-keyring by hand.',
    );
  }
  console.log(`Installing ${names.join(' ')} …`);
  const noDaemons = forbidDaemons();
  try {
    aptGet(['update', '-qq']);
    aptGet(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  } finally {
    noDaemons.allow();
  }
}

function makeLocale(language) {
  const { stdout } = spawnSync('locale', ['-a'], { encoding: 'utf8' });
  if (stdout?.split('\n').includes(`${language}.utf8`)) return;
  const { status, stderr } = asRoot(['localedef', '-i', language, '-f', 'UTF-8', `${language}.UTF-8`]);
  if (status !== 0) throw new Error(`${stderr ?? ''}The locale ${language}.UTF-8 cannot be made.`);
}

function unpackHeimdal() {
  unpack(heimdalPackages, heimdal);
  asRoot(['mkdir', '-p', `${heimdal}/bin`]);
  for (const name of heimdalPrograms) {
    // klist and kswitch are two of several programs in one executable, which behaves according to its name.
    const file =
      { klist: 'heimtools', kswitch: 'heimtools', kgetcred: 'kgetcred' }[name] ?? `${name}.heimdal`;
    asRoot(['ln', '-sfn', `../usr/bin/${file}`, `${heimdal}/bin/${name}`]);
  }
}

function installFromNpm(name, prefix) {
  const { npm_execpath: npm } = process.env;
  const program = npm === undefined ? ['npm'] : [process.execPath, npm];
  const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', name];
  asRoot(['mkdir', '-p', prefix]);
  const { status, stderr } = asRoot([...program, ...args]);
  if (status !== 0) throw new Error(`${stderr ?? ''}${name} cannot be installed.`);
}

function unpack(names, prefix) {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-'));
  try {
    const { status, stderr } = spawnSync('apt-get', ['download', '-qq', ...names], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${stderr ?? ''}${names.join(' and ')} cannot be downloaded.`);
    for (const name of readdirSync(folder)) asRoot(['dpkg', '-x', join(folder, name), prefix]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function aptGet(args) {
  const quiet = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args];
  const { status, stdout, stderr } = asRoot(['env', ...quiet]);
  if (status !== 0) throw new Error(`${stdout ?? ''}${stderr ?? ''}apt-get ${args[0]} failed.`);
}

// A package with a daemon starts it; policy-rc.d forbids that (101) during the installation, unless there is one
// already.
function forbidDaemons() {
  const policy = '/usr/sbin/policy-rc.d';
  if (asRoot(['test', '-e', policy]).status === 0) return { allow() {} };
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-'));
  const draft = join(folder, 'policy-rc.d');
  writeFileSync(draft, '#!/bin/sh\nexit 101\n');
  asRoot(['install', '-m', '755', draft, policy]);
  rmSync(folder, { recursive: true });
  return { allow: () => void asRoot(['rm', '-f', policy]) };
}

function asRoot(command) {
  const [program, ...args] = process.getuid?.() === 0 ? command : ['sudo', ...command];
  return spawnSync(program, args, {
    encoding: 'utf8',
    stdio: [process.stdin.isTTY ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
}
