import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { until } from '../support/until.ts';

let folder: string;
let temporary: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
});

afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string): string => join(folder, name);

/** Begins `krb5kit kdc run` of a shell script, whose folder is ours. */
function begin(script: string, options: readonly string[] = [], more: CaptureOptions = {}) {
  return beginProgram(['sh', '-c', script], options, more);
}

function beginProgram(argv: readonly string[], options: readonly string[] = [], more: CaptureOptions = {}) {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: temporary, ...more.env };
  const io = captureIo({ cwd: folder, ...more, env });
  const ended = runCommand(kdc, ['run', ...options, '--', ...argv], io);
  return { io, ended };
}

const readOutput = (name: string): string => readFileSync(inFolder(name), 'utf8');

describe('the command', () => {
  it('is told of the realm by its environment', async () => {
    const env = {
      KRB5_CLIENT_KTNAME: 'FILE:/mine',
      KRB5RCACHENAME: 'dfl:',
      KRB5CCNAME: 'FILE:/mine',
      OTHER: 'kept',
    };
    const { ended } = begin('env > env; cat $KRB5_CONFIG > conf', ['--realm', 'MY.TEST'], { env });
    expect(await ended).toBe(0);
    const lines = readOutput('env').split('\n');
    const told = Object.fromEntries(
      lines.filter(line => /^(KRB5|OTHER)/.test(line)).map(line => line.split('=', 2)),
    );
    const { KRB5_CONFIG, ...others } = told;
    const directory = KRB5_CONFIG.replace(/\/krb5\.conf$/, '');
    expect(directory).toMatch(/\/tmp\/krb5kit-kdc-\w+$/);
    expect(others).toEqual({
      KRB5CCNAME: `FILE:${directory}/ccache`,
      KRB5_KTNAME: `FILE:${directory}/service.keytab`,
      KRB5RCACHEDIR: directory,
      KRB5KIT_REALM: 'MY.TEST',
      KRB5KIT_TROUBLE: `${directory}/trouble`,
      OTHER: 'kept',
    });
    expect(readOutput('conf')).toContain('default_realm = MY.TEST');
  });

  it('finds files that nobody else can read', async () => {
    const script = 'cd $(dirname $KRB5_CONFIG) && stat -c %a . krb5.conf service.keytab > ../../modes';
    expect(await begin(script, ['--service', 'HTTP/localhost']).ended).toBe(0);
    expect(readOutput('modes')).toBe('700\n600\n600\n');
  });

  it.each([
    ['tmp', () => `FILE:${temporary}/krb5kit-kdc-`],
    ['', () => 'FILE:/tmp/krb5kit-kdc-'],
  ])('finds them wherever it goes, with TMPDIR=%s', async (TMPDIR, begins) => {
    const { ended } = begin('echo $KRB5CCNAME > name', [], { env: { TMPDIR } });
    expect(await ended).toBe(0);
    expect(readOutput('name').startsWith(begins())).toBe(true);
  });

  it('gets its arguments as they are, those that look like options of ours, too', async () => {
    const argv = ['sh', '-c', 'printf "%s\\n" "$@" > args', 'sh', '--realm', 'a b', '', '-q', '--', '$HOME'];
    expect(await beginProgram(argv).ended).toBe(0);
    expect(readOutput('args')).toBe('--realm\na b\n\n-q\n--\n$HOME\n');
  });

  it('may be written without the two dashes', async () => {
    const io = captureIo({ cwd: folder, env: { PATH: '/usr/bin:/bin', TMPDIR: temporary } });
    expect(await runCommand(kdc, ['run', '--realm', 'A', 'sh', '-c', 'exit 5', '--help'], io)).toBe(5);
  });
});

