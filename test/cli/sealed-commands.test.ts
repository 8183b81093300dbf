import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { cache } from '../../src/cli/cache.ts';
import type { Command } from '../../src/cli/command.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { logout } from '../../src/cli/logout.ts';
import { openSession, type Session } from '../../src/cli/session.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, tgt } from '../ccache/tickets.ts';
import { captureIo } from '../support/io.ts';
import { type MemoryKeychain, memoryKeychain } from '../support/memory-keychain.ts';
import { type Outcome, runAt } from './caches.ts';

// What commands do with sealed tickets: how often they ask the keychain, and what they do without the key.

let keychain: MemoryKeychain;
vi.mock('../../src/ccache/keychain/open.ts', () => ({ openKeychain: async () => keychain }));

let kdc: RunningKdc;
let home: string;
let data: string;
let file: string;
beforeAll(async () => {
  const users = ['alice', 'bob'].map(name => ({ name, password: 'secret' }));
  kdc = await startKdc({ realm: 'A.TEST', users, services: ['host/a', 'host/b'] });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  home = scratch();
  data = join(home, 'data');
  file = join(data, 'tickets');
  keychain = memoryKeychain();
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
});

function environment(more: Readonly<Record<string, string>> = {}) {
  const files = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5KIT_HOME: data };
  return { ...files, KRB5CCNAME: 'KEYCHAIN:', ...more };
}

function run(command: Command, argv: readonly string[] = [], more = {}): Promise<Outcome> {
  const options = { cacheDirectory: home, stdin: 'secret\n', now: () => new Date() };
  return runAt(home, command, argv, { env: environment(more), ...options });
}

async function login(...argv: readonly string[]): Promise<string> {
  const { status, io } = await run(kinit, argv);
  expect(status).toBe(0);
  return io.stderr;
}

describe('the keychain is asked once', () => {
  it.each<[string, Command, readonly string[]]>([
    ['kinit', kinit, ['bob']],
    ['kinit without a principal', kinit, []],
    ['kinit for another', kinit, ['alice']],
    ['kvno', kvno, ['host/a', 'host/b']],
    ['klist -l', klist, ['-l']],
    ['klist -A', klist, ['-A']],
    ['kdestroy', kdestroy, []],
    ['kdestroy -p', kdestroy, ['-p', 'alice']],
  ])('by %s', async (_, command, argv) => {
    await login('alice');
    await login('bob');
    keychain.calls.length = 0;
    const { status, io } = await run(command, argv);
    expect([status, io.stderr, keychain.calls]).toEqual([0, expect.any(String), ['read']]);
  });

  it('and no more by a first kinit, and by a logout that names nobody', async () => {
    await login('alice');
    expect(keychain.calls).toEqual(['write']);
    keychain.calls.length = 0;
    const { status, io } = await run(logout, ['-q']);
    expect([status, io.output, keychain.calls]).toEqual([0, '', ['remove']]);
  });
});

describe('a key that is remembered', () => {
  const session = (): Session => openSession(captureIo({ env: environment() }));
  const cacheIn = (name: string, { caches }: Session) => resolveCcache(`KEYCHAIN:${name}`, caches);

  it('is not used for what others have sealed under another one meanwhile', async () => {
    const ours = session();
    await (await cacheIn('first', ours)).initialize({ principal: alice, credentials: [tgt] });
    const others = session();
    await (await cacheIn('first', others)).destroy();
    await (await cacheIn('second', others)).initialize({ principal: alice, credentials: [] });

    await (await cacheIn('second', ours)).store([tgt], new Date(0));
    const { credentials } = await (await cacheIn('second', session())).load();
    expect(credentials.map(({ server }) => formatPrincipal(server))).toEqual(['krbtgt/A.TEST@A.TEST']);
  });

  it('is not used for new caches where others have destroyed all', async () => {
    const ours = session();
    await (await cacheIn('first', ours)).initialize({ principal: alice, credentials: [tgt] });
    await (await cacheIn('first', session())).destroy();
    await (await cacheIn('second', ours)).initialize({ principal: alice, credentials: [tgt] });
    expect((await (await cacheIn('second', session())).load()).credentials).toHaveLength(1);
  });
});

