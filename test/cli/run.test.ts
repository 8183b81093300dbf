import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { k5start } from '../../src/cli/k5start.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { krenew } from '../../src/cli/krenew.ts';
import { run } from '../../src/cli/run.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { until } from '../support/until.ts';

let kdc: RunningKdc;
const log: string[] = [];
let folder: string;
let temporary: string;
let keytab: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: ['HTTP/web', 'ldap/dir', 'robot'],
    log: line => log.push(line),
  });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  folder = scratch();
  temporary = inFolder('tmp');
  mkdirSync(temporary);
  keytab = inFolder('keytab');
  writeFileSync(keytab, KeytabFile.encode(kdc.keytab('robot')));
  writeFileSync(inFolder('krb5.conf'), kdc.krb5Conf());
  log.length = 0;
});

const inFolder = (name: string): string => join(folder, name);
const readOutput = (name: string): string => readFileSync(inFolder(name), 'utf8');
const base64 = (): string => readFileSync(keytab).toString('base64');

interface Options extends CaptureOptions {
  readonly command?: typeof run;
}

function begin(argv: readonly string[], { command = run, ...more }: Options = {}) {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    TMPDIR: temporary,
    KRB5_CONFIG: inFolder('krb5.conf'),
    ...more.env,
  };
  const io = captureIo({ cwd: folder, uid: process.getuid?.(), ...more, env });
  return { io, ended: runCommand(command, argv, io) };
}

/** Runs a shell script with tickets of robot. */
const script = (text: string, options: readonly string[] = [], more: Options = {}) =>
  begin(['-t', keytab, ...options, 'robot', '--', 'sh', '-c', text], more);

/** The tickets of a cache file, the configuration entries left out. */
function ticketsIn(name: string) {
  const { credentials } = CcacheFile.decode(readFileSync(inFolder(name)));
  return credentials.filter(({ server }) => server.realm !== 'X-CACHECONF:');
}
const serversIn = (name: string) => ticketsIn(name).map(({ server }) => formatPrincipal(server));
const COPY = `cp $(echo $KRB5CCNAME | sed s/FILE://)`;
const TGT = 'krbtgt/A.TEST@A.TEST';

