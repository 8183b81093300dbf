import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { klist } from '../../src/cli/klist.ts';
import { status } from '../../src/cli/status.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice } from '../ccache/tickets.ts';
import { ticketFor, writeCache, writeKeytab } from '../cli/caches.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { outputOf } from '../support/output-schema.ts';
import { describePeer } from '../support/peers.ts';

let home: string;
let env: Environment;
beforeEach(() => {
  home = scratch();
  env = { KRB5_CONFIG: join(home, 'none'), KRB5CCNAME: join(home, 'cc'), HOME: home, LC_ALL: 'C', TZ: 'UTC' };
});

async function expectSame(argv: readonly string[], more: Environment = {}): Promise<void> {
  const environment = { ...env, ...more };
  const said = await ours(klist, argv, environment);
  expect(said, argv.join(' ')).toEqual(theirs(klist, argv, environment));
}

/** A command line as options. */
function words(line: string): string[] {
  return line.split(' ').filter(word => word !== '');
}

const hour = 3_600_000;
const start = new Date();
const times = { authtime: start, endtime: new Date(start.getTime() + 10 * hour) };
const over = new Date(start.getTime() - hour);
const renewTill = new Date(start.getTime() + 100 * hour);
const bob = parsePrincipal('bob@A.TEST');
const name = (text: string): Principal => ({ nameType: 1, components: [text, text], realm: 'R' });
const oddNames = [
  'a b',
  'a\\b',
  'a@b',
  '',
  'tab\t',
  'line\n',
  'back\b',
  'escape\x1b',
  'é',
  '\udcff\udc80',
  'a/b',
];
const address = (addrType: number, ...bytes: number[]) => ({ addrType, address: Uint8Array.from(bytes) });

/** A bit of everything. */
const tickets = [
  configEntry(alice, 'fast_avail', parsePrincipal('krbtgt/A.TEST@A.TEST'), 'yes'),
  configEntry(alice, 'bytes', undefined, Uint8Array.from(Array(256).keys())),
  ...[60, 61, 62, 65].map(length => configEntry(alice, 'k', undefined, 'x'.repeat(length))),
  configEntry(alice, 'long'.repeat(20), undefined, 'value'),
  configEntry(alice, 'empty', undefined, ''),
  { ...configEntry(alice, 'lasting', undefined, 'x'), ...times, flags: 0x40000000 },
  ticketFor('krbtgt/A.TEST@A.TEST', { ...times, renewTill }),
  ticketFor('krbtgt/A.TEST@A.TEST', { ...times, endtime: over }),
  ...[undefined, renewTill].flatMap(renewable =>
    [0, 0x50e10000, 0xffffffff].flatMap(flags =>
      [alice, bob].map(client =>
        ticketFor('host/x@A.TEST', { ...times, renewTill: renewable, flags, client }),
      ),
    ),
  ),
  ticketFor('host/x@A.TEST', { ...times, starttime: new Date(start.getTime() + hour) }),
  ticketFor('host/x@A.TEST', { authtime: new Date(0), endtime: new Date(0xffffffff * 1000) }),
  ticketFor('host/x@A.TEST', { ...times, ticketServer: 'krbtgt/B.TEST@A.TEST', etype: 23 }),
  ticketFor('host/x@A.TEST', { ...times, ticket: new Uint8Array(3) }),
  ticketFor('host/x@A.TEST', {
    ...times,
    authorizationData: [1, -7, 128].map(adType => ({ adType, adData: new Uint8Array(4) })),
    addresses: [
      address(2, 127, 0, 0, 1),
      address(24, ...Array<number>(16).fill(0)),
      address(24, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 9),
      address(24, ...Array<number>(10).fill(0), 255, 255, 1, 2, 3, 4),
      address(2, 1),
      address(20, 1),
    ],
  }),
  ...[-1, 0, 1, 3, 4, 6, 8, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 511].map(etype =>
    ticketFor('host/x@A.TEST', { ...times, etype, key: { keytype: etype, keyvalue: new Uint8Array(4) } }),
  ),
  ...oddNames.map(text => ticketFor('host/x@A.TEST', { ...times, server: name(text), client: name(text) })),
];

