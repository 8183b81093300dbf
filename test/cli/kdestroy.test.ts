import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ccache, CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { findCcacheType } from '../../src/ccache/types.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, credential, later, tgt } from '../ccache/tickets.ts';
import type { CaptureOptions } from '../support/io.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';
import { type Outcome, runAt, writeCache } from './caches.ts';

const keychain = memoryKeychain();
vi.mock('../../src/ccache/keychain/open.ts', () => ({ openKeychain: async () => keychain }));

const bob = parsePrincipal('bob@A.TEST');
const inKeychain = { env: { KRB5CCNAME: 'KEYCHAIN:' } };
const absent = 'kdestroy: No credentials cache found';

let home: string;
let environment: CcacheEnvironment;
beforeEach(() => {
  home = scratch();
  environment = { dataDirectory: join(home, '.local', 'share', 'krb5kit'), keychain: async () => keychain };
  keychain.items.clear();
});

function run(argv: readonly string[], options?: CaptureOptions): Promise<Outcome> {
  return runAt(home, kdestroy, argv, options);
}

async function fillKeychain(): Promise<void> {
  for (const principal of [alice, bob]) {
    const cache = await keychainCache(formatPrincipal(principal));
    await cache.initialize({ principal, credentials: [tgt] });
  }
}

function keychainCache(name: string): Promise<Ccache> {
  return resolveCcache(`KEYCHAIN:${name}`, environment);
}

async function keychainNames(): Promise<readonly string[]> {
  const type = await findCcacheType('KEYCHAIN');
  return (await type!.collection!('', environment)!.list()).map(({ residual }) => residual);
}

