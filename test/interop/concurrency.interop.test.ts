import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { type Ran, runBuilt } from '../support/built-commands.ts';
import { type BuiltKdc, startBuiltKdc } from '../support/built-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

// What a busy machine does: many processes of one user, each of which changes the same cache.

const COUNT = 50;
const numbers = Array.from({ length: COUNT }, (_, i) => i);
const services = numbers.map(i => `service${i}/localhost`);
const inRealm = services.map(name => `${name}@LOAD.TEST`).sort();

let folder: string;
let kdc: BuiltKdc;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const users = numbers.map(i => ({ name: `user${i}`, password: 'wonderland', enctypes: ['aes256-cts'] }));
  kdc = await startBuiltKdc({ realm: 'LOAD.TEST', users, services });
  folder = kdc.folder;
});
afterAll(() => kdc?.stop());
beforeEach(() => {
  env = {
    PATH: process.env.PATH,
    LC_ALL: 'C',
    TZ: 'UTC',
    HOME: folder,
    KRB5_CONFIG: kdc.krb5Conf,
    KRB5KIT_HOME: join(folder, 'data'),
  };
});
afterEach(() => {
  rmSync(join(folder, 'caches'), { recursive: true, force: true });
  rmSync(join(folder, 'data'), { recursive: true, force: true });
});

const run = (name: string, ...args: readonly string[]): Promise<Ran> => runBuilt(name, args, { env });
const login = (user = 'user0'): Promise<Ran> => runBuilt('kinit', [user], { env, input: 'wonderland\n' });

function expectAllWell(outcomes: readonly Ran[]): void {
  expect(outcomes.map(({ stderr }) => stderr).filter(text => text !== '')).toEqual([]);
  expect(outcomes.every(({ status }) => status === 0)).toBe(true);
}

/** The services that a listing of klist shows. */
function servicesIn(listing: string): readonly string[] {
  return (listing.match(/service\d+\/localhost@LOAD\.TEST$/gm) ?? []).sort();
}

function expectNoLocks(): void {
  const locks = join(folder, 'data/locks');
  expect(existsSync(locks) ? readdirSync(locks) : []).toEqual([]);
}

it('twenty that add to one keytab at once, which is not there before, lose no key of each other', async () => {
  const keytab = join(folder, 'kt');
  const writers = numbers.slice(0, 20);
  const words = (kvno: number) => ['add', '--kvno', String(kvno), '--offline', '--password-stdin', 'user0'];
  expectAllWell(
    await Promise.all(
      writers.map(kvno => runBuilt('ktutil', [...words(kvno), '-q', '-k', keytab], { env, input: 'pw\n' })),
    ),
  );
  const { keys } = JSON.parse((await run('ktutil', 'list', '--json', keytab)).stdout);
  const counts = writers.map(each => keys.filter(({ kvno }: { kvno: number }) => kvno === each).length);
  expect(counts[0]).toBeGreaterThan(1);
  expect(new Set(counts).size).toBe(1);
  expect(readdirSync(folder).filter(name => name.startsWith('kt'))).toEqual(['kt']);
});

describe(`${COUNT} processes on one FILE cache`, () => {
  let path: string;

  beforeEach(() => {
    const caches = mkdtempSync(join(folder, 'caches-'));
    path = join(caches, 'cc');
    env = { ...env, KRB5CCNAME: `FILE:${path}` };
  });

  it('each get a ticket, and all are there in the end, for the native tools as well', async () => {
    expectAllWell([await login()]);
    expectAllWell(await Promise.all(services.map(name => run('kvno', name))));
    expect(servicesIn((await run('klist')).stdout)).toEqual(inRealm);
    const native = findProgram('klist');
    if (native !== undefined) {
      const { status, stdout } = spawnSync(native, ['-e', path], { env, encoding: 'utf8' });
      expect([status, servicesIn(stdout)]).toEqual([0, inRealm]);
    }
    expect(readdirSync(join(path, '..'))).toEqual(['cc']);
    expectNoLocks();
  });

  it('replace it and add to it, and whoever reads meanwhile finds a whole one', async () => {
    expectAllWell([await login()]);
    let working = true;
    const work = Promise.all(numbers.map(i => (i % 2 === 0 ? login() : run('kvno', services[i]!)))).finally(
      () => {
        working = false;
      },
    );
    let reads = 0;
    for (; working; await sleep(3)) {
      const { principal, credentials, truncated } = CcacheFile.decode(readFileSync(path));
      expect(truncated ?? false).toBe(false);
      expect(formatPrincipal(principal)).toBe('user0@LOAD.TEST');
      expect(credentials.map(({ server }) => formatPrincipal(server))).toContain(
        'krbtgt/LOAD.TEST@LOAD.TEST',
      );
      reads++;
    }
    expectAllWell(await work);
    expect(reads).toBeGreaterThan(20);
    expect(readdirSync(join(path, '..'))).toEqual(['cc']);
    expectNoLocks();
  });
});

describePeer('secret-service', () => {
  let session: SecretServiceSession;

  beforeAll(async () => {
    session = await startSecretService();
  });
  afterAll(() => session?.stop());
  beforeEach(() => {
    env = { ...session.environment, ...env, HOME: session.environment.HOME };
  });
  afterEach(() => run('kdestroy', '-A'));

  it(`${COUNT} processes on one KEYCHAIN cache each get a ticket, and all are there in the end`, async () => {
    expectAllWell([await login()]);
    expectAllWell(await Promise.all(services.map(name => run('kvno', name))));
    const { stdout } = await run('klist');
    expect(stdout).toMatch(/^Ticket cache: KEYCHAIN:user0@LOAD\.TEST\n/);
    expect(servicesIn(stdout)).toEqual(inRealm);
    expect(readdirSync(join(folder, 'data')).sort()).toEqual(['locks', 'tickets']);
    expectNoLocks();
  });

  it(`${COUNT} users that log in at once, the first of all, have a cache each and one key`, async () => {
    expectAllWell(await Promise.all(numbers.map(i => login(`user${i}`))));
    const { stdout } = await run('klist', '-l');
    expect(stdout.match(/KEYCHAIN:user\d+@LOAD\.TEST/g)).toHaveLength(COUNT);
    expect(session.search().match(/^\[\//gm)).toHaveLength(1);
    expectNoLocks();
  });
});
