import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { klist } from '../../src/cli/klist.ts';
import { kswitch } from '../../src/cli/kswitch.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, tgt } from '../ccache/tickets.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';
import { runAt } from './caches.ts';

const keychain = memoryKeychain();
vi.mock('../../src/ccache/keychain/open.ts', () => ({ openKeychain: async () => keychain }));

const bob = parsePrincipal('bob@A.TEST');

let home: string;
let environment: CcacheEnvironment;
beforeEach(() => {
  home = scratch();
  environment = { dataDirectory: join(home, '.local', 'share', 'krb5kit'), keychain: async () => keychain };
  keychain.items.clear();
});

/** The two collections that are made without a server, each with alice's cache as its primary, and bob's. */
const collections = [
  { type: 'KEYCHAIN', name: () => 'KEYCHAIN:', member: (user: string) => `KEYCHAIN:${user}@A.TEST` },
  {
    type: 'DIR',
    name: () => `DIR:${join(home, 'd')}`,
    member: (user: string) => `DIR::${join(home, 'd')}/${user === 'alice' ? 'tkt' : 'tktbob'}`,
  },
];

describe.each(collections)('kswitch in a $type collection', ({ name, member }) => {
  const env = () => ({ KRB5CCNAME: name() });
  const run = (...argv: string[]) => runAt(home, kswitch, argv, { env: env() });

  beforeEach(async () => {
    for (const principal of [alice, bob]) {
      const cache = await resolveCcache(member(principal.components[0]!), environment);
      await cache.initialize({ principal, credentials: [{ ...tgt, client: principal }] });
    }
    expect(await primary()).toBe('alice@A.TEST');
  });

  async function primary(): Promise<string> {
    const { principal } = await (await resolveCcache(name(), environment)).load();
    return formatPrincipal(principal);
  }

  it('finds a cache by its principal', async () => {
    const { status, io } = await run('-p', 'bob@A.TEST');
    expect([status, io.output, await primary()]).toEqual([0, '', 'bob@A.TEST']);
    const { io: listed } = await runAt(home, klist, ['-l'], { env: env() });
    expect(listed.stdout).toMatch(/\nbob@A\.TEST .*\nalice@A\.TEST /);
  });

  it('takes a cache by its name', async () => {
    const { status, io } = await run('-c', member('bob'));
    expect([status, io.output, await primary()]).toEqual([0, '', 'bob@A.TEST']);
  });

  it('takes a member that is named though KRB5CCNAME names something else', async () => {
    const { status } = await runAt(home, kswitch, ['-c', member('bob')], { env: { KRB5CCNAME: 'FILE:/x' } });
    expect([status, await primary()]).toEqual([0, 'bob@A.TEST']);
  });

  it('says that a principal has no cache', async () => {
    const { status, io } = await run('-p', 'carol@A.TEST');
    expect(status).toBe(1);
    expect(io.stderr).toBe(
      'kswitch: Matching credential not found while searching for ccache for carol@A.TEST\n',
    );
    expect(await primary()).toBe('alice@A.TEST');
  });
});

describe('kswitch', () => {
  it.each([
    ['', 'One of -c or -p must be specified\nUsage: kswitch'],
    ['-c a -p b', 'Only one -c or -p option allowed\nUsage: kswitch'],
    ['-p a b', 'Usage: kswitch'],
    ['-z', "kswitch: invalid option -- 'z'\nOne of -c or -p must be specified\nUsage: kswitch"],
  ])('%s is wrong', async (line, message) => {
    const { status, io } = await runAt(home, kswitch, line === '' ? [] : line.split(' '));
    expect([status, io.stderr.slice(0, message.length)]).toEqual([2, message]);
  });

  it('has nothing to do for a cache that is in no collection', async () => {
    const { status, io } = await runAt(home, kswitch, ['-c', 'FILE:/nonexistent']);
    expect([status, io.output]).toEqual([0, '']);
  });

  it('does not make a cache that is not there the primary one', async () => {
    const { status, io } = await runAt(home, kswitch, ['-c', 'KEYCHAIN:nobody']);
    expect([status, io.stderr]).toEqual([
      1,
      "kswitch: Credentials cache 'KEYCHAIN:nobody' not found while switching to credential cache\n",
    ]);
  });
});