describe('kdestroy', () => {
  it('removes a cache without a word', async () => {
    const path = writeCache(home);
    const { status, io } = await run(['-c', path]);
    expect([status, io.output, existsSync(path)]).toEqual([0, '', false]);
  });

  it('removes the default cache when none is named', async () => {
    const path = writeCache(home);
    await run([], { env: { KRB5CCNAME: path } });
    expect(existsSync(path)).toBe(false);
  });

  it('has nothing to do where there is no cache, and says so', async () => {
    for (const options of [[], ['-q']]) {
      const { status, io } = await run([...options, '-c', '/no/such']);
      expect([status, io.output]).toEqual([0, `${absent} while destroying cache\n`]);
    }
  });

  it('rings the bell when tickets stay behind, unless it is to be quiet', async () => {
    const path = join(home, 'directory');
    mkdirSync(path);
    const loud = await run(['-c', path]);
    expect([loud.status, loud.io.stdout]).toEqual([1, '']);
    expect(loud.io.stderr).toContain(' while destroying cache\nTicket cache \x07NOT\x07 destroyed!\n');
    const quiet = await run(['-q', '-c', path]);
    expect(quiet.status).toBe(1);
    expect(quiet.io.stderr).toMatch(/ while destroying cache\nTicket cache NOT destroyed!\n$/);
  });

  it('destroys what only looks like a cache, too', async () => {
    const path = join(home, 'junk');
    writeFileSync(path, 'junk');
    expect((await run(['-c', path])).status).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('tells of the other caches of the collection', async () => {
    await fillKeychain();
    const { status, io } = await run([], inKeychain);
    expect([status, io.output]).toEqual([0, 'Other credential caches present, use -A to destroy all\n']);
    expect(await keychainNames()).toEqual(['bob@A.TEST']);
    const last = await run(['-c', 'KEYCHAIN:bob@A.TEST']);
    expect([last.status, last.io.output]).toEqual([0, '']);
    expect(keychain.items.size).toBe(0);
  });

  it('does not tell of them when it is to be quiet', async () => {
    await fillKeychain();
    const { status, io } = await run(['-q'], inKeychain);
    expect([status, io.output]).toEqual([0, '']);
  });

  it.each([
    [[], 'Unknown credential cache type while resolving ccache'],
    [['-p', 'a@b@c'], 'Malformed representation of principal while parsing principal name a@b@c'],
  ])('%j says what is wrong', async (argv, message) => {
    const { status, io } = await run(argv, { env: { KRB5CCNAME: 'BOGUS:x' } });
    expect([status, io.output]).toEqual([1, `kdestroy: ${message}\n`]);
  });
});

describe('kdestroy -A', () => {
  it('removes every cache of the collection, and the key', async () => {
    await fillKeychain();
    const { status, io } = await run(['-A'], inKeychain);
    expect([status, io.output]).toEqual([0, '']);
    expect(await keychainNames()).toEqual([]);
    expect(keychain.items.size).toBe(0);
  });

  it('removes the one cache where the type has no collection', async () => {
    const path = writeCache(home);
    expect((await run(['-A', '-c', path])).io.output).toBe('');
    expect(existsSync(path)).toBe(false);
  });

  it.each(['/no/such', 'KEYCHAIN:', 'BOGUS:x'])('is silent about none in %s', async name => {
    const { status, io } = await run(['-A', '-c', name]);
    expect([status, io.output]).toEqual([0, '']);
  });

  it('names the cache that stays behind', async () => {
    const path = join(home, 'directory');
    mkdirSync(path);
    const { status, io } = await run(['-A', '-c', path]);
    expect(status).toBe(1);
    expect(io.stderr).toMatch(new RegExp(` while destroying cache FILE:${path}\n$`));
  });
});

describe('kdestroy -p', () => {
  it("removes the principal's cache and says nothing of others", async () => {
    await fillKeychain();
    const { status, io } = await run(['-p', 'bob@A.TEST'], inKeychain);
    expect([status, io.output]).toEqual([0, '']);
    expect(await keychainNames()).toEqual(['alice@A.TEST']);
  });

  it('fails where there is none', async () => {
    const env = { KRB5CCNAME: writeCache(home) };
    const { status, io } = await run(['-p', 'nobody@A.TEST'], { env });
    const message = 'kdestroy: Matching credential not found while finding cache for nobody@A.TEST\n';
    expect([status, io.output]).toEqual([1, message]);
  });
});

describe('kdestroy --expired', () => {
  const expiredTgt = { ...tgt, endtime: later(-60) };
  const config = configEntry(alice, 'pa_type', undefined, '2');
  const current = credential('host/current@A.TEST');
  const old = ['host/old@A.TEST', 'krbtgt/B.TEST@A.TEST'].map(name =>
    credential(name, { endtime: later(-60) }),
  );

  it('removes expired service tickets and leaves the rest', async () => {
    const path = writeCache(home, [config, expiredTgt, ...old, current]);
    const { status, io } = await run(['--expired', '-c', path]);
    expect([status, io.output]).toEqual([0, '2 expired tickets removed\n']);
    const left = CcacheFile.decode(readFileSync(path)).credentials.map(({ server }) =>
      formatPrincipal(server),
    );
    expect(left).toEqual([formatPrincipal(config.server), 'krbtgt/A.TEST@A.TEST', 'host/current@A.TEST']);
  });

  it('goes through the collection with -A', async () => {
    for (const name of ['one', 'two']) {
      const cache = await keychainCache(name);
      await cache.initialize({ principal: alice, credentials: [tgt, ...old.slice(1)] });
    }
    expect((await run(['--expired', '-A'], inKeychain)).io.output).toBe('2 expired tickets removed\n');
    expect((await run(['--expired', '-Aq'], inKeychain)).io.output).toBe('');
    expect((await keychainNames()).length).toBe(2);
  });

  it('is no failure where there is no cache', async () => {
    const { status, io } = await run(['--expired', '-q', '-c', '/no/such']);
    expect([status, io.stderr]).toEqual([0, `${absent} while removing expired tickets\n`]);
  });
});

describe('the options of kdestroy', () => {
  it.each([
    [['-c', 'a', '-c', 'b'], 'Only one -c option allowed'],
    [['-p', 'a', '-p', 'b'], 'Only one -p option allowed'],
    [['-A', '-p', 'a'], '-A option is exclusive with -p option'],
    [['-c'], "kdestroy: option requires an argument -- 'c'"],
    [['-Z'], "kdestroy: invalid option -- 'Z'"],
    [['operand'], 'Usage: kdestroy [-A] [-q] [-c cache_name] [-p princ_name]'],
  ])('%j is a mistake', async (argv, message) => {
    const { status, io } = await run(argv);
    expect([status, io.stdout, io.stderr.split('\n', 1)[0]]).toEqual([2, '', message]);
    expect(io.stderr).toMatch(/-p specify principal name within collection\n$/);
  });

  it('include what is left of Kerberos 4', async () => {
    const { status, io } = await run(['-4']);
    expect([status, io.output]).toEqual([3, 'Kerberos 4 is no longer supported\n']);
  });
});
