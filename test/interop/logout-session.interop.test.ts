import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSession, type SessionRecord } from '../../src/cli/session/registry.ts';
import { type BuiltKdc, startBuiltKdc } from '../support/built-kdc.ts';
import { NO_KEYRINGS } from '../support/no-keyrings.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { hasPty } from '../support/pty.ts';
import { type PtySession, startInPty } from '../support/pty-session.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';
import { until } from '../support/until.ts';

// Real login shells, with the lines of `krb5kit logout --install` in their files and the built commands on the PATH.

const bin = join(import.meta.dirname, '../../bin');
const PROMPT = 'ready> ';
const possible = process.platform === 'linux' && hasPty();

let kdc: BuiltKdc;
let home: string;
let env: NodeJS.ProcessEnv;
const open: PtySession[] = [];

beforeAll(async () => {
  const users = [{ name: 'alice', password: 'wonderland' }];
  kdc = await startBuiltKdc({ realm: 'SESSION.TEST', users, services: [] });
});
afterAll(() => kdc?.stop());
beforeEach(() => {
  home = mkdtempSync(join(kdc.folder, 'home-'));
  mkdirSync(join(home, 'caches'));
  env = {
    ...NO_KEYRINGS,
    PATH: process.env.PATH,
    TERM: 'dumb',
    LC_ALL: 'C',
    HOME: home,
    KRB5_CONFIG: kdc.krb5Conf,
    KRB5KIT_HOME: join(home, 'data'),
    KRB5CCNAME: `FILE:${join(home, 'caches/cc')}`,
  };
});
afterEach(async () => {
  for (const shell of open.splice(0)) await end(shell);
  // Whoever watched them has nothing left to do.
  await until(() => programs().length === 0);
});

