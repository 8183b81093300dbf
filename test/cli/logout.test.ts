import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { logout } from '../../src/cli/logout.ts';
import { contents } from '../ccache/tickets.ts';
import type { CaptureOptions } from '../support/io.ts';
import { runAt } from './caches.ts';

const uid = process.geteuid?.() ?? 1000;
const ticket = CcacheFile.encode(contents);

let folder: string;
let shared: string;
let data: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  shared = join(folder, 'tmp');
  data = join(folder, 'data');
  mkdirSync(shared);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Logs out a user whose files lie in our folder, on a machine without a keychain. */
function run(argv: readonly string[] = [], { env, ...options }: CaptureOptions = {}) {
  const given = { KRB5KIT_HOME: data, KRB5CCNAME: join(folder, 'none'), ...env };
  return runAt(folder, logout, argv, { uid, cacheDirectory: shared, env: given, ...options });
}

function put(name: string, bytes: Uint8Array | string = ticket): string {
  const path = join(shared, name);
  writeFileSync(path, bytes);
  return path;
}

describe('destroys', () => {
  it('the default cache, and those that login services and killed commands have left', async () => {
    const names = [
      `krb5cc_${uid}`,
      `krb5cc_${uid}_Ab3xY9`,
      `.krb5cc_${uid}.krb5kit-k3j9x0ab`,
      `.krb5cc_${uid}_Ab3xY9.krb5kit-k3j9x0ab`,
    ];
    for (const name of names) put(name);
    const own = join(folder, 'mine');
    writeFileSync(own, ticket);
    const { status, io } = await run([], { env: { KRB5CCNAME: own } });
    expect([status, io.stderr]).toEqual([0, '']);
    const lines = [own, ...names.map(name => join(shared, name))].map(
      path => `Destroyed FILE:${path} of alice@A.TEST`,
    );
    expect(io.stdout.trimEnd().split('\n').sort()).toEqual(lines.sort());
    expect(readdirSync(shared)).toEqual([]);
    expect(existsSync(own)).toBe(false);
  });

  it('the default cache of those who name none', async () => {
    const path = put(`krb5cc_${uid}`);
    const { status, io } = await run([], { env: { KRB5CCNAME: undefined } });
    expect([status, io.output]).toEqual([0, `Destroyed FILE:${path} of alice@A.TEST\n`]);
  });

  it('what is no cache any more but goes by the name of one', async () => {
    const path = put(`krb5cc_${uid}`, 'half a ticke');
    const { status, io } = await run();
    expect([status, io.output]).toEqual([0, `Destroyed FILE:${path}\n`]);
    expect(existsSync(path)).toBe(false);
  });

  it('the bytes, not only the name', async () => {
    const path = put(`krb5cc_${uid}`);
    const other = join(folder, 'other name');
    linkSync(path, other);
    await run();
    expect(readFileSync(other).every(byte => byte === 0)).toBe(true);
  });

  it('sealed tickets without their keychain, and says that the key may be left in it', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'tickets'), 'sealed');
    const { status, io } = await run();
    expect(status).toBe(1);
    expect(io.stdout).toBe('Destroyed sealed tickets that could not be opened\n');
    expect(io.stderr).toMatch(
      /^krb5kit logout: The OS keychain cannot be used: .* while deleting the key of sealed tickets\n$/,
    );
    expect(existsSync(join(data, 'tickets'))).toBe(false);
    // It does not forget that the key is left.
    const again = await run();
    expect([again.status, again.io.stdout]).toEqual([1, '']);
    expect(again.io.stderr).toMatch(/while deleting the key of sealed tickets\n$/);
  });
});