describe('the exit status', () => {
  it.each([0, 1, 77, 255])('is that of the command: %i', async status => {
    expect(await begin(`exit ${status}`).ended).toBe(status);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['ABRT', 134],
  ])('is 128 and the signal that ended it: %s', async (signal, status) => {
    expect(await begin(`kill -${signal} $$`).ended).toBe(status);
  });

  it('is 127 where there is no such command', async () => {
    const { io, ended } = beginProgram(['no-such-program']);
    expect([await ended, io.output]).toEqual([
      127,
      'krb5kit kdc run: no-such-program: No such file or directory\n',
    ]);
  });

  it('is 126 where it cannot be started', async () => {
    writeFileSync(inFolder('plain'), 'echo');
    const { io, ended } = beginProgram([inFolder('plain')]);
    expect([await ended, io.output]).toEqual([
      126,
      `krb5kit kdc run: ${inFolder('plain')}: Permission denied\n`,
    ]);
    const long = beginProgram(['true', 'x'.repeat(200_000)]);
    expect([await long.ended, long.io.output]).toEqual([
      126,
      'krb5kit kdc run: true: Argument list too long\n',
    ]);
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('is passed on: %s', async signal => {
    const name = signal.slice(3);
    const { io, ended } = begin(
      `trap 'echo got >> out; exit 9' ${name}; echo ready > out; while :; do sleep 0.02; done`,
    );
    await until(() => existsSync(inFolder('out')) || undefined);
    io.stop(signal);
    expect(await ended).toBe(9);
    expect(readOutput('out')).toBe('ready\ngot\n');
  });

  it('that ends the command ends us like it, with everything removed', async () => {
    const { io, ended } = beginProgram(['sh', '-c', 'echo ready > out; exec sleep 60']);
    await until(() => existsSync(inFolder('out')) || undefined);
    expect(readdirSync(temporary)).toHaveLength(1);
    io.stop('SIGTERM');
    expect(await ended).toBe(143);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('that comes before the command was started keeps it from starting', async () => {
    const { io, ended } = begin('echo ready > out');
    io.stop('SIGTERM');
    expect(await ended).toBe(143);
    expect(existsSync(inFolder('out'))).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('typed at a terminal reaches the command from there, once', async () => {
    const script = `trap 'echo got >> out' INT; trap 'exit 0' TERM; echo ready > out; while :; do sleep 0.02; done`;
    const { io, ended } = begin(script, [], { stdinIsTerminal: true });
    await until(() => existsSync(inFolder('out')) || undefined);
    io.stop('SIGINT');
    io.stop('SIGTERM');
    expect(await ended).toBe(0);
    expect(readOutput('out')).toBe('ready\n');
  });
});

describe('afterwards', () => {
  it.each([
    ['it succeeded', ['true']],
    ['it failed', ['false']],
    ['it was killed', ['sh', '-c', 'kill -9 $$']],
    ['it could not be started', ['no-such-program']],
  ])('nothing is left when %s', async (_, argv) => {
    await beginProgram(argv, ['--keytab', inFolder('keys'), '--service', 'HTTP/localhost']).ended;
    expect(readdirSync(temporary)).toEqual([]);
    expect(existsSync(inFolder('keys'))).toBe(false);
  });

  it('the ports are closed', async () => {
    const script = `sed -n 's/.*kdc = .*://p' $KRB5_CONFIG > port`;
    await begin(script).ended;
    const socket = connect(Number(readOutput('port')), '127.0.0.1');
    const error = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      socket.once('error', resolve);
      socket.once('connect', () => reject(new Error('connected')));
    });
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('files of the command in the directory are gone, whatever they are', async () => {
    const script = 'cd $KRB5RCACHEDIR; mkdir -p a/b; touch a/b/c; ln -s $HOME/keep link';
    writeFileSync(inFolder('keep'), 'kept');
    expect(await begin(script).ended).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readOutput('keep')).toBe('kept');
  });
});

describe('--keytab', () => {
  const services = ['--service', 'HTTP/localhost'];

  it('puts the keys where it is told while the command runs, and names them in full', async () => {
    const { ended } = begin('stat -c %a keys > mode; echo $KRB5_KTNAME > name', [
      ...services,
      '--keytab',
      'keys',
    ]);
    expect(await ended).toBe(0);
    expect([readOutput('mode'), readOutput('name')]).toEqual(['600\n', `FILE:${inFolder('keys')}\n`]);
  });

  it('takes the empty file that mktemp makes', async () => {
    writeFileSync(inFolder('keys'), '');
    chmodSync(inFolder('keys'), 0o644);
    const { ended } = begin('stat -c "%a %s" keys > mode', [
      ...services,
      '--keytab',
      `FILE:${inFolder('keys')}`,
    ]);
    expect(await ended).toBe(0);
    expect(readOutput('mode')).toMatch(/^600 \d{3}\n$/);
  });

  it('never touches a file that is there already', async () => {
    writeFileSync(inFolder('keys'), 'precious');
    const { io, ended } = begin('echo > out', [...services, '--keytab', 'keys']);
    expect([await ended, io.output]).toEqual([
      1,
      `krb5kit kdc run: Key table file '${inFolder('keys')}' exists already, and would be removed at the end\n`,
    ]);
    expect(readOutput('keys')).toBe('precious');
    expect([existsSync(inFolder('out')), statSync(inFolder('keys')).size]).toEqual([false, 8]);
  });

  it('must be a place where a file can be', async () => {
    const path = inFolder('nowhere/keys');
    const { io, ended } = begin('echo > out', ['--keytab', path]);
    expect([await ended, io.output]).toEqual([
      1,
      `krb5kit kdc run: Key table file '${path}' not found while writing keytab ${path}\n`,
    ]);
    expect(readdirSync(temporary)).toEqual([]);
    const memory = begin('echo > out', ['--keytab', 'MEMORY:x']);
    expect(await memory.ended).toBe(2);
    expect(memory.io.stderr).toMatch(/^krb5kit kdc run: 'MEMORY:x' is not a file\n/);
  });
});

describe('keytab in a realm file', () => {
  const realm = {
    realm: 'A.TEST',
    users: [{ name: 'job', password: 'pw', keytab: 'job.keytab' }],
    services: [{ name: 'HTTP/a', keytab: 'web.keytab' }, { name: 'HTTP/b', keytab: 'web.keytab' }, 'host/a'],
    realms: [{ realm: 'B.TEST', services: [{ name: 'HTTP/b', keytab: 'web.keytab' }] }],
  };
  const principalsOf = (name: string): readonly string[] => [
    ...new Set(
      KeytabFile.decode(readFileSync(inFolder(name))).map(({ principal }) => formatPrincipal(principal)),
    ),
  ];
  let options: readonly string[];

  beforeEach(() => {
    mkdirSync(inFolder('realm'));
    writeFileSync(inFolder('realm/realm.json'), JSON.stringify(realm));
    options = ['--principals', inFolder('realm/realm.json')];
  });

  it('gets the keys of those who name it while the command runs, beside those of all services', async () => {
    writeFileSync(inFolder('realm/job.keytab'), '');
    const script = `cp realm/*.keytab .; cp "\${KRB5_KTNAME#FILE:}" all.keytab`;
    expect(await begin(script, options).ended).toBe(0);
    expect(principalsOf('job.keytab')).toEqual(['job@A.TEST']);
    const web = ['HTTP/a@A.TEST', 'HTTP/b@A.TEST', 'HTTP/b@B.TEST'];
    expect(principalsOf('web.keytab')).toEqual(web);
    expect([...principalsOf('all.keytab')].sort()).toEqual([...web, 'host/a@A.TEST']);
    expect(readdirSync(inFolder('realm'))).toEqual(['realm.json']);
  });

  it('never takes the place of a file', async () => {
    writeFileSync(inFolder('realm/web.keytab'), 'precious');
    const { io, ended } = begin('echo > out', options);
    expect([await ended, io.stderr]).toEqual([1, expect.stringContaining('would be removed at the end')]);
    expect(readdirSync(inFolder('realm')).sort()).toEqual(['realm.json', 'web.keytab']);
    expect([readOutput('realm/web.keytab'), existsSync(inFolder('out'))]).toEqual(['precious', false]);
  });
});

it('says that there is no room for its files', async () => {
  const { io, ended } = begin('true', [], { env: { TMPDIR: '/nonexistent' } });
  expect([await ended, io.output]).toEqual([
    1,
    'krb5kit kdc run: Cannot make a directory in /nonexistent: No such file or directory\n',
  ]);
  mkdirSync(inFolder('a:b'));
  const unnameable = begin('true', [], { env: { TMPDIR: inFolder('a:b') } });
  expect([await unnameable.ended, unnameable.io.output]).toEqual([
    1,
    `krb5kit kdc run: KRB5_CONFIG cannot name files in ${inFolder('a:b')}: it has a ':'\n`,
  ]);
  expect(readdirSync(inFolder('a:b'))).toEqual([]);
});

it('wants a command', async () => {
  const io = captureIo();
  expect(await runCommand(kdc, ['run', '--realm', 'A.TEST'], io)).toBe(2);
  expect(io.output).toBe(
    'krb5kit kdc run: name the command to run\nUsage: krb5kit kdc run [options] -- command [argument...]\n',
  );
});