const keys = [
  ...[0, 1, 255, 256, 99_999].map(kvno => ({ principal: alice, kvno, keytype: 18 })),
  ...[-1, 0, 1, 3, 4, 6, 8, 16, 17, 19, 20, 23, 24, 25, 26, 99].map(keytype => ({
    principal: bob,
    kvno: 3,
    keytype,
  })),
  ...oddNames.filter(text => text !== '').map(text => ({ principal: name(text), kvno: 3, keytype: 18 })),
].map(({ principal, kvno, keytype }) => ({
  principal,
  kvno,
  timestamp: start,
  key: { keytype, keyvalue: Uint8Array.of(1, 2, 254) },
}));

describePeer('mit-client', () => {
  describe('klist writes what the reference implementation writes', () => {
    it.each(['', '-e', '-f', '-d', '-C', '-an', '-fe', '-ed', '-fdeanC', '-l', '-A', '-s'])(
      'about a cache: %j',
      async line => {
        const options = words(line);
        const path = writeCache(home, tickets);
        await expectSame([...options, path]);
        await expectSame(options, { KRB5CCNAME: path });
      },
    );

    it.each(['-k', '-kt', '-kK', '-ke', '-ketK', '-kdC', '-ki'])('about a keytab: %j', async line => {
      const options = words(line);
      const path = writeKeytab(home, keys);
      await expectSame([...options, path]);
      await expectSame(options, { KRB5_KTNAME: path, KRB5_CLIENT_KTNAME: `WRFILE:${path}` });
    });

    it.each(['é'.repeat(20), 'x'.repeat(40), ...oddNames])('about the cache of %j', async text => {
      const path = writeCache(home, tickets.slice(0, 2), name(text));
      for (const options of [[], ['-l'], ['-s']]) await expectSame([...options, path]);
    });

    it('about caches that break off anywhere', async () => {
      const path = writeCache(home, [
        ticketFor('krbtgt/A.TEST@A.TEST', times),
        ticketFor('host/x@A.TEST', times),
      ]);
      const whole = readFileSync(path);
      for (let length = 0; length < whole.length; length += 11) {
        writeFileSync(path, whole.subarray(0, length));
        for (const options of [[], ['-s'], ['-l'], ['-A']]) await expectSame([...options, path]);
      }
    });

    it('about caches and keytabs that are none', async () => {
      const path = join(home, 'junk');
      const contents = [
        '',
        'junk',
        '\x05',
        '\x05\x04',
        '\x05\x06\0\0',
        '\x04\x04\0\0',
        '\x05\x02',
        '\x05\x03',
      ];
      for (const text of contents) {
        writeFileSync(path, text);
        for (const options of [[], ['-s'], ['-l'], ['-A'], ['-As'], ['-k']])
          await expectSame([...options, path]);
      }
      for (const other of [home, join(path, 'x'), 'BOGUS:x', 'x']) {
        for (const options of [[], ['-s'], ['-l'], ['-A'], ['-k']]) await expectSame([...options, other]);
      }
      for (const option of ['-k', '-ki']) {
        await expectSame([option], { KRB5_KTNAME: 'BOGUS:x', KRB5_CLIENT_KTNAME: 'BOGUS:x' });
        await expectSame([option], { KRB5_KTNAME: '', KRB5_CLIENT_KTNAME: '' });
      }
    });

    it.each(['exp', 'none', 'service', 'expired service', 'foreign'])(
      'about the use of a cache: %s',
      async which => {
        const endtime = over;
        const credentials = {
          exp: [ticketFor('krbtgt/A.TEST@A.TEST', { endtime }), ticketFor('host/x@A.TEST', times)],
          none: [],
          service: [ticketFor('host/x@A.TEST', times)],
          'expired service': [ticketFor('host/x@A.TEST', { endtime })],
          foreign: [ticketFor('krbtgt/B.TEST@B.TEST', times)],
        }[which]!;
        const path = writeCache(home, credentials);
        for (const options of [['-s'], ['-l'], ['-As'], []]) await expectSame([...options, path]);
      },
    );

    it.each('-Z --foo -cc -kk -ck -n -t -K -kf -ks -ka -kA -kl -Al -ls -4 -kZ -fZ'.split(' '))(
      'about %s',
      async option => {
        const said = await ours(klist, [option], env);
        expect(said).toEqual(theirs(klist, [option], env));
      },
    );

    it('about operands', async () => {
      const path = writeCache(home, tickets);
      for (const argv of [
        ['a', 'b'],
        ['-V', 'a', 'b'],
        [path, '-f'],
        ['-5', path],
        ['--', path],
        ['-c', '--', '-x'],
        [''],
      ]) {
        await expectSame(argv);
        await expectSame(argv, { POSIXLY_CORRECT: '1' });
      }
    });
  });

  describe('klist writes times as the reference implementation does', () => {
    const installed = new Set(spawnSync('locale', ['-a'], { encoding: 'utf8' }).stdout?.split('\n'));
    const zone = process.env.TZ;
    afterEach(() => {
      process.env.TZ = zone;
    });

    const locales = [
      'en_US.utf8',
      'en_GB.utf8',
      'de_DE.utf8',
      'fr_FR.iso88591',
      'ja_JP.utf8',
      'th_TH.utf8',
      'fa_IR.utf8',
    ];
    describe.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'])('in %s', TZ => {
      it.each(['C', ...locales.filter(locale => installed.has(locale))])('in %s', async LC_TIME => {
        process.env.TZ = TZ;
        // Our messages are not translated; LC_MESSAGES stays C.
        const language = { TZ, LC_ALL: '', LANG: 'C', LC_TIME };
        await expectSame([writeCache(home, tickets)], language);
        await expectSame(['-kt', writeKeytab(home, keys)], language);
      });
    });
  });

  describePeer('mit-kdc', () => {
    let kdc: MitKdc;
    beforeAll(async () => {
      kdc = await startMitKdc();
      const gotten = await kdc.run('kinit', ['-f', '-r', '7d', 'alice'], 'alicepw\n');
      expect(gotten.status, gotten.stderr).toBe(0);
      expect((await kdc.run('kvno', ['host/localhost', 'HTTP/localhost'])).status).toBe(0);
    });
    afterAll(async () => {
      await kdc?.stop();
    });

    it.each(['', '-fea', '-C', '-d', '-l', '-A', '-s', '-ketK'])('klist %j of what it gave', async line => {
      await expectSame(words(line), kdc.env);
    });

    it('all of it in JSON, in whatever order and number', async () => {
      const found = outputOf('cache', (await ours(klist, ['--json'], kdc.env)).stdout);
      const tgt = found.tickets.find(({ server }: never) => server === 'krbtgt/A.TEST@A.TEST');
      expect(tgt).toMatchObject({ client: 'alice@A.TEST', kvno: 1, expired: false });
      expect(tgt.flags.names).toEqual(expect.arrayContaining(['forwardable', 'renewable', 'initial']));
      expect(tgt.renewSecondsLeft).toBeGreaterThan(tgt.secondsLeft);
      outputOf('keytab', (await ours(klist, ['-k', '--json'], kdc.env)).stdout);
      outputOf('cacheList', (await ours(klist, ['-l', '--json'], kdc.env)).stdout);
      outputOf('status', (await ours(status, ['--json'], kdc.env)).stdout);
    });

    it('kdestroy of its cache', async () => {
      const said = await ours(kdestroy, [], kdc.env);
      expect(said).toEqual({ status: 0, stdout: '', stderr: '' });
      expect((await kdc.run('klist', ['-s'])).status).toBe(1);
    });
  });
});

it('a bit of everything has its JSON', async () => {
  const path = writeCache(home, tickets);
  const found = outputOf('cache', (await ours(klist, ['--json', path], env)).stdout);
  expect(found.ticketCount + found.config.length).toBe(tickets.length);
  const keytab = writeKeytab(home, keys);
  expect(outputOf('keytab', (await ours(klist, ['-k', '--json', keytab], env)).stdout).keys).toHaveLength(
    keys.length,
  );
});