describe('without the key of the sealed tickets', () => {
  const discarded = 'Warning: The sealed tickets are discarded: the keychain no longer has their key\n';

  beforeEach(async () => {
    await login('alice');
    await login('bob');
    keychain.items.clear();
  });

  it.each<[string, Command, readonly string[], string]>([
    ['klist', klist, [], ''],
    ['kvno', kvno, ['host/a'], ' while getting client principal name'],
    ['kinit -R', kinit, ['-R'], ''],
    ['kdestroy -p', kdestroy, ['-p', 'bob'], ' while finding cache for bob'],
  ])('%s says what to do, and leaves them', async (_, command, argv, activity) => {
    const before = readFileSync(file);
    const { status, io } = await run(command, argv);
    expect(status).toBe(1);
    const sentence = 'The OS keychain no longer has the key of the sealed credentials cache';
    expect(io.stderr).toBe(
      `${command.name}: ${sentence} (filename: ${file}; kinit or kdestroy discards it)${activity}\n`,
    );
    expect(readFileSync(file)).toEqual(before);
  });

  it.each([['bob'], ['-c KEYCHAIN:mine bob']])(
    'kinit %s discards them with a warning and seals new ones',
    async line => {
      expect(await login(...line.split(' '))).toBe(discarded);
      const { status, io } = await run(klist, ['-l']);
      const listed = io.stdout.match(/\S+ +KEYCHAIN:/g);
      expect([status, listed]).toEqual([0, [expect.stringMatching(/^bob@A\.TEST /)]]);
      expect(await login('bob')).toBe('');
    },
  );

  it.each([[[]], [['-A']], [['-c', 'KEYCHAIN:alice@A.TEST']]])(
    'kdestroy %j destroys them all',
    async argv => {
      const { status, io } = await run(kdestroy, argv);
      expect([status, io.output]).toEqual([
        0,
        'All sealed tickets destroyed: the keychain no longer has their key\n',
      ]);
      expect(existsSync(file)).toBe(false);
    },
  );

  it('kdestroy -q does so without a word', async () => {
    const { status, io } = await run(kdestroy, ['-q']);
    expect([status, io.output, existsSync(file)]).toEqual([0, '', false]);
  });

  it('they stay where it may be in a keychain that is not asked', async () => {
    for (const [command, argv] of [
      [kinit, ['bob']],
      [kdestroy, []],
    ] as const) {
      const { status, io } = await run(command, argv, { KRB5KIT_KEYCHAIN: 'passphrase' });
      expect(status).toBe(1);
      expect(io.stderr).toContain('the key is not sealed by a passphrase and KRB5KIT_KEYCHAIN is passphrase');
    }
    expect(existsSync(file)).toBe(true);
  });
});