describe('the command', () => {
  it('finds tickets in a cache of its own, by KRB5CCNAME, and its environment is else ours', async () => {
    const { io, ended } = script(`env > env; ${COPY} cache`, [], {
      env: { KRB5CCNAME: 'FILE:/mine', OTHER: 'kept' },
    });
    expect([await ended, io.output]).toEqual([0, '']);
    expect(readOutput('env')).toMatch(/^KRB5CCNAME=FILE:\/.*\/tmp\/krb5kit-run-\w+\/krb5cc$/m);
    expect(readOutput('env')).toMatch(/^OTHER=kept$/m);
    expect(serversIn('cache')).toEqual([TGT]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('finds files that nobody else can read, in the runtime directory where there is one', async () => {
    mkdirSync(inFolder('runtime'));
    const look =
      'file=$(echo $KRB5CCNAME | sed s/FILE://); stat -c "%a" $(dirname $file) $file > modes; echo $file > file';
    expect(await script(look, [], { env: { XDG_RUNTIME_DIR: inFolder('runtime') } }).ended).toBe(0);
    expect(readOutput('modes')).toBe('700\n600\n');
    expect(readOutput('file')).toContain('/runtime/krb5kit-run-');
    expect(readdirSync(inFolder('runtime'))).toEqual([]);
  });

  it.each([0o770, 0o777])('finds them elsewhere where others may write to that directory: %o', async mode => {
    mkdirSync(inFolder('runtime'));
    chmodSync(inFolder('runtime'), mode);
    const env = { XDG_RUNTIME_DIR: inFolder('runtime') };
    expect(await script('echo $KRB5CCNAME > name', [], { env }).ended).toBe(0);
    expect(readOutput('name')).toContain('/tmp/krb5kit-run-');
  });

  it('finds them elsewhere where that directory is that of another user', async () => {
    mkdirSync(inFolder('runtime'));
    const uid = process.getuid!() + 1;
    const env = { XDG_RUNTIME_DIR: inFolder('runtime') };
    expect(await script('echo $KRB5CCNAME > name', [], { env, uid }).ended).toBe(0);
    expect(readOutput('name')).toContain('/tmp/krb5kit-run-');
  });

  it('finds them wherever it moves to, by a directory for temporary files of a relative name', async () => {
    const look = `cd /; test -s $(echo $KRB5CCNAME | sed s/FILE://)`;
    expect(await script(look, [], { env: { TMPDIR: 'tmp' }, cwd: folder }).ended).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each([['/nonexistent'], ['relative']])(
    'is not kept from running by a runtime directory %s',
    async runtime => {
      expect(await script('true', [], { env: { XDG_RUNTIME_DIR: runtime } }).ended).toBe(0);
    },
  );

  it('has tickets of which -V tells where and whose they are', async () => {
    const { io, ended } = script('echo $KRB5CCNAME > name', ['-V']);
    expect(await ended).toBe(0);
    expect(io.output).toBe(
      `Using new cache: ${readOutput('name')}Using principal: robot@A.TEST\nUsing keytab: ${keytab}\n`,
    );
  });

  it('gets its arguments as they are', async () => {
    const argv = ['sh', '-c', 'printf "%s\\n" "$@" > args', 'sh', '-t', '--', '-K', '', '$HOME', '--service'];
    expect(await begin(['-t', keytab, 'robot', '--', ...argv]).ended).toBe(0);
    expect(readOutput('args')).toBe('-t\n--\n-K\n\n$HOME\n--service\n');
  });

  it('has tickets for the services that are asked for', async () => {
    const options = ['--service', 'HTTP/web', '--service=ldap/dir'];
    expect(await script(`${COPY} cache`, options).ended).toBe(0);
    expect(serversIn('cache').sort()).toEqual(['HTTP/web@A.TEST', TGT, 'ldap/dir@A.TEST'].sort());
  });

  it('is not started where a service is unknown', async () => {
    const { io, ended } = script('echo > out', ['--service', 'nope/x']);
    expect([await ended, io.output]).toEqual([
      1,
      'krb5kit run: Server nope/x@A.TEST not found in Kerberos database while getting credentials for nope/x@A.TEST\n',
    ]);
    expect([existsSync(inFolder('out')), readdirSync(temporary)]).toEqual([false, []]);
  });

  it('may be given another cache, which stays', async () => {
    expect(await script('echo $KRB5CCNAME > name', ['-c', inFolder('cc')]).ended).toBe(0);
    expect(readOutput('name')).toBe(`${inFolder('cc')}\n`);
    expect(serversIn('cc')).toEqual([TGT]);
  });

  it('shares its cache with no other that runs at the same time', async () => {
    const runs = Array.from({ length: 5 }, (_, i) => script(`echo $KRB5CCNAME > name${i}; sleep 0.2`).ended);
    expect(await Promise.all(runs)).toEqual([0, 0, 0, 0, 0]);
    expect(new Set(runs.map((_, i) => readOutput(`name${i}`))).size).toBe(5);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('finds no memory through a directory that no list of configuration files can name', async () => {
    mkdirSync(inFolder('a:b'));
    const runtime = { XDG_RUNTIME_DIR: inFolder('a:b') };
    const look = 'echo $HEIM_IPC_DIR > name';
    expect(await script(look, ['--memory'], { env: runtime }).ended).toBe(0);
    expect(readOutput('name')).toContain('/tmp/krb5kit-run-');
    const { io, ended } = script('true', ['--memory'], { env: { TMPDIR: inFolder('a:b') } });
    expect([await ended, io.output]).toEqual([
      1,
      `krb5kit run: Names of files in ${inFolder('a:b')} cannot be used in a configuration\n`,
    ]);
  });

  it('finds them in the memory of an agent of its own, too', async () => {
    const look =
      'env | grep -E "^(KRB5|HEIM)" > env; ls -A $HEIM_IPC_DIR > files; stat -c %a $HEIM_IPC_DIR > mode';
    const { io, ended } = script(look, ['--memory']);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(readOutput('env')).toContain('KRB5CCNAME=KCM:\n');
    expect(readOutput('env')).toMatch(/KRB5_CONFIG=.*krb5kit-run-\w+\/krb5.conf:.*krb5.conf\n/);
    expect(readOutput('mode')).toBe('700\n');
    expect(readOutput('files').split('\n')).not.toContain('krb5cc');
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the exit status', () => {
  it.each([0, 1, 77, 255])('is that of the command: %i', async status => {
    expect(await script(`exit ${status}`).ended).toBe(status);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['INT', 130],
  ])('is 128 and the signal that ended it: %s', async (signal, status) => {
    expect(await script(`kill -${signal} $$`).ended).toBe(status);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is that of the command though a lifetime is not what it looks like, which is told', async () => {
    const { io, ended } = begin(['-t', keytab, '-l', '1w', 'robot', '--', 'sh', '-c', 'exit 3']);
    expect(await ended).toBe(3);
    expect(io.stderr).toContain('krb5kit run: warning: -l 1w means 1 second, because "w" is ignored\n');
  });

  it('is 127 where there is no such command', async () => {
    const { io, ended } = begin(['-t', keytab, 'robot', '--', 'no-such-program']);
    expect([await ended, io.output]).toEqual([
      127,
      'krb5kit run: no-such-program: No such file or directory\n',
    ]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is told in JSON where there is no such command and JSON is asked for', async () => {
    const { io, ended } = begin(['-t', keytab, 'robot', '--json', '--', 'no-such-program']);
    expect(await ended).toBe(127);
    expect(outputOf('failure', io.stderr)).toMatchObject({
      code: 'PROGRAM_NOT_STARTED',
      message: 'no-such-program: No such file or directory',
      exitStatus: 127,
    });
  });

  it('is 127 where the name of the command is empty, as an unset variable makes it', async () => {
    const { io, ended } = begin(['-t', keytab, 'robot', '--', '']);
    expect([await ended, io.output]).toEqual([127, 'krb5kit run: : No such file or directory\n']);
  });

  it('is 1 where there are no tickets, and the command is not started', async () => {
    const { io, ended } = begin(['-t', keytab, 'alice', '--', 'touch', inFolder('out')]);
    expect([await ended, io.output]).toEqual([
      1,
      'krb5kit run: Keytab contains no suitable keys for alice@A.TEST while getting initial credentials\n',
    ]);
    expect([existsSync(inFolder('out')), readdirSync(temporary)]).toEqual([false, []]);
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)('is passed on: %s', async signal => {
    const trap = `trap 'echo got >> out; exit 9' ${signal.slice(3)}; echo ready > out; while :; do sleep 0.02; done`;
    const { io, ended } = script(trap);
    await until(() => existsSync(inFolder('out')) || undefined);
    io.stop(signal);
    expect(await ended).toBe(9);
    expect(readOutput('out')).toBe('ready\ngot\n');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each([
    ['in the foreground, since it is typed', '300', 'ready\n'],
    ['in the background, where it cannot be typed', '1', 'ready\ngot\n'],
  ])('SIGINT of a terminal, %s', async (_, group, said) => {
    const ownStatFile = inFolder('stat');
    writeFileSync(ownStatFile, `300 (a (b) c) S 1 ${group} 300 34816 300 4194304`);
    const trap = `trap 'echo got >> out' INT; trap 'exit 9' TERM; echo ready > out; while :; do sleep 0.02; done`;
    const { io, ended } = script(trap, [], { stdinIsTerminal: true, ownStatFile });
    await until(() => existsSync(inFolder('out')) || undefined);
    io.stop('SIGINT');
    if (said.includes('got')) await until(() => readOutput('out') === said || undefined);
    io.stop('SIGTERM');
    expect(await ended).toBe(9);
    expect(readOutput('out')).toBe(said);
  });

  it.each(['SIGUSR1', 'SIGUSR2'] as const)('that is for the command alone is passed on: %s', async signal => {
    const trap = `trap 'exit 9' ${signal.slice(3)}; echo ready > out; while :; do sleep 0.02; done`;
    const { ended } = script(trap);
    await until(() => existsSync(inFolder('out')) || undefined);
    process.kill(process.pid, signal);
    expect(await ended).toBe(9);
  });

  it.each(['SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const)(
    'that nobody waits for yet is no trouble: %s',
    async signal => {
      const own = await silentKdc();
      const { io, ended } = begin(['-t', keytab, 'robot@A.TEST', '--', 'true']);
      await until(() => readdirSync(temporary).length > 0 || undefined);
      process.kill(process.pid, signal);
      setTimeout(() => io.stop('SIGTERM'), 200);
      expect(await ended).toBe(143);
      await own.close();
    },
  );

  it('while the KDC is waited for ends the wait', async () => {
    const own = await silentKdc();
    const { io, ended } = begin(['-t', keytab, 'robot@A.TEST', '--', 'true']);
    await until(() => readdirSync(temporary).length > 0 || undefined);
    setTimeout(() => io.stop('SIGTERM'), 200);
    expect(await ended).toBe(143);
    expect(readdirSync(temporary)).toEqual([]);
    await own.close();
  });
});

/** One that hears all and says nothing. */
async function silentKdc(): Promise<RunningKdc> {
  const own = await startKdc({ realm: 'A.TEST', trouble: { drop: 1000 } });
  writeFileSync(inFolder('krb5.conf'), own.krb5Conf());
  return own;
}

describe('while the command runs', () => {
  /** Waits in the script for the ticket-granting ticket to be another one, and copies both caches. */
  const CHANGE = `${COPY} first; n=0; while cmp -s first $(echo $KRB5CCNAME | sed s/FILE://); do
    n=$((n+1)); [ $n -lt 400 ] || exit 99; sleep 0.05; done; ${COPY} second`;
  const endOf = (name: string) =>
    ticketsIn(name).find(({ server }) => formatPrincipal(server) === TGT)!.endtime;

  it('a renewable ticket is renewed, and new tickets for services are obtained', async () => {
    const { io, ended } = script(CHANGE, ['-l', '4s', '-r', '1h', '--service', 'HTTP/web']);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(endOf('second').getTime()).toBeGreaterThan(endOf('first').getTime());
    expect(serversIn('second').sort()).toEqual(['HTTP/web@A.TEST', TGT]);
    expect(log.filter(line => line.startsWith('AS_REQ') && line.includes('ISSUE:'))).toHaveLength(1);
  });

  it.each([
    ['keytab', () => ['-t', keytab, 'robot'], ''],
    ['password', () => ['--password-stdin', 'alice'], 'alicepw\n'],
  ])('one that is not is got anew, by the %s', async (_, options, stdin) => {
    const { io, ended } = begin(['-l', '4s', '-r', '1s', ...options(), '--', 'sh', '-c', CHANGE], { stdin });
    expect([await ended, io.output]).toEqual([0, '']);
    expect(endOf('second').getTime()).toBeGreaterThan(endOf('first').getTime());
  });

  it('SIGALRM has them got at once', async () => {
    const { io, ended } = script(`echo > ready; ${CHANGE}`, ['-l', '1h', '-r', '2h']);
    await until(() => existsSync(inFolder('first')) || undefined);
    // The times in tickets are whole seconds.
    setTimeout(() => process.kill(process.pid, 'SIGALRM'), 1100);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(endOf('second').getTime()).toBeGreaterThan(endOf('first').getTime());
  });

  it('failures are reported in JSON if that is asked for', async () => {
    const own = await startKdc({ realm: 'A.TEST', services: ['robot'] });
    writeFileSync(inFolder('krb5.conf'), own.krb5Conf());
    writeFileSync(keytab, KeytabFile.encode(own.keytab('robot')));
    const waiting = 'echo > out; while [ ! -e done ]; do sleep 0.05; done';
    const { io, ended } = script(waiting, ['--json', '-l', '3s', '-r', '1s']);
    await until(() => existsSync(inFolder('out')) || undefined);
    own.cause({ revoked: ['robot'] });
    await until(() => io.stderr.endsWith('\n') || undefined);
    expect(outputOf('failure', io.stderr)).toMatchObject({ code: 'KDC_ERROR', exitStatus: 0 });
    writeFileSync(inFolder('done'), '');
    expect(await ended).toBe(0);
    await own.close();
  });

  it('failures are reported once, and so is the first success after them', async () => {
    const own = await startKdc({ realm: 'A.TEST', services: ['robot'] });
    writeFileSync(inFolder('krb5.conf'), own.krb5Conf());
    writeFileSync(keytab, KeytabFile.encode(own.keytab('robot')));
    const { io, ended } = script('echo > out; while [ ! -e done ]; do sleep 0.05; done', [
      '-l',
      '3s',
      '-r',
      '1s',
    ]);
    await until(() => existsSync(inFolder('out')) || undefined);
    own.cause({ revoked: ['robot'] });
    await until(() => /revoked/.test(io.stderr) || undefined);
    await new Promise(resolve => setTimeout(resolve, 2500));
    expect(io.stderr.match(/\n/g)).toHaveLength(1);
    own.cause({});
    await until(() => /new tickets again\n/.test(io.stderr) || undefined);
    writeFileSync(inFolder('done'), '');
    expect(await ended).toBe(0);
    await own.close();
  });
});

describe('secrets', () => {
  const show = 'echo "got $SECRET" > env; krb=$(echo $KRB5CCNAME | sed s/FILE://); cp $krb cache';
  const owner = () => formatPrincipal(CcacheFile.decode(readFileSync(inFolder('cache'))).principal);

  it('of a keytab file is used without a principal: the first one that it has keys of', async () => {
    const { io, ended } = begin(['-t', keytab, '--', 'sh', '-c', show]);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(owner()).toBe('robot@A.TEST');
  });

  it('what is said fits the terminal', async () => {
    const { io, ended } = begin(['-t', keytab, 'someone-with-a-long-name', '--', 'true'], {
      stderrIsTerminal: true,
      columns: 60,
    });
    expect(await ended).toBe(1);
    const lines = io.stderr.split('\n');
    expect(lines[1]).toMatch(/^ {2}\S/);
    expect(lines.filter(line => line.length > 60 && line.trim().includes(' '))).toEqual([]);
  });

  it('a keytab file that is missing or empty is told of', async () => {
    const missing = begin(['-t', inFolder('none'), '--', 'true']);
    expect(await missing.ended).toBe(1);
    expect(missing.io.stderr).toMatch(/none' not found while reading keytab /);
    writeFileSync(inFolder('empty'), KeytabFile.encode([]));
    const empty = begin(['-t', inFolder('empty'), '--', 'true']);
    expect(await empty.ended).toBe(1);
    expect(empty.io.stderr).toBe(`krb5kit run: There is no key in keytab ${inFolder('empty')}\n`);
  });

  it('of the principal in the default cache is meant where none is named', async () => {
    const env = { KRB5CCNAME: inFolder('cc') };
    const login = begin(['--password-stdin', 'alice'], { command: kinit, env, stdin: 'alicepw\n' });
    expect(await login.ended).toBe(0);
    writeFileSync(inFolder('password'), 'alicepw\n');
    const { io, ended } = begin(['--password-file', inFolder('password'), '--', 'sh', '-c', show], { env });
    expect([await ended, io.output]).toEqual([0, '']);
    expect(owner()).toBe('alice@A.TEST');
  });

  it.each([
    ['in base64', () => base64()],
    ['in base64 of several lines', () => base64().replace(/.{60}/g, '$&\n')],
    ['in base64 for URLs', () => base64().replaceAll('+', '-').replaceAll('/', '_')],
  ])('a keytab comes from a variable, %s, of which the command knows nothing', async (_, text) => {
    const { io, ended } = begin(['--keytab-env', 'SECRET', '--', 'sh', '-c', show], {
      env: { SECRET: text() },
    });
    expect([await ended, io.output]).toEqual([0, '']);
    expect([readOutput('env'), owner()]).toEqual(['got \n', 'robot@A.TEST']);
  });

  it('a keytab comes from a variable of which what tells the service manager knows nothing either', async () => {
    mkdirSync(inFolder('bin'));
    const notify = `#!/bin/sh\nenv >> ${inFolder('told')}\n`;
    writeFileSync(inFolder('bin/systemd-notify'), notify, { mode: 0o755 });
    const env = { SECRET: base64(), NOTIFY_SOCKET: '/none', PATH: `${inFolder('bin')}:/usr/bin:/bin` };
    expect(await begin(['--keytab-env', 'SECRET', '--', 'true'], { env }).ended).toBe(0);
    expect(readOutput('told')).toContain('NOTIFY_SOCKET=');
    expect(readOutput('told')).not.toContain('SECRET=');
  });

  it.each([
    ['as it is', () => readFileSync(keytab)],
    ['in base64', () => Buffer.from(`${base64()}\n`)],
  ])('a keytab comes from a descriptor, %s', async (_, bytes) => {
    writeFileSync(inFolder('pipe'), bytes());
    const fd = openSync(inFolder('pipe'), 'r');
    const { io, ended } = begin(['--keytab-fd', `${fd}`, '--', 'sh', '-c', show]);
    expect([await ended, io.output]).toEqual([0, '']);
    closeSync(fd);
    expect(owner()).toBe('robot@A.TEST');
  });

  it('tickets come from a variable', async () => {
    expect(await begin(['-t', keytab, '-c', inFolder('cc'), 'robot'], { command: kinit }).ended).toBe(0);
    const asked = log.filter(line => line.startsWith('AS_REQ')).length;
    const env = { SECRET: readFileSync(inFolder('cc')).toString('base64') };
    const { io, ended } = begin(['--cache-env', 'SECRET', '--service', 'HTTP/web', '--', 'sh', '-c', show], {
      env,
    });
    expect([await ended, io.output]).toEqual([0, '']);
    expect([readOutput('env'), owner()]).toEqual(['got \n', 'robot@A.TEST']);
    expect(serversIn('cache')).toEqual([TGT, 'HTTP/web@A.TEST']);
    expect(log.filter(line => line.startsWith('AS_REQ'))).toHaveLength(asked);
  });

  it('a password comes from a file, a variable, a descriptor or standard input', async () => {
    writeFileSync(inFolder('password'), 'alicepw\nmore\n');
    const fd = openSync(inFolder('password'), 'r');
    for (const options of [
      ['--password-file', inFolder('password')],
      ['--password-env', 'SECRET'],
      ['--password-fd', `${fd}`],
      ['--password-stdin'],
      ['--password-file', '-'],
      ['--password-file=STDIN'],
    ]) {
      const more = { env: { SECRET: 'alicepw\r\nmore\n' }, stdin: 'alicepw\n' };
      const { io, ended } = begin([...options, 'alice', '--', 'sh', '-c', show], more);
      expect([await ended, io.output], options[0]).toEqual([0, '']);
      expect(owner()).toBe('alice@A.TEST');
    }
    closeSync(fd);
  });

  it.each([
    [
      ['--keytab-env', 'BQIAAA=='],
      {},
      'Cannot read keytab: the variable that --keytab-env names is not set, or',
    ],
    [
      ['--cache-env', 'SECRET'],
      { SECRET: '' },
      'Cannot read cache: the variable that --cache-env names is not',
    ],
    [
      ['--password-env', 'hunter2', 'a'],
      {},
      'Cannot read password: the variable that --password-env names is',
    ],
    [['--password-env', 'SECRET', 'a'], { SECRET: '\n' }, 'Cannot read password: the variable that'],
    [['--keytab-env', 'SECRET'], { SECRET: '?' }, 'SECRET contains neither a keytab nor one in base64'],
    [
      ['--keytab-env', 'SECRET'],
      { SECRET: 'AAAA' },
      'SECRET does not contain a keytab: version: not 5.1 or 5.2',
    ],
    [['--keytab-env', 'SECRET'], { SECRET: 'BQI=' }, 'There are no keys in SECRET'],
    [['--cache-env', 'SECRET'], { SECRET: 'BQQ=' }, 'SECRET does not contain a cache'],
    [['--keytab-env', 'SECRET'], { SECRET: 'BQIAA' }, 'SECRET contains neither a keytab nor one in base64'],
    [['--keytab-fd', '987'], {}, 'Cannot read keytab: descriptor 987: '],
    [['-b', '--keytab-fd', '999999999'], {}, 'Cannot read descriptor 999999999: '],
  ])('that are none are told of: %s %o', async (options, env, expected) => {
    const { io, ended } = begin([...options, '--', 'true'], { env });
    expect(await ended).toBe(1);
    expect(io.output).toContain(`krb5kit run: ${expected}`);
    expect(io.output).not.toMatch(/hunter2|BQIAAA/);
  });

  it('come from one place', async () => {
    for (const options of [
      ['--keytab-env', 'A', '--password-stdin'],
      ['--keytab-env', 'A', '-t', keytab],
    ]) {
      const { io, ended } = begin([...options, '--', 'true']);
      expect(await ended).toBe(2);
      expect(io.output).toMatch(/^Only one source of keys, tickets or a password can be given\n/);
    }
  });

  it('no new password is taken from the standard input of the command for one that has expired', async () => {
    const own = await startKdc({
      realm: 'A.TEST',
      users: [{ name: 'old', password: 'oldpw', passwordExpiration: new Date(Date.now() - 3_600_000) }],
      passwordPort: 0,
    });
    writeFileSync(inFolder('krb5.conf'), own.krb5Conf());
    const more = { env: { SECRET: 'oldpw' }, stdin: 'data\ndata\n' };
    for (const [command, rest] of [
      [run, ['--', 'true']],
      [kinit, ['-c', inFolder('cc')]],
    ] as const) {
      const { io, ended } = begin(['--password-env', 'SECRET', 'old', ...rest], { command, ...more });
      expect([await ended, io.output]).toEqual([
        1,
        `${command.name}: Password has expired while getting initial credentials\n`,
      ]);
      expect(await io.readLine()).toBe('data');
    }
    await own.close();
  });

  it('tickets of another than the principal that is named are refused', async () => {
    expect(await begin(['-t', keytab, '-c', inFolder('cc'), 'robot'], { command: kinit }).ended).toBe(0);
    const env = { SECRET: readFileSync(inFolder('cc')).toString('base64') };
    const refused = 'The tickets belong to robot@A.TEST, not to alice@A.TEST\n';
    const { io, ended } = begin(['--cache-env', 'SECRET', 'alice', '--', 'true'], { env });
    expect([await ended, io.output]).toEqual([1, `krb5kit run: ${refused}`]);
    const other = begin(['--cache-env', 'SECRET', '-c', inFolder('cc2'), 'alice'], { env, command: kinit });
    expect([await other.ended, other.io.output]).toEqual([1, `kinit: ${refused}`]);
    expect(existsSync(inFolder('cc2'))).toBe(false);
  });

  it('are not read from the standard input of the command unless that is asked for', async () => {
    const { io, ended } = begin(['alice', '--', 'true'], { stdin: 'alicepw\n' });
    expect(await ended).toBe(1);
    expect(io.output).toMatch(
      /^krb5kit run: There is no terminal to ask for the password of alice@A\.TEST on/,
    );
  });

  it('are hidden in the logs of GitHub, where that is asked for', async () => {
    const env = { SECRET: base64(), GITHUB_ACTIONS: 'true' };
    const { io, ended } = begin(['--keytab-env', 'SECRET', '--mask', '--', 'true'], { env });
    expect([await ended, io.output]).toEqual([0, `::add-mask::${base64()}\n`]);
    const plain = begin(['--keytab-env', 'SECRET', '--mask', '--', 'true'], { env: { SECRET: base64() } });
    expect([await plain.ended, plain.io.output]).toEqual([0, '']);
  });

  it('that GitLab cannot hide are called out', async () => {
    const env = { SECRET: `${base64()}\n`, GITLAB_CI: 'true' };
    const { io, ended } = begin(['--keytab-env', 'SECRET', '--mask', '--', 'true'], { env });
    expect(await ended).toBe(0);
    expect(io.output).toMatch(/^krb5kit run: warning: GitLab cannot mask SECRET: .*base64 -w0\)\n$/);
  });
});

describe('without a command', () => {
  it('-K keeps the default cache alive until it is asked to end', async () => {
    const env = { KRB5CCNAME: `FILE:${inFolder('cc')}` };
    const { io, ended } = begin(['-K', '1', '-l', '4s', '-r', '1h', '-t', keytab, 'robot'], { env });
    await until(() => existsSync(inFolder('cc')) || undefined);
    const first = ticketsIn('cc')[0]!.endtime.getTime();
    await until(() => ticketsIn('cc')[0]!.endtime.getTime() > first || undefined);
    io.stop('SIGTERM');
    expect([await ended, io.output]).toEqual([0, '']);
    expect(serversIn('cc')).toEqual([TGT]);
  });

  it('-H asks no KDC while tickets last', async () => {
    const env = { KRB5CCNAME: `FILE:${inFolder('cc')}` };
    const options = ['-t', keytab, '--service', 'HTTP/web', 'robot'];
    expect(await begin(['-H', '10', ...options], { env }).ended).toBe(0);
    const asked = log.length;
    expect(asked).toBeGreaterThan(0);
    expect(await begin(['-H', '10', ...options], { env }).ended).toBe(0);
    expect(log).toHaveLength(asked);
    expect(await begin(['-H', '2000', ...options], { env }).ended).toBe(0);
    expect(log.length).toBeGreaterThan(asked);
  });
});

it.each([
  [[], 'krb5kit run: name the command to run, after --'],
  [['alice'], 'krb5kit run: name the command to run, after --'],
  [['alice', 'bob', '--', 'true'], 'krb5kit run: unexpected argument "bob": the command must follow --'],
  [['-K', '0', '--', 'true'], 'krb5kit run: -K argument 0 invalid'],
  [['-K', 'x', '--', 'true'], 'krb5kit run: -K argument x invalid'],
  [['-f', '-F', '--', 'true'], 'krb5kit run: Only one of -f and -F allowed'],
  [['-l', 'x', '--', 'true'], 'krb5kit run: Bad lifetime value x'],
  [
    ['-b', '--password-file', '-', '--', 'true'],
    'krb5kit run: -b requires a keytab, a cache, or a password that is not typed',
  ],
  [['-b', '--', 'true'], 'krb5kit run: -b requires a keytab, a cache, or a password that is not typed'],
  [['-K', '1', '--memory'], 'krb5kit run: --memory requires a command'],
  [['-c', 'x', '--memory', '--', 'true'], 'krb5kit run: -c and --memory cannot be combined'],
  [['--mask', '--', 'true'], '--mask requires an option that gives a secret'],
  [['-b', '--keytab-fd', 'x', '--', 'true'], "'x' is not a file descriptor"],
])('refuses %j', async (argv, message) => {
  const { io, ended } = begin(argv);
  expect(await ended).toBe(2);
  expect(io.output.split('\n')[0]).toBe(message);
  expect(readdirSync(temporary)).toEqual([]);
});

describe('k5start', () => {
  const start = (argv: readonly string[], more: Options = {}) => begin(argv, { command: k5start, ...more });

  it('takes the keytab and the principal by its own letters', async () => {
    const shell = ['sh', '-c', `${COPY} cache; exit 3`];
    const begun = Date.now();
    const { io, ended } = start(['-U', '-f', keytab, '-l', '1h', '--', ...shell]);
    expect([await ended, io.output]).toEqual([3, 'Kerberos initialization for robot@A.TEST\n']);
    expect(serversIn('cache')).toEqual([TGT]);
    // An hour from when it was asked for, which may be a second before the KDC's answer, in whole seconds.
    const asked = ticketsIn('cache')[0]!.endtime.getTime() - 3_600_000;
    expect(asked).toBeGreaterThan(begun - 1000);
    expect(asked).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    [['-i', 'x', 'robot'], "Client 'robot/x@A.TEST' not found in Kerberos database"],
    [['-i', 'x', 'robot/y'], 'instance specified in the principal and with -i'],
    [['-U', '-i', 'x'], '-U option cannot be used with -u or -i options'],
    [['-U', '-u', 'robot'], '-U option cannot be used with -u or -i options'],
  ])('puts the principal together, and refuses contradictions: %j', async (words, reason) => {
    const robot = kdc
      .keytab('robot')
      .map(entry => ({ ...entry, principal: parsePrincipal('robot/x@A.TEST') }));
    writeFileSync(keytab, KeytabFile.encode(robot));
    const { io, ended } = start(['-q', '-f', keytab, '-k', inFolder('cc'), ...words]);
    expect(await ended).toBe(1);
    expect(io.stderr).toContain(reason);
  });

  it("gets a ticket for another realm from the KDC of the client's", async () => {
    const own = await startKdc({ realm: 'A.TEST', services: ['robot'], trusts: [{ realm: 'B.TEST' }] });
    writeFileSync(inFolder('krb5.conf'), own.krb5Conf());
    writeFileSync(keytab, KeytabFile.encode(own.keytab('robot')));
    const { io, ended } = start(['-q', '-f', keytab, '-k', inFolder('cc'), '-r', 'B.TEST', 'robot']);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(serversIn('cc')).toEqual(['krbtgt/B.TEST@A.TEST']);
    await own.close();
  });

  it('gives the cache its mode', async () => {
    const { io, ended } = start(['-q', '-m', '640', '-k', inFolder('cc'), '-f', keytab, 'robot']);
    expect([await ended, io.output]).toEqual([0, '']);
    expect(statSync(inFolder('cc')).mode & 0o777).toBe(0o640);
  });

  it('runs aklog whenever there is a new ticket', async () => {
    writeFileSync(inFolder('aklog'), `#!/bin/sh\necho "$KRB5CCNAME" >> ${inFolder('told')}\n`, {
      mode: 0o755,
    });
    const env = { AKLOG: inFolder('aklog') };
    expect(await start(['-q', '-t', '-k', inFolder('cc'), '-f', keytab, 'robot'], { env }).ended).toBe(0);
    expect(readOutput('told')).toBe(`${inFolder('cc')}\n`);
  });

  it('gets a ticket for another service', async () => {
    const argv = ['-S', 'HTTP', '-I', 'web', '-k', inFolder('cc'), '-f', keytab, 'robot'];
    const { io, ended } = start(argv);
    expect([await ended, io.output]).toEqual([
      0,
      'Kerberos initialization for robot@A.TEST for service HTTP/web\n',
    ]);
    expect(serversIn('cc')).toEqual(['HTTP/web@A.TEST']);
  });

  it('goes on trying for a command to get its first ticket, and with -x does not', async () => {
    rmSync(inFolder('krb5.conf'));
    writeFileSync(inFolder('krb5.conf'), '[libdefaults]\ndns_lookup_kdc = false\n');
    const argv = ['-q', '-f', keytab, 'robot@A.TEST', 'sh', '-x', inFolder('none')];
    expect(await start(argv).ended).toBe(1);
    const patient = start(['-q', '-f', keytab, 'robot@A.TEST', 'touch', inFolder('out')]);
    await until(() => /Cannot find KDC/.test(patient.io.stderr) || undefined);
    patient.io.stop('SIGTERM');
    expect(await patient.ended).toBe(143);
    expect(existsSync(inFolder('out'))).toBe(false);
  });
});

describe('krenew', () => {
  it('gives the command a copy of the tickets, and leaves the cache as it is', async () => {
    const env = { KRB5CCNAME: `FILE:${inFolder('cc')}` };
    expect(await begin(['-r', '2h', '-l', '1h', '-t', keytab, 'robot'], { command: kinit, env }).ended).toBe(
      0,
    );
    const before = readFileSync(inFolder('cc'));
    const { io, ended } = begin(['--', 'sh', '-c', `${COPY} cache; exit 4`], { command: krenew, env });
    expect([await ended, io.output]).toEqual([4, '']);
    expect(readFileSync(inFolder('cc'))).toEqual(before);
    expect(serversIn('cache')).toEqual([TGT]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('sends SIGHUP to the command with -s when nothing is left to renew', async () => {
    const env = { KRB5CCNAME: `FILE:${inFolder('cc')}` };
    // As long as it takes on a busy machine to renew it once, and to start the command.
    const short = ['-r', '5s', '-l', '4s', '-t', keytab, 'robot'];
    expect(await begin(short, { command: kinit, env }).ended).toBe(0);
    const wait = `trap 'echo hup > out; exit 0' HUP; while :; do sleep 0.05; done`;
    const { io, ended } = begin(['-s', '--', 'sh', '-c', wait], { command: krenew, env });
    expect(await ended).toBe(1);
    expect(readOutput('out')).toBe('hup\n');
    expect(io.stderr).toMatch(/^krenew: .*\n$/);
  });

  it('waits with -i for a cache, and renews the tickets of whoever logs in to it', async () => {
    const KRB5CCNAME = `FILE:${inFolder('cc')}`;
    const alice = { env: { KRB5CCNAME, PASSWORD: 'alicepw' }, command: kinit };
    const robot = { env: { KRB5CCNAME }, command: kinit };
    const { io, ended } = begin(['-i', '-a', '-v', '-K', '0.005'], { command: krenew, env: { KRB5CCNAME } });
    await until(() => io.stderr !== '');
    expect(io.stderr).toMatch(/^krenew: error reading ticket cache: No credentials cache found .*\n$/);
    expect(await begin(['-r', '1h', '-t', keytab, 'robot'], robot).ended).toBe(0);
    await until(() => io.stdout.includes('krenew: renewing credentials for robot@A.TEST\n'));
    expect(await begin(['-r', '1h', '--password-env', 'PASSWORD', 'alice'], alice).ended).toBe(0);
    await until(() => io.stdout.endsWith('krenew: renewing credentials for alice@A.TEST\n'));
    io.stop('SIGTERM');
    expect(await ended).toBe(0);
    expect(io.stderr).toMatch(/\nkrenew: there are new tickets again\n$/);
  });

  it('ends when the KDC refuses to renew after it could not be reached', async () => {
    const own = await startKdc({ realm: 'A.TEST', services: ['robot'] });
    writeFileSync(inFolder('krb5.conf'), `[libdefaults]\nrequest_timeout = 1\n${own.krb5Conf()}`);
    writeFileSync(keytab, KeytabFile.encode(own.keytab('robot')));
    const env = { KRB5CCNAME: `FILE:${inFolder('cc')}` };
    const lives = ['-r', '1h', '-l', '3s', '-t', keytab, 'robot'];
    expect(await begin(lives, { command: kinit, env }).ended).toBe(0);
    const wait = `trap 'echo hup > out; exit 0' HUP; echo > begun; while :; do sleep 0.05; done`;
    const { io, ended } = begin(['-s', '--', 'sh', '-c', wait], { command: krenew, env });
    await until(() => existsSync(inFolder('begun')));
    own.cause({ drop: 1000 });
    await until(() => io.stderr !== '');
    own.advance(7200);
    own.cause();
    expect(await ended).toBe(1);
    await own.close();
    expect(readOutput('out')).toBe('hup\n');
    expect(io.stderr).toMatch(/^krenew: .*Cannot contact any KDC.*\nkrenew: .*Ticket expired\n$/);
  });
});
