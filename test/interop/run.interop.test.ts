import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runBuilt } from '../support/built-commands.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { hasPty, remaining, runInPty } from '../support/pty.ts';
import { until } from '../support/until.ts';

let kdc: MitKdc;
let folder: string;
let env: Readonly<Record<string, string>>;

describePeer('mit-kdc', () => describePeer('mit-client', suite));
describePeer('kstart', beside);

const krb5kit = join(import.meta.dirname, '../../bin/krb5kit');
const inFolder = (name: string): string => join(folder, name);
const readOutput = (name: string): string => readFileSync(inFolder(name), 'utf8');

function inRealm(): void {
  beforeAll(async () => {
    kdc = await startMitKdc();
  });
  afterAll(() => kdc?.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(kdc.dir, 'run-'));
    mkdirSync(inFolder('tmp'));
    env = { ...kdc.env, HOME: folder, TMPDIR: inFolder('tmp'), KRB5CCNAME: `FILE:${inFolder('cc')}` };
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
}

const running: ChildProcess[] = [];

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [krb5kit, ...args], {
    env: { ...env, ...more },
    stdio: 'ignore',
    cwd: folder,
  });
  running.push(child);
  const ended = new Promise<number | string | null>(resolve =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  return { child, ended };
}

const run = (args: readonly string[], input?: string) =>
  runBuilt('krb5kit', ['run', ...args], { env, ...(input !== undefined && { input }) });

const written = (name: string) => until(() => (existsSync(inFolder(name)) && readOutput(name)) || undefined);
const asAlice = (): readonly string[] => ['-t', kdc.clientKeytab, 'alice'];
const LONG = `trap 'echo hup > hup; exit 0' HUP; echo $KRB5CCNAME > name; while :; do sleep 0.05; done`;