describe('leaves alone', () => {
  it('files of other names, other users and other kinds', async () => {
    const names = [
      `krb5cc_${uid}0`,
      `krb5cc_${uid + 1}`,
      'krb5cc_',
      `xkrb5cc_${uid}`,
      `krb5cc_${uid}.20261122`,
      `.krb5cc_${uid}.krb5kit-backup`,
    ];
    for (const name of names) put(name);
    mkdirSync(join(shared, `krb5cc_${uid}_directory`));
    const target = join(folder, 'precious');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(shared, `krb5cc_${uid}`));
    const { status, io } = await run();
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(readdirSync(shared)).toHaveLength(names.length + 2);
  });

  it('what goes by the name of ours and is somebody else’s', async () => {
    const path = put(`krb5cc_${uid + 1}`);
    const { status, io } = await run([], { uid: uid + 1 });
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
    expect(readFileSync(path)).toEqual(Buffer.from(ticket));
  });
});

it('goes on where one cannot be destroyed, and fails in the end', async () => {
  const stuck = join(folder, 'directory');
  mkdirSync(stuck);
  const path = put(`krb5cc_${uid}`);
  const { status, io } = await run([], { env: { KRB5CCNAME: stuck } });
  expect(status).toBe(1);
  expect(io.stdout).toBe(`Destroyed FILE:${path} of alice@A.TEST\n`);
  expect(io.stderr).toBe(
    `krb5kit logout: Credentials cache permissions incorrect (filename: ${stuck}) while destroying FILE:${stuck}\n`,
  );
});

it('goes on without a configuration that cannot be read', async () => {
  const conf = join(folder, 'krb5.conf');
  writeFileSync(conf, '[libdefaults');
  const path = put(`krb5cc_${uid}`);
  const { status, io } = await run([], { env: { KRB5_CONFIG: conf } });
  expect([status, io.stdout, io.stderr]).toEqual([
    1,
    `Destroyed FILE:${path} of alice@A.TEST\n`,
    `krb5kit logout: ${conf}:1: not a section header while initializing krb5\n`,
  ]);
});

it('says that it cannot reach caches of a type it does not know', async () => {
  const { status, io } = await run([], { env: { KRB5CCNAME: 'CLOUD:9' } });
  expect([status, io.output]).toEqual([
    1,
    'krb5kit logout: Unknown credential cache type while destroying CLOUD:9\n',
  ]);
});

it('destroys every cache of the default collection', async () => {
  const directory = join(folder, 'collection');
  mkdirSync(directory);
  writeFileSync(join(directory, 'primary'), 'tkt\n');
  for (const name of ['tkt', 'tktother']) writeFileSync(join(directory, name), ticket);
  const { status, io } = await run([], { env: { KRB5CCNAME: `DIR:${directory}` } });
  expect([status, io.stderr]).toEqual([0, '']);
  expect(io.stdout.match(/^Destroyed DIR::\S+ of alice@A\.TEST$/gm)).toHaveLength(2);
  expect(readdirSync(directory).filter(name => name.startsWith('tkt'))).toEqual([]);
});

it('destroys the collection of a member that is the default cache, but no files that only look like members', async () => {
  const directory = join(folder, 'collection');
  mkdirSync(directory);
  for (const name of ['tkt', 'tktother']) writeFileSync(join(directory, name), ticket);
  const env = { KRB5CCNAME: `DIR::${join(directory, 'tkt')}` };
  expect((await run([], { env })).status).toBe(0);
  expect(readdirSync(directory)).toEqual(['tktother']);
  writeFileSync(join(directory, 'primary'), 'tktother\n');
  const { status, io } = await run([], { env });
  expect([status, io.output]).toEqual([0, `Destroyed DIR::${join(directory, 'tktother')} of alice@A.TEST\n`]);
});

it('is quiet when told to be', async () => {
  put(`krb5cc_${uid}`);
  expect((await run(['-q'])).io.output).toBe('');
  expect((await run(['--quiet'])).io.output).toBe('');
});

it('needs no directory of caches that can be listed', async () => {
  const { status, io } = await run([], { cacheDirectory: '/nonexistent' });
  expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
});

it('makes no directory of its own', async () => {
  await run();
  expect(existsSync(data)).toBe(false);
});

it('tells how it is used', async () => {
  const { status, io } = await run(['now']);
  expect([status, io.output]).toEqual([
    2,
    'krb5kit logout: unexpected argument "now"\nUsage: krb5kit logout [options]\n',
  ]);
});