describe('kinit and kdestroy leave sealed tickets alone', () => {
  const attempts: readonly (readonly [Command, readonly string[]])[] = [
    [kinit, ['bob']],
    [kinit, ['-c', 'KEYCHAIN:mine', 'bob']],
    [kdestroy, []],
    [kdestroy, ['-A']],
  ];

  async function expectKept(sentence: string): Promise<void> {
    const before = readFileSync(file);
    for (const [command, argv] of attempts) {
      const { status, io } = await run(command, argv);
      expect([status, io.stderr]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect(readFileSync(file)).toEqual(before);
  }

  it('while the keychain is locked', async () => {
    await login('alice');
    keychain.locked = true;
    await expectKept('The OS keychain is locked');
  });

  it('when the file is damaged', async () => {
    await login('alice');
    writeFileSync(
      file,
      readFileSync(file).map(byte => byte ^ 1),
    );
    await expectKept(`Sealed credentials cache is damaged (filename: ${file}; krb5kit logout destroys it)`);
    expect((await run(logout)).status).toBe(0);
    expect(await login('alice')).toBe('');
  });

  it('when their key has given way to another one', async () => {
    await login('alice');
    keychain.items.set(data, Buffer.alloc(32).toString('base64'));
    await expectKept('Sealed credentials cache is damaged');
  });
});

describe.skipIf(process.platform === 'win32')('what is not a regular file in place of the sealed one', () => {
  const things: Readonly<Record<string, () => void>> = {
    'a symlink to sealed tickets': () => symlinkSync(join(home, 'elsewhere'), file),
    'a symlink to nothing': () => symlinkSync(join(home, 'nothing'), file),
    'a fifo': () => execFileSync('mkfifo', [file]),
    'a directory': () => mkdirSync(file),
  };
  const commands: readonly (readonly [Command, readonly string[]])[] = [
    [klist, []],
    [klist, ['-A']],
    [kvno, ['host/a']],
    [kinit, ['bob']],
    [kinit, ['-c', 'KEYCHAIN:mine', 'bob']],
    [kinit, ['-R']],
    [kdestroy, []],
    [kdestroy, ['-A']],
    [cache, ['list']],
  ];
  let sealed: Buffer;
  beforeEach(async () => {
    await login('alice');
    sealed = readFileSync(file);
    renameSync(file, join(home, 'elsewhere'));
  });

  it.each(Object.entries(things))('%s stops every command with the same sentence', async (_, make) => {
    make();
    const before = lstatSync(file);
    const sentence = `Sealed credentials cache is not a regular file: remove it (filename: ${file})`;
    for (const [command, argv] of commands) {
      for (const named of ['KEYCHAIN:', undefined]) {
        const { status, io } = await run(command, argv, { KRB5CCNAME: named });
        expect([status, io.stderr.split(sentence).length, io.stderr]).toEqual([1, 2, expect.anything()]);
        expect(io.stdout).not.toContain('Password');
      }
    }
    expect(lstatSync(file)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(readFileSync(join(home, 'elsewhere'))).toEqual(sealed);
    expect(readdirSync(home)).not.toContain('nothing');
    rmSync(file, { recursive: true });
    expect(await login('bob')).toBe('');
  });

  it.each(['a symlink to sealed tickets', 'a symlink to nothing'])(
    '%s is removed by logout, and what it leads to is left alone',
    async thing => {
      things[thing]!();
      const { status, io } = await run(logout);
      expect([status, io.output]).toEqual([0, 'Destroyed sealed tickets that could not be opened\n']);
      expect(() => lstatSync(file)).toThrow('ENOENT');
      expect(readFileSync(join(home, 'elsewhere'))).toEqual(sealed);
      expect(keychain.items.size).toBe(0);
    },
  );

  it.each(['a fifo', 'a directory'])(
    '%s stays, and logout says what to do, and deletes the key at least',
    async thing => {
      things[thing]!();
      const { status, io } = await run(logout);
      expect([status, io.stdout, io.stderr]).toEqual([
        1,
        'Destroyed the key of sealed tickets\n',
        expect.stringMatching(/^krb5kit logout: .* is not a regular file: remove it \(filename: \S+\) while/),
      ]);
      expect(keychain.items.size).toBe(0);
      // It is there no more.
      expect((await run(logout)).io.stdout).toBe('');
    },
  );
});

describe('cache list tells once', () => {
  it.each([
    ['KEYCHAIN:', 'The OS keychain is locked'],
    ['KEYCHAIN:alice@A.TEST', 'The OS keychain is locked'],
    ['KEYCHAIN:', 'no longer has the key'],
  ])('with KRB5CCNAME=%s that %s', async (named, sentence) => {
    await login('alice');
    if (sentence.includes('locked')) keychain.locked = true;
    else keychain.items.clear();
    const { status, io } = await run(cache, ['list'], { KRB5CCNAME: named });
    expect([status, io.output]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^krb5kit cache list: [^\n]*${sentence}[^\n]*\n$`)),
    ]);
  });
});
