// What the benchmarks' figures depend on: the machine, and the versions of everything involved.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedNodes } from './bench-nodes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `[name, value]` pairs that describe the machine and its current load. */
export function describeMachine() {
  const list = cpus();
  return [
    ['CPU', list[0]?.model.trim() || arch()],
    ['Cores', String(list.length)],
    ['Memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['Kernel', `${type()} ${release()} ${arch()}`],
    ['System', systemName()],
    [
      'Load at the start',
      loadavg()
        .map(load => load.toFixed(2))
        .join(', '),
    ],
  ];
}

/** `[name, version]` pairs of ourselves, of Node and its libraries, and of each installed peer. */
export function describeVersions(npmKerberos) {
  const found = [
    ['krb5kit', ownVersion()],
    [`Node ${process.versions.node}`, librariesOf(process.versions)],
    ...installedNodes().map(program => otherNode(program)),
    ['MIT krb5', debian('krb5-kdc') ?? debian('krb5-user') ?? first('krb5-config', ['--version'])],
    ['Heimdal', first('/opt/heimdal/bin/kinit', ['--version'], /Heimdal ([^\s)]+)/)],
    ['kstart', debian('kstart')],
    ['gokrb5', debian('golang-github-jcmturner-gokrb5.v8-dev')],
    ['Go', first('go', ['version'], /go(\d\S*)/)],
    ['impacket', debian('python3-impacket')],
    ['Python', first('/usr/bin/python3', ['--version'], /(\d\S*)/)],
    ['npm kerberos', npmKerberos && packageVersion(join(npmKerberos, 'node_modules/kerberos'))],
    ['node-forge', packageVersion(join(root, 'node_modules/node-forge'))],
    ['keytar', packageVersion(join(root, 'node_modules/keytar'))],
    ['Redis', debian('redis-server')],
    ['gnome-keyring', debian('gnome-keyring')],
    ['gcc', first('gcc', ['-dumpfullversion'])],
  ];
  return found.filter(([, version]) => version);
}

function ownVersion() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const commit = first('git', ['-C', root, 'describe', '--always', '--dirty', '--abbrev=12']);
  return commit === undefined ? version : `${version}, commit ${commit}`;
}

function librariesOf({ openssl, v8 }) {
  return `OpenSSL ${openssl}, V8 ${v8}`;
}

function otherNode(program) {
  const versions = JSON.parse(first(program, ['-p', 'JSON.stringify(process.versions)']) ?? '{}');
  return [`Node ${versions.node}`, librariesOf(versions)];
}

function systemName() {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? type();
  } catch {
    return type();
  }
}

function packageVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** The version of an installed Debian package. */
function debian(name) {
  const format = `\${db:Status-Status} \${Version}`;
  return first('dpkg-query', ['-W', '-f', format, name], /^installed (\S+)/);
}

/** What the pattern captures in a program's output, or its first line; undefined if the program cannot be run. */
function first(program, args, pattern = /^(.+)/) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? pattern.exec(stdout || stderr)?.[1] : undefined;
}