/** The commands as they are built, with MIT's KDC and MIT's programs as the commands they run. */
function suite(): void {
  inRealm();

  it.each([[[]], [['--memory']]])(
    "%j: MIT's programs find the tickets, and put theirs beside them",
    async options => {
      const script = 'kvno HTTP/localhost && klist && exit 7';
      const ran = await run([
        ...options,
        '--service',
        'host/localhost',
        ...asAlice(),
        '--',
        'sh',
        '-c',
        script,
      ]);
      expect([ran.status, ran.stderr]).toEqual([7, '']);
      expect(ran.stdout).toContain('Default principal: alice@A.TEST');
      expect(ran.stdout.match(/ (?:krbtgt|host|HTTP)\/\S+@A\.TEST$/gm)).toHaveLength(3);
      expect(readdirSync(inFolder('tmp'))).toEqual([]);
    },
  );

  it.each([[[]], [['--memory']], [['--password-fd', '7']], [['--password-file', '/dev/fd/7']]])(
    '%j: descriptors that the shell has opened reach the command, but for those of secrets',
    async options => {
      writeFileSync(inFolder('three'), 'three\n');
      writeFileSync(inFolder('secret'), 'alicepw\n');
      const hasSecret = options.some(option => option.startsWith('--password'));
      const who = hasSecret ? ['alice'] : asAlice();
      // As make has it, 5 and 6 are a pipe of which both ends are passed on.
      const command =
        'read a <&3; echo "$a" >&4; echo token >&6; read b <&5; echo "$b"; ls /proc/$$/fd; true';
      const words = [...options, ...who, '--', 'sh', '-c', command].map(word => `'${word}'`).join(' ');
      const listing = 'sh -c "ls /proc/\\$\\$/fd; true" 3<three 4>four 7<secret';
      const shell = `${listing}; echo; exec ${process.execPath} ${krb5kit} run ${words} 3<three 4>four 7<secret`;
      const python = `import os
ends = os.pipe()
os.dup2(ends[1], 9); os.dup2(ends[0], 5); os.dup2(9, 6); os.close(9)
os.execvp('sh', ['sh', '-c', os.environ['LINE']])`;
      const ran = spawnSync('python3', ['-c', python], {
        env: { ...env, LINE: shell },
        cwd: folder,
        encoding: 'utf8',
      });
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      expect(readOutput('four')).toContain('three');
      const [before, after] = ran.stdout.split('\n\n');
      const [token, ...open] = after!.trim().split('\n');
      expect(token).toBe('token');
      const secret = hasSecret ? ['7'] : [];
      expect([...open, ...secret].sort()).toEqual(before!.split('\n').sort());
    },
  );

  it.each([[[]], [['--memory']]])(
    "%j: a renewal leaves the tickets that MIT's programs have got",
    async options => {
      const ends = `klist | awk '/krbtgt/ { print $4 }'`;
      const script = `kvno -q HTTP/localhost; first=$(${ends}); n=0; while [ "$(${ends})" = "$first" ]; do
      n=$((n+1)); [ $n -lt 300 ] || exit 99; sleep 0.1; done; kvno --cached-only HTTP/localhost`;
      const ran = await run([...options, '-l', '12s', '-r', '1h', ...asAlice(), '--', 'sh', '-c', script]);
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      expect(ran.stdout).toMatch(/^HTTP\/localhost@A\.TEST: kvno = \d+\n$/);
    },
  );

  it('kinit --for is content with what it has got, KDC or no KDC', async () => {
    const args = ['--for', 'HTTP/localhost', '--min', '10m', '-k', ...asAlice()];
    expect(await runBuilt('kinit', args, { env })).toEqual({ status: 0, stdout: '', stderr: '' });
    const listed = await kdc.run('klist', ['-c', inFolder('cc')]);
    expect(listed.stdout.match(/ (?:krbtgt|HTTP)\/\S+@A\.TEST$/gm)).toHaveLength(2);
    writeFileSync(inFolder('krb5.conf'), '[libdefaults]\ndns_lookup_kdc = false\n');
    const nowhere = { ...env, KRB5_CONFIG: inFolder('krb5.conf') };
    const again = ['--for', 'HTTP/localhost@A.TEST', '--min', '10m', 'alice@A.TEST'];
    expect(await runBuilt('kinit', again, { env: nowhere })).toEqual({ status: 0, stdout: '', stderr: '' });
    const more = await runBuilt('kinit', ['--for', 'host/localhost@A.TEST', 'alice@A.TEST'], {
      env: nowhere,
    });
    expect([more.status, more.stderr]).toEqual([
      1,
      expect.stringContaining('Cannot find KDC for realm "A.TEST"'),
    ]);
  });

  it('standard input is the command’s, but for the line of a password', async () => {
    const ran = await run(['--password-stdin', 'alice', '--', 'cat'], 'alicepw\nthe rest\n');
    expect(ran).toEqual({ status: 0, stdout: 'the rest\n', stderr: '' });
  });

  it.each([[[]], [['--memory']]])(
    '%j: kill -9 leaves nothing behind, and hangs up on the command',
    async options => {
      const file = ['--child-pid-file', inFolder('child')];
      const { child, ended } = start(['run', ...options, ...file, ...asAlice(), '--', 'sh', '-c', LONG]);
      await written('name');
      // It is there once the watchdog knows of the program.
      await written('child');
      expect(readdirSync(inFolder('tmp'))).toHaveLength(1);
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      expect(await written('hup')).toBe('hup\n');
      await until(() => readdirSync(inFolder('tmp')).length === 0);
    },
  );

  it('kill -9 leaves nothing behind where the path of the user leads to no programs', async () => {
    const args = ['run', ...asAlice(), '--', '/bin/sh', '-c', 'echo $KRB5CCNAME > name; exec /bin/sleep 20'];
    const { child, ended } = start(args, { PATH: '/nonexistent' });
    await written('name');
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await until(() => readdirSync(inFolder('tmp')).length === 0);
  });

  it('the watchdog that sees to it knows no secret', async () => {
    const SECRET = readFileSync(kdc.clientKeytab).toString('base64');
    const look = `for p in $(pgrep -P $PPID); do cat /proc/$p/environ >> ${inFolder('environ')}; done; exit 7`;
    const ran = await runBuilt('krb5kit', ['run', '--keytab-env', 'SECRET', '--', 'sh', '-c', look], {
      env: { ...env, SECRET },
    });
    expect(ran).toEqual({ status: 7, stdout: '', stderr: '' });
    expect(readOutput('environ')).toContain('PATH=');
    expect(readOutput('environ')).not.toContain(SECRET);
  });

  it('goes on where nobody reads what it says any more', async () => {
    const args = ['run', '--pid-file', inFolder('none/pid'), ...asAlice(), '--', 'sh', '-c', 'exit 5'];
    const child = spawn(process.execPath, [krb5kit, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    child.stderr.destroy();
    expect(await new Promise(resolve => child.once('exit', resolve))).toBe(5);
  });

  it('a descriptor that nobody has redirected is not waited for', async () => {
    const fds = Array.from({ length: 18 }, (_, i) => `${i + 3}`);
    for (const fd of fds) {
      const ran = await run(['--keytab-fd', fd, '--', 'true']);
      expect([fd, ran.status, ran.stderr]).toEqual([fd, 1, expect.stringMatching(/descriptor \d+/)]);
    }
  });

  it('a descriptor may be the copy of another', async () => {
    const script = `cat ${kdc.clientKeytab} | ${process.execPath} ${krb5kit} run --keytab-fd 5 5<&0 -- sh -c 'exit 7'`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([7, '']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while -b waits for the first ticket ends what is in the background, too',
    async signal => {
      const { silent, KRB5_CONFIG } = await silentKdc();
      const { child, ended } = start(['run', '-b', ...asAlice(), '--', 'true'], { KRB5_CONFIG });
      await new Promise(resolve => silent.once('message', resolve));
      child.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(readdirSync(inFolder('tmp'))).toEqual([]);
      silent.close();
    },
  );

  async function silentKdc() {
    const silent = createSocket('udp4');
    await new Promise<void>(resolve => silent.bind(0, '127.0.0.1', resolve));
    const place = `A.TEST = {\n kdc = udp/127.0.0.1:${silent.address().port}\n}\n`;
    writeFileSync(inFolder('krb5.conf'), `[libdefaults]\ndefault_realm = A.TEST\n[realms]\n${place}`);
    return { silent, KRB5_CONFIG: inFolder('krb5.conf') };
  }

  it('kill -9 before there is a ticket leaves nothing behind either', async () => {
    const { silent, KRB5_CONFIG } = await silentKdc();
    const { child, ended } = start(['run', ...asAlice(), '--', 'true'], { KRB5_CONFIG });
    await new Promise(resolve => silent.once('message', resolve));
    expect(readdirSync(inFolder('tmp'))).toHaveLength(1);
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    silent.close();
    await until(() => readdirSync(inFolder('tmp')).length === 0);
  });

  it('-b goes to the background once there is a ticket, with the numbers of both processes', async () => {
    const files = ['--pid-file', inFolder('pid'), '--child-pid-file', inFolder('child')];
    const ran = await run(['-b', ...files, ...asAlice(), '--', 'sh', '-c', `cd ${folder}; ${LONG}`]);
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
    const pid = Number(readOutput('pid'));
    expect(Number(readOutput('child'))).toBeGreaterThan(0);
    await written('name');
    process.kill(pid, 'SIGHUP');
    expect(await written('hup')).toBe('hup\n');
    await until(() => !existsSync(inFolder('pid')));
    expect([existsSync(inFolder('child')), readdirSync(inFolder('tmp'))]).toEqual([false, []]);
  });

  it('-b tells what is wrong before it goes there', async () => {
    const ran = await run(['-b', '-t', kdc.clientKeytab, 'bob', '--', 'true']);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('Keytab contains no suitable keys for bob@A.TEST');
  });

  it('-b tells of a command that cannot be started', async () => {
    const ran = await run(['-b', ...asAlice(), '--', 'no-such-program']);
    expect(ran).toEqual({
      status: 127,
      stdout: '',
      stderr: 'krb5kit run: no-such-program: No such file or directory\n',
    });
  });

  it('a keytab from a descriptor goes to the background, too', async () => {
    const script = `exec 5<${kdc.clientKeytab}; exec ${process.execPath} ${krb5kit} run -b --keytab-fd 5 -- sh -c 'klist > ${inFolder('out')}'`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    await until(() => /krbtgt/.test(existsSync(inFolder('out')) ? readOutput('out') : '') || undefined);
  });

  describe.skipIf(findProgram('systemd-notify') === undefined && process.env.CI !== 'true')(
    'the service manager',
    () => {
      const MANAGER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode(), flush=True)`;

      it('is told when there are tickets, and when it is over', async () => {
        const socket = inFolder('notify');
        const manager = spawn('python3', ['-c', MANAGER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
        running.push(manager);
        let told = '';
        manager.stdout.setEncoding('utf8').on('data', text => {
          told += text;
        });
        await until(() => told.includes('bound'));
        const { child, ended } = start(['run', '-K', '5', ...asAlice()], { NOTIFY_SOCKET: socket });
        await until(() => told.includes('READY=1'));
        expect(told).toContain(`MAINPID=${child.pid}`);
        expect(existsSync(inFolder('cc'))).toBe(true);
        child.kill('SIGTERM');
        expect(await ended).toBe(0);
        await until(() => told.includes('STOPPING=1'));
      });
    },
  );

  describe.skipIf(!hasPty() && process.env.CI !== 'true')('at a terminal', () => {
    it('Ctrl-C reaches the command once, and we end when it does', () => {
      const script = `trap 'echo INT' INT; trap 'echo TERM; exit 5' TERM; echo ready; while :; do sleep 0.05; done`;
      const command = [
        'env',
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        process.execPath,
      ];
      const { shown, status, sane } = runInPty(
        [...command, krb5kit, 'run', ...asAlice(), '--', 'sh', '-c', script],
        [
          { expect: 'ready', send: '\x03' },
          { expect: 'INT', send: { signal: 'SIGTERM' } },
        ],
      );
      expect(remaining(shown).replaceAll('\r', '')).toBe('ready\n^CINT\nTERM\n');
      expect([status, sane]).toEqual([5, true]);
      expect(readdirSync(inFolder('tmp'))).toEqual([]);
    });

    it('Ctrl-C ends a command that does not mind, and 130 is what is left of it', () => {
      const command = [
        'env',
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        process.execPath,
      ];
      const { status } = runInPty(
        [...command, krb5kit, 'run', ...asAlice(), '--', 'sh', '-c', 'echo ready; exec sleep 20'],
        [{ expect: 'ready', send: '\x03' }],
      );
      expect(status).toBe(130);
      expect(readdirSync(inFolder('tmp'))).toEqual([]);
    });

    it('in the background, SIGINT is not taken for Ctrl-C', () => {
      const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const run = [
        process.execPath,
        krb5kit,
        'run',
        ...asAlice(),
        '--',
        'sh',
        '-c',
        'echo ready; exec sleep 20',
      ];
      const script = '"$@" & read line; kill -INT $!; wait $!; echo "status $?"';
      const { shown } = runInPty(
        ['env', ...words, 'bash', '-m', '-c', script, 'bash', ...run],
        [{ expect: 'ready', send: '\r' }],
      );
      expect(shown).toContain('status 130');
    });

    it('the password is asked for on the terminal', () => {
      const command = [
        'env',
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        process.execPath,
      ];
      const { shown, status } = runInPty(
        [...command, krb5kit, 'run', 'alice', '--', 'sh', '-c', 'klist | grep Default'],
        [{ expect: 'Password for alice@A.TEST: ', send: 'alicepw\r' }],
      );
      expect(shown).toContain('Default principal: alice@A.TEST');
      expect(status).toBe(0);
    });
  });
}

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const RENEWING = 'krenew: renewing credentials for alice@A.TEST\n';

/** k5start and krenew on the same input as ours. */
function beside(): void {
  inRealm();

  // A low line is a blank within a word.
  const fill = (line: string): string[] =>
    line
      .split(' ')
      .map(word => word.replace('$KT', kdc.clientKeytab).replace('$D', folder).replaceAll('_', ' '));

  function theirs(line: string, input: string): Said {
    const [name = '', ...args] = fill(line);
    const options = { argv0: name, env, input, cwd: folder, encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stdout, stderr } = spawnSync(findProgram(name)!, args, options);
    return { status, stdout, stderr };
  }

  function ours(line: string, input: string): Promise<Said> {
    return runBuilt('krb5kit', fill(line), { env, input });
  }

  const clean = (text: string): string =>
    text.replace(/Usage:.*/s, 'Usage').replace(/FILE:\S+|\/tmp\/krb5cc\S+/g, 'CACHE');

  it.each([
    ['k5start -f $KT -U', ''],
    ['k5start -q -f $KT -U', ''],
    ['k5start -f $KT alice', ''],
    ['k5start -f $KT -u alice', ''],
    ['k5start -f $KT alice@A.TEST', ''],
    ['k5start -q -f $KT -U -F -P', ''],
    ['k5start -f $KT -U -H 10', ''],
    ['k5start -f $KT -U -l 1h', ''],
    ['k5start -f $KT -U -S HTTP -I localhost', ''],
    ['k5start -s alice', 'alicepw\n'],
    ['k5start -s -q alice', 'alicepw\n'],
    ['k5start -s -q -u alice', 'alicepw\n'],
    ['k5start -f $KT -U -- true', ''],
    ['k5start -f $KT -U -- false', ''],
    ['k5start -f $KT alice -- sh -c exit_7', ''],
    ['k5start -f $KT -U -- sh -c kill_-TERM_$$', ''],
    ['k5start -f $KT -U -- sh -c kill_-KILL_$$', ''],
    ['k5start -f $KT -K 10 -U -- klist -s', ''],
    ['k5start -f $KT -k $D/other -U -- klist -s', ''],
    ['k5start -b -U', ''],
    ['k5start -b -f $KT -U', ''],
    ['k5start -a -f $KT -U', ''],
    ['k5start -K 0 -U', ''],
    ['k5start -K x -U', ''],
    ['k5start -H x -U', ''],
    ['k5start -K 10 alice', ''],
    ['k5start -c $D/x -f $KT -U', ''],
    ['k5start -s -f $KT -U', ''],
    ['k5start alice true', ''],
    ['k5start -u a/b -i c', ''],
    ['k5start -f $KT -i c a/b', ''],
    ['k5start -f $KT -i c alice', ''],
    ['k5start -f $KT -U -i c', ''],
    ['k5start -f $KT -U -u alice', ''],
    ['k5start -f $KT -r B.TEST alice', ''],
    ['k5start -f $KT -I localhost alice', ''],
    ['k5start -f $KT -S HTTP -I localhost -r A.TEST alice', ''],
    ['k5start -U', ''],
    ['k5start -z', ''],
    ['k5start -v -f $KT -U', ''],
    ['k5start -v -f $KT -U -S HTTP -I localhost', ''],
    ['k5start -f $D/none -U', ''],
    ['k5start -f $KT bob', ''],
    ['k5start -f $KT a@b@c', ''],
    ['k5start -f $KT -S nosuch -I host -U', ''],
    ['k5start -f $KT -k $D/none/cc -U', ''],
    ['k5start -q -f $KT -k BOGUS:x -U', ''],
    ['k5start -f $KT -p $D/none/pid -U -- true', ''],
    ['krenew', ''],
    ['krenew -- true', ''],
    ['krenew -k BOGUS:x', ''],
    ['krenew -k $KT', ''],
    ['krenew -b', ''],
    ['krenew -a', ''],
    ['krenew -s', ''],
    ['krenew -c $D/x', ''],
    ['krenew -K 0', ''],
    ['krenew -z', ''],
  ])('both say the same to %j', async (line, input) => {
    const restore = (said: Said): Said => ({
      ...said,
      stdout: clean(said.stdout),
      stderr: clean(said.stderr),
    });
    const expected = restore(theirs(line, input));
    rmSync(inFolder('cc'), { force: true });
    expect(restore(await ours(line, input))).toEqual(expected);
  });

  it.each([
    ['krenew', 0],
    ['krenew -H 10', 0],
    ['krenew -- sh -c exit_3', 3],
    ['krenew -- klist -s', 0],
    ['krenew -i -- sh -c kill_-HUP_$$', 129],
  ])('both renew alike: %j', async (line, status) => {
    for (const renew of [theirs, ours]) {
      spawnSync(findProgram('kinit')!, ['-r', '1h', '-k', '-t', kdc.clientKeytab, 'alice'], { env });
      expect(await renew(line, '')).toEqual({ status, stdout: '', stderr: '' });
    }
  });

  it.each(['krenew -v', 'krenew -v -- true', 'krenew -v -H 10', 'krenew -v -p $D/none/pid -- true'])(
    'both tell of the same: %j',
    async line => {
      const said = [];
      for (const renew of [theirs, ours]) {
        spawnSync(findProgram('kinit')!, ['-r', '1h', '-k', '-t', kdc.clientKeytab, 'alice'], { env });
        said.push(await renew(line, ''));
      }
      expect(said[1]).toEqual(said[0]);
      expect(said[0]).toMatchObject({ status: 0, stdout: line.includes('-H') ? '' : RENEWING });
    },
  );

  it.each([
    ['krenew', /No credentials cache found/],
    ['krenew -- true', /No credentials cache found/],
    ['k5start -q -f $KT bob', /Keytab contains no suitable keys for bob@A\.TEST/],
    ['k5start -q -x -f $KT bob true', /Keytab contains no suitable keys for bob@A\.TEST/],
    ['k5start -q -f $D/none -U', /Key table file '.*none' not found/],
  ])('both fail alike: %j', async (line, reason) => {
    for (const said of [theirs(line, ''), await ours(line, '')]) {
      expect(said.status).toBe(1);
      expect(said.stderr).toMatch(reason);
    }
  });

  it('k5start -b goes to the background alike, with its number in a file, and ends by SIGTERM', async () => {
    for (const program of [[findProgram('k5start')!], [process.execPath, krb5kit, 'k5start']]) {
      const args = [
        '-b',
        '-K',
        '10',
        '-p',
        inFolder('pid'),
        '-f',
        kdc.clientKeytab,
        '-k',
        inFolder('cc'),
        '-U',
      ];
      const [name = '', ...rest] = [...program, ...args];
      expect(spawnSync(name, rest, { env, stdio: 'ignore' }).status).toBe(0);
      expect(existsSync(inFolder('cc'))).toBe(true);
      process.kill(Number(await written('pid')), 'SIGTERM');
      await until(() => !existsSync(inFolder('pid')));
      rmSync(inFolder('cc'));
    }
  });
}
