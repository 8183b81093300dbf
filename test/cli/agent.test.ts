import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AGENT } from '../../src/agent/operations.ts';
import { agent } from '../../src/cli/agent.ts';
import { klist } from '../../src/cli/klist.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { scratch } from '../ccache/samples.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { until } from '../support/until.ts';

const uid = process.getuid!();

function called(argv: readonly string[], options: CaptureOptions = {}) {
  const io = captureIo({ uid, ...options });
  return { io, status: runCommand(agent, argv, io) };
}

async function say(argv: readonly string[], options: CaptureOptions = {}) {
  const { io, status } = called(argv, options);
  return { status: await status, stdout: io.stdout, stderr: io.stderr };
}

/** A socket that systemd keeps: who is told to stop hangs up, and the next one answers at once. */
async function startKept(home: string): Promise<void> {
  const directory = join(home, 'agent');
  mkdirSync(directory, { mode: 0o700 });
  const ok = Buffer.from('0000000400000000' + '00000000', 'hex');
  const server = createServer(socket => {
    socket
      .on('error', () => undefined)
      .on('data', request => {
        const told = request.readUInt16BE(6) === AGENT.STOP.code;
        socket.write(ok);
        if (told) setTimeout(() => socket.destroy(), 100);
      });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>(resolve => server.listen(join(directory, '.heim_org.h5l.kcm-socket'), resolve));
}

describe('krb5kit agent', () => {
  it('is stopped when it hangs up, though another one answers on its socket', async () => {
    const home = scratch();
    await startKept(home);
    const env = { KRB5KIT_HOME: home, KRB5_CONFIG: join(home, 'none.conf') };
    expect(await say(['--stop'], { env })).toEqual({
      status: 0,
      stdout: 'The agent has ended\n',
      stderr: '',
    });
  });

  it('serves in the foreground, prints what finds it, and leaves when it is asked to', async () => {
    const home = scratch();
    const none = join(home, 'none.conf');
    const env = { KRB5KIT_HOME: home, KRB5_CONFIG: none };
    const { io, status } = called(['--memory'], { env });
    await until(() => io.stdout !== '');
    const directory = join(home, 'agent');
    expect(io.stdout).toBe(
      `Listening on ${directory}/.heim_org.h5l.kcm-socket; for programs to find it:\n` +
        `export KRB5_CONFIG=${directory}/krb5.conf:${none}\n` +
        `export KRB5CCNAME=KCM:\nexport HEIM_IPC_DIR=${directory}\n`,
    );
    expect(readFileSync(join(directory, 'krb5.conf'), 'utf8')).toBe(
      `[libdefaults]\n  kcm_socket = ${directory}/.heim_org.h5l.kcm-socket\n  default_ccache_name = KCM:\n`,
    );
    expect((await say(['--status'], { env })).stdout).toMatch(
      /^Agent 4711 listens on .*\nCaches: 0, kept in memory\nOther clients: 0, requests: 0\n$/,
    );
    const told = outputOf('agentStatus', (await say(['--status', '--json'], { env })).stdout);
    expect(told).toMatchObject({ running: true, store: 'memory', cacheCount: 0, locked: false });
    const client = captureIo({ env: { KRB5_CONFIG: join(directory, 'krb5.conf') }, uid });
    expect(await runCommand(klist, [], client)).toBe(1);
    expect(client.stderr).toBe(`klist: Credentials cache 'KCM:${uid}' not found\n`);

    expect(await say(['--memory'], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Another agent listens on'),
    });
    expect(await say(['--lock'], { env })).toMatchObject({
      status: 1,
      stderr: 'krb5kit agent: The agent has no key to forget\n',
    });
    io.stop();
    expect(await status).toBe(0);
    expect(readdirSync(directory)).toEqual(['krb5.conf']);
    for (const action of ['--stop', '--status', '--lock']) {
      expect(await say([action], { env })).toEqual({
        status: 1,
        stdout: '',
        stderr: 'krb5kit agent: no agent runs\n',
      });
    }
    for (const action of ['--stop', '--lock']) {
      const { status: exit, stdout, stderr } = await say([action, '--json'], { env });
      expect([exit, stdout, outputOf('failure', stderr).message]).toEqual([1, '', 'no agent runs']);
    }
  });

  it('listens in the runtime directory where there is one', async () => {
    const runtime = scratch();
    const { io, status } = called(['--memory'], { env: { XDG_RUNTIME_DIR: runtime, HOME: scratch() } });
    await until(() => io.stdout !== '');
    expect(statSync(join(runtime, 'krb5kit')).mode & 0o777).toBe(0o700);
    expect(io.stdout).toContain(`export KRB5_CONFIG=${runtime}/krb5kit/krb5.conf:/etc/krb5.conf\n`);
    io.stop();
    await status;
  });

  it('replaces its configuration as a whole', async () => {
    const home = scratch();
    const file = join(home, 'agent/krb5.conf');
    mkdirSync(join(home, 'agent'));
    writeFileSync(file, 'earlier');
    const reader = openSync(file, 'r');
    const { io, status } = called(['--memory'], { env: { KRB5KIT_HOME: home } });
    await until(() => io.stdout !== '');
    expect(readFileSync(reader, 'utf8')).toBe('earlier');
    expect(readFileSync(file, 'utf8')).toContain('kcm_socket');
    closeSync(reader);
    io.stop();
    await status;
  });

  it('quotes for the shell', async () => {
    const home = join(scratch(), "it's $HOME");
    const { io, status } = called(['--memory'], { env: { KRB5KIT_HOME: home } });
    await until(() => io.stdout !== '');
    expect(io.stdout).toContain(`export HEIM_IPC_DIR='${home.replace("'", "'\\''")}/agent'\n`);
    io.stop();
    await status;
  });

  it('says why one in the background did not start', async () => {
    const program = [process.execPath, '-e', 'console.error("krb5kit agent: no"); process.exit(1)', '--'];
    const env = { KRB5KIT_HOME: scratch() };
    const { status, stderr } = await say(['--start', '--memory'], { env, program });
    expect([status, stderr]).toEqual([1, 'krb5kit agent: The agent did not start: no\n']);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says that the disk is full where the one in the background cannot',
    async () => {
      const home = scratch();
      mkdirSync(join(home, 'agent'));
      symlinkSync('/dev/full', join(home, 'agent/log'));
      const program = [process.execPath, '-e', 'process.exit(1)', '--'];
      const { status, stderr } = await say(['--start', '--memory'], { env: { KRB5KIT_HOME: home }, program });
      expect([status, stderr]).toEqual([
        1,
        `krb5kit agent: The agent did not start: ${home}/agent/log cannot be written: No space left on device\n`,
      ]);
    },
  );

  it('says where, and why, it cannot be reached', async () => {
    const home = scratch();
    symlinkSync('agent', join(home, 'agent'));
    const socket = `${home}/agent/.heim_org.h5l.kcm-socket`;
    for (const action of ['--status', '--stop', '--lock']) {
      const { status, stderr } = await say([action], { env: { KRB5KIT_HOME: home } });
      expect([status, stderr]).toEqual([
        1,
        `krb5kit agent: The agent cannot be reached at ${socket}: Too many symbolic links encountered\n`,
      ]);
    }
  });

  it('says why it has no place for its files', async () => {
    const home = scratch();
    mkdirSync(join(home, 'agent/krb5.conf'), { recursive: true });
    expect(await say(['--memory'], { env: { KRB5KIT_HOME: home } })).toMatchObject({
      status: 1,
      stderr: `krb5kit agent: ${home}/agent/krb5.conf cannot be written: It is no regular file, or not yours while starting the agent\n`,
    });
    const file = join(home, 'file');
    writeFileSync(file, '');
    expect(await say(['--start', '--memory'], { env: { KRB5KIT_HOME: file } })).toMatchObject({
      status: 1,
      stderr: `krb5kit agent: ${file}/agent cannot be made private: Not a directory\n`,
    });
  });

  it.each([
    [
      'a keychain',
      { XDG_RUNTIME_DIR: undefined },
      /^krb5kit agent: No tickets can be kept in a keychain: there is no D-Bus session; use --memory, or KRB5KIT_KEYCHAIN=passphrase with KRB5KIT_PASSPHRASE_FILE\n$/,
    ],
    [
      'somebody to ask for a passphrase',
      { KRB5KIT_KEYCHAIN: 'passphrase' },
      /^krb5kit agent: Nobody can be asked for the passphrase in the background; use KRB5KIT_PASSPHRASE_FILE, or --memory\n$/,
    ],
    [
      'a directory for its tickets',
      { KRB5KIT_HOME: '/dev/null/data' },
      /^krb5kit agent: No tickets can be kept in \/dev\/null\/data: Not a directory; use --memory\n$/,
    ],
  ])('does not go to the background without %s', async (_, more, message) => {
    const runtime = scratch();
    const env = { HOME: scratch(), XDG_RUNTIME_DIR: runtime, ...more };
    const { status, stdout, stderr } = await say(['--start'], { env });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(readdirSync(runtime)).toEqual([]);
  });

  it.each([
    ['memory', ['--memory'], []],
    ['the keychain', [], ['--memory']],
  ])(
    'is not taken for another kind of agent while it keeps tickets in %s',
    async (place, running, wanted) => {
      const home = scratch();
      const env = { KRB5KIT_HOME: home, KRB5KIT_KEYCHAIN: 'none' };
      const { io, status } = called(running, { env });
      await until(() => io.stdout !== '');
      expect(await say(['--start', ...wanted], { env })).toEqual({
        status: 1,
        stdout: '',
        stderr: `krb5kit agent: An agent runs already that keeps tickets in ${place}; stop it first\n`,
      });
      expect((await say(['--start', ...running], { env })).stdout).toContain('export KRB5CCNAME=KCM:\n');
      io.stop();
      expect(await status).toBe(0);
    },
  );

  it.each([
    [['--start', '--stop'], 'krb5kit agent: --start and --stop exclude each other\n'],
    [['--idle', 'soon'], 'krb5kit agent: soon is no duration\n'],
    [['x'], 'krb5kit agent: unexpected argument "x"\n'],
  ])('%j is a wrong command line', async (argv, message) => {
    const { status, stderr } = await say(argv);
    expect(status).toBe(2);
    expect(stderr.startsWith(message)).toBe(true);
  });

  it('is of no use without UNIX users', async () => {
    const io = captureIo({ platform: 'win32' });
    const nobody = Object.defineProperty(io, 'uid', { value: undefined });
    expect(await runCommand(agent, [], nobody)).toBe(1);
    expect(io.stderr).toBe('krb5kit agent: There are no KCM clients on this system\n');
  });
});

/** A directory of programs that write down how they are called. */
function recorder(names: readonly string[], status = 0): { readonly PATH: string; calls(): string } {
  const PATH = scratch();
  for (const name of names) {
    const script = `#!/bin/sh\necho "${name} $*" >>"${PATH}/calls"\nexit ${status}\n`;
    writeFileSync(join(PATH, name), script, { mode: 0o755 });
  }
  const file = join(PATH, 'calls');
  return { PATH: `${PATH}:/bin`, calls: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

describe('krb5kit agent --install', () => {
  it('gives systemd a socket and a service, and takes them away', async () => {
    const home = scratch();
    const { PATH, calls } = recorder(['systemctl']);
    const env = { HOME: home, PATH, XDG_RUNTIME_DIR: '/run/user/1' };
    const program = ['/usr/bin/node', '/opt/my kit/100%/krb5kit'];
    const installed = await say(['--install', '--idle', '8h'], { env, program });
    const units = join(home, '.config/systemd/user');
    expect(installed).toEqual({
      status: 0,
      stderr: '',
      stdout: `Wrote ${units}/krb5kit-agent.socket
Wrote ${units}/krb5kit-agent.service
Wrote ${home}/.config/krb5kit/krb5.conf
Ran systemctl --user daemon-reload
Ran systemctl --user enable --now krb5kit-agent.socket
For programs to find it, in ~/.profile:
export KRB5_CONFIG=${home}/.config/krb5kit/krb5.conf:/etc/krb5.conf
export KRB5CCNAME=KCM:
export HEIM_IPC_DIR=/run/user/1/krb5kit
`,
    });
    expect(readFileSync(join(units, 'krb5kit-agent.socket'), 'utf8')).toContain(
      'ListenStream=/run/user/1/krb5kit/.heim_org.h5l.kcm-socket\nSocketMode=0600\nDirectoryMode=0700\n',
    );
    expect(readFileSync(join(units, 'krb5kit-agent.service'), 'utf8')).toContain(
      'ExecStart="/usr/bin/node" "/opt/my kit/100%%/krb5kit" "agent" "--idle" "8h"\n',
    );
    expect((await say(['--uninstall'], { env })).status).toBe(0);
    expect(readdirSync(units)).toEqual([]);
    expect(calls()).toBe(`systemctl --user daemon-reload
systemctl --user enable --now krb5kit-agent.socket
systemctl --user disable --now krb5kit-agent.socket krb5kit-agent.service
systemctl --user daemon-reload
`);
    expect((await say(['--uninstall'], { env })).stdout).toBe('Nothing is installed\n');
  });

  it('tells the agent how tickets are unsealed and renewed', async () => {
    const home = scratch();
    const { PATH } = recorder(['systemctl']);
    const kit = { KRB5KIT_KEYCHAIN: 'passphrase', KRB5KIT_PASSPHRASE_FILE: 'secret' };
    const env = { HOME: home, PATH, XDG_DATA_HOME: '/data', KRB5_CONFIG: 'krb5.conf:/opt/krb5.conf', ...kit };
    await say(['--install'], { env, cwd: home });
    const service = readFileSync(join(home, '.config/systemd/user/krb5kit-agent.service'), 'utf8');
    expect(service.match(/(?<=^Environment=).*/gm)).toEqual([
      '"XDG_DATA_HOME=/data"',
      `"KRB5_CONFIG=${home}/krb5.conf:/opt/krb5.conf"`,
      '"KRB5KIT_KEYCHAIN=passphrase"',
      `"KRB5KIT_PASSPHRASE_FILE=${home}/secret"`,
    ]);
  });

  it('says what is left to do where systemd does not answer', async () => {
    const { PATH } = recorder(['systemctl'], 1);
    const { status, stderr } = await say(['--install'], { env: { HOME: scratch(), PATH } });
    expect(status).toBe(1);
    expect(stderr).toContain("to be run in the user's session: systemctl --user daemon-reload");
  });

  it('gives launchd an agent, and takes it away', async () => {
    const home = scratch();
    const { PATH, calls } = recorder(['launchctl']);
    const options = {
      env: { HOME: home, PATH, KRB5KIT_HOME: join(home, 'a&b') },
      platform: 'darwin',
    } as const;
    expect((await say(['--install', '--memory'], options)).status).toBe(0);
    const plist = join(home, 'Library/LaunchAgents/krb5kit.agent.plist');
    const text = readFileSync(plist, 'utf8');
    expect(text).toContain('<string>agent</string><string>--memory</string></array>');
    expect(text).toContain(`<key>KRB5KIT_HOME</key><string>${home}/a&amp;b</string>`);
    expect((await say(['--uninstall'], options)).status).toBe(0);
    expect(existsSync(plist)).toBe(false);
    expect(calls()).toBe(
      `launchctl bootstrap gui/${uid} ${plist}\nlaunchctl bootout gui/${uid}/krb5kit.agent\n`,
    );
  });
});