describe.skipIf(!possible)('a login shell of bash', () => {
  beforeEach(() => install('bash'));

  it('leaves no ticket when it exits', async () => {
    const shell = await login(['bash', '-l']);
    shell.type('exit\n');
    await shell.ended;
    // The shell itself saw to it, and did not have to wait for anybody.
    expect(tickets()).toEqual([]);
    expectNoNoise(shell);
  });

  it.each(['SIGHUP', 'SIGKILL'] as const)('leaves no ticket when %s ends it', async signal => {
    const shell = await login(['bash', '-l']);
    await shell.endBy(signal);
    await until(() => tickets().length === 0);
    expectNoNoise(shell);
  });

  it.each(['SIGHUP', 'SIGKILL'] as const)(
    'leaves no ticket when %s ends it before anything else has started',
    async signal => {
      writeFileSync(join(home, 'caches/cc'), 'as if there had been time for it');
      const shell = await start(['bash', '-l']);
      await shell.endBy(signal);
      await until(() => tickets().length === 0);
    },
  );

  it('keeps its tickets while it is there, whatever is typed', async () => {
    const shell = await login(['bash', '-l']);
    // The shell ignores this one, and so do all it has started.
    shell.kill('SIGTERM');
    for (const key of ['\x03', '\x1a', '\x1c']) {
      shell.type(`${key}\n`);
      await shell.shows(PROMPT);
    }
    await watched(shell.pid);
    await sleep(1500);
    expect(tickets()).toHaveLength(1);
    shell.kill('SIGKILL');
    await until(() => tickets().length === 0);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'leaves no ticket when %s ends its script, and no pipe open',
    async signal => {
      const script = `kinit alice <'${home}/password' >/dev/null && echo ready; while :; do sleep 0.1; done`;
      writeFileSync(join(home, 'password'), 'wonderland\n');
      const shell = spawn('bash', ['-l', '-c', script], {
        env,
        cwd: home,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(shell.stdout, 'data');
      expect(tickets()).toHaveLength(1);
      await watched(shell.pid!);
      shell.kill(signal);
      await once(shell, 'close');
      await until(() => tickets().length === 0);
    },
  );

  it('leaves its tickets to another one that is there', async () => {
    const [first, second] = [await login(['bash', '-l']), await start(['bash', '-l'])];
    first.type('exit\n');
    await first.ended;
    await until(() => !sessions().includes(first.pid));
    expect(tickets()).toHaveLength(1);
    second.type('exit\n');
    await second.ended;
    expect(tickets()).toEqual([]);
  });

  it('leaves its tickets to another one when it is killed', async () => {
    const [first, second] = [await login(['bash', '-l']), await start(['bash', '-l'])];
    first.kill('SIGKILL');
    await until(() => !sessions().includes(first.pid));
    expect(tickets()).toHaveLength(1);
    second.kill('SIGKILL');
    await until(() => tickets().length === 0);
  });

  it('has one watcher, which holds neither terminal nor pipe, and is not of its process group', async () => {
    const shell = await start(['bash', '-l']);
    const { watcher } = await watched(shell.pid);
    shell.type('. ~/.profile; . ~/.profile; krb5kit logout --watch $$; echo left to $((1))\n');
    await shell.shows('left to 1');
    await until(
      () =>
        String(programs(`--watch\0${shell.pid}\0`)) === String(watcher) && programs('--after').length === 0,
    );
    const fds = readdirSync(`/proc/${watcher}/fd`).map(fd => readlinkSync(`/proc/${watcher}/fd/${fd}`));
    expect(fds.filter(name => name.startsWith('/dev/pts'))).toEqual([]);
    expect([0, 1, 2].map(fd => readlinkSync(`/proc/${watcher}/fd/${fd}`))).toEqual(
      Array(3).fill('/dev/null'),
    );
    const [, , , group, session, terminal] = /\) (\S) (\d+) (\d+) (\d+) (-?\d+)/.exec(
      readFileSync(`/proc/${watcher}/stat`, 'latin1'),
    )!;
    expect([Number(group), Number(session), terminal]).toEqual([watcher, watcher, '0']);
    expectNoNoise(shell);
  });
});

describePeer('zsh', () => {
  const zsh = findProgram('zsh')!;

  describe.skipIf(!possible)('a login shell', () => {
    beforeEach(() => {
      writeFileSync(join(home, '.zshrc'), '');
      install('zsh');
    });

    it('leaves no ticket when it exits', async () => {
      const shell = await login([zsh, '-l']);
      shell.type('exit\n');
      await shell.ended;
      expect(tickets()).toEqual([]);
      expectNoNoise(shell);
    });

    it.each(['SIGHUP', 'SIGKILL'] as const)('leaves no ticket when %s ends it', async signal => {
      const shell = await login([zsh, '-l']);
      await shell.endBy(signal);
      await until(() => tickets().length === 0);
      expectNoNoise(shell);
    });
  });
});

describePeer('fish', () => {
  const fish = findProgram('fish')!;

  describe.skipIf(!possible)('a login shell', () => {
    beforeEach(() => install('fish'));

    it('leaves no ticket when it exits', async () => {
      const shell = await login([fish, '-l']);
      shell.type('exit\n');
      await shell.ended;
      expect(tickets()).toEqual([]);
      expectNoNoise(shell);
    });

    it.each(['SIGHUP', 'SIGKILL'] as const)('leaves no ticket when %s ends it', async signal => {
      const shell = await login([fish, '-l']);
      await watched(shell.pid);
      await shell.endBy(signal);
      await until(() => tickets().length === 0);
      expectNoNoise(shell);
    });

    it('keeps its tickets while only others end that are no login shells', async () => {
      const shell = await login([fish, '-l']);
      shell.type(`${fish} -c 'echo left to (math 0 + 1)'\n`);
      await shell.shows('left to 1');
      await shell.shows(PROMPT);
      expect(tickets()).toHaveLength(1);
    });
  });
});

describePeer('secret-service', () => {
  let session: SecretServiceSession;

  beforeAll(async () => {
    session = await startSecretService();
  });
  afterAll(() => session?.stop());
  beforeEach(() => {
    env = { ...session.environment, ...env, KRB5CCNAME: 'KEYCHAIN:' };
    install('bash');
  });

  it('leaves neither sealed tickets nor a key when it exits', async () => {
    const shell = await login(['bash', '-l']);
    shell.type('exit\n');
    await shell.ended;
    expect([tickets(), keys()]).toEqual([[], 0]);
  });

  it.each(['SIGHUP', 'SIGKILL'] as const)(
    'leaves neither sealed tickets nor a key when %s ends it',
    async signal => {
      const shell = await login(['bash', '-l']);
      expect(keys()).toBe(1);
      await shell.endBy(signal);
      await until(() => tickets().length === 0 && keys() === 0);
      expect(readdirSync(join(home, 'data')).sort()).toEqual(['locks', 'sessions']);
    },
  );

  function keys(): number {
    try {
      return session.search().match(/^\[\//gm)?.length ?? 0;
    } catch {
      return 0;
    }
  }
});

const STARTUP = { bash: '.profile', zsh: '.zprofile', fish: '.config/fish/config.fish' } as const;
/** The same in fish, with a default cache that a user sets there. */
const IN_FISH = `function fish_prompt; echo -n '${PROMPT}'; end
set -gx PATH '${bin}' $PATH
set -gx KRB5CCNAME FILE:$HOME/caches/of-fish
`;

/** Makes the files of a user who has that shell, and the command add its lines to them. */
function install(shell: keyof typeof STARTUP): void {
  // The system's own profile may have set the PATH anew.
  const lines = `PS1='${PROMPT}'\nPATH='${bin}':$PATH\n`;
  const path = join(home, STARTUP[shell]);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, shell === 'fish' ? IN_FISH : lines);
  const args = [ownCommand(), 'logout', '--install'];
  execFileSync(process.execPath, args, { env: { ...env, PATH: '/nonexistent', SHELL: `/bin/${shell}` } });
}

/** The built command under a name by which its processes are found. */
function ownCommand(): string {
  const path = join(home, 'krb5kit.cjs');
  writeFileSync(path, `require(${JSON.stringify(join(bin, 'krb5kit'))});\n`);
  return path;
}

async function start(command: readonly string[]): Promise<PtySession> {
  const shell = await startInPty(['env', '-C', home, ...command], env);
  open.push(shell);
  await shell.shows(PROMPT);
  return shell;
}

async function end(shell: PtySession): Promise<void> {
  shell.close();
  await shell.ended;
}

/** A shell that has run kinit. */
async function login(command: readonly string[]): Promise<PtySession> {
  const shell = await start(command);
  shell.type('kinit alice\n');
  await shell.shows('Password for alice@SESSION.TEST: ');
  shell.type('wonderland\n');
  await shell.shows(PROMPT);
  expect(tickets()).toHaveLength(1);
  return shell;
}

/** Whatever a user would call a ticket, sealed or not. */
function tickets(): readonly string[] {
  const files = readdirSync(join(home, 'caches')).map(name => join(home, 'caches', name));
  const sealed = join(home, 'data/tickets');
  return existsSync(sealed) ? [...files, sealed] : files;
}

function sessions(): readonly number[] {
  const directory = join(home, 'data/sessions');
  return existsSync(directory) ? readdirSync(directory).map(Number) : [];
}

async function watched(pid: number): Promise<SessionRecord> {
  await until(() => readSession(join(home, 'data'), pid) !== undefined);
  return readSession(join(home, 'data'), pid)!;
}

/** The processes that run what the files of the home directory name, and have that in their command line. */
function programs(words = ''): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => commandLine(pid).includes(`${home}/krb5kit.cjs`) && commandLine(pid).includes(words))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Nothing of jobs, and no error. */
function expectNoNoise({ shown }: PtySession): void {
  expect(shown).not.toMatch(/\[\d+\]|Done|Terminated|krb5kit:|krb5kit.cjs|No such/);
}
