import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { klist } from '../../src/cli/klist.ts';
import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import type { CaptureOptions } from '../support/io.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';
import { type Outcome, runAt, ticketFor, writeCache, writeKeytab } from './caches.ts';

const keychain = memoryKeychain();
vi.mock('../../src/ccache/keychain/open.ts', () => ({ openKeychain: async () => keychain }));

let home: string;
beforeEach(() => {
  home = scratch();
  keychain.locked = false;
});

function run(argv: readonly string[], options?: CaptureOptions): Promise<Outcome> {
  return runAt(home, klist, argv, options);
}

/** What is listed under the heading. */
async function listed(argv: readonly string[], options?: CaptureOptions): Promise<string> {
  const { io } = await run(argv, options);
  return io.stdout.slice(io.stdout.indexOf('Service principal\n') + 'Service principal\n'.length);
}

function keychainCache(name: string): Promise<Ccache> {
  return resolveCcache(`KEYCHAIN:${name}`, {
    dataDirectory: join(home, '.local', 'share', 'krb5kit'),
    keychain: async () => keychain,
  });
}

const renewable = { renewTill: later(86_400) };
const expired = { endtime: later(-1) };

describe('klist of a cache', () => {
  it('shows whose it is and the times of its tickets', async () => {
    const path = writeCache(home, [tgt, credential('host/x@A.TEST', { starttime: later(60), ...renewable })]);
    const { status, io } = await run([path]);
    expect(status).toBe(0);
    expect(io.stderr).toBe('');
    expect(io.stdout).toBe(`Ticket cache: FILE:${path}
Default principal: alice@A.TEST

Valid starting     Expires            Service principal
11/22/26 12:00:00  11/22/26 13:00:00  krbtgt/A.TEST@A.TEST
11/22/26 12:01:00  11/22/26 13:00:00  host/x@A.TEST
\trenew until 11/23/26 12:00:00
`);
  });

  it('reads the default cache when none is named', async () => {
    const path = writeCache(home);
    const { io } = await run([], { env: { KRB5CCNAME: path } });
    expect(io.stdout).toMatch(`Ticket cache: FILE:${path}\n`);
  });

  it.each([
    ['nothing more', [], {}, ''],
    ['the flags', ['-f'], {}, '\tFlags: FRIA\n'],
    ['no flags where there are none', ['-f'], { flags: 0 }, ''],
    ['every flag', ['-f'], { flags: 0xffffffff }, '\tFlags: FfPpDdiRIHATOa\n'],
    [
      'the encryption types',
      ['-e'],
      { key: { keytype: 23, keyvalue: new Uint8Array(16) } },
      '\tEtype (skey, tkt): DEPRECATED:arcfour-hmac, aes256-cts-hmac-sha1-96 \n',
    ],
    ['no encryption types of what is no ticket', ['-e'], { ticket: new Uint8Array(9) }, ''],
    ['the client of a proxy', [], { client: parsePrincipal('bob@A.TEST') }, '\tfor client bob@A.TEST\n'],
    [
      'all on one line while it is short',
      ['-fe'],
      {},
      '\tFlags: FRIA, Etype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96 \n',
    ],
    [
      'the rest on a second line after a time and a flag',
      ['-efd'],
      renewable,
      '\trenew until 11/23/26 12:00:00, Flags: FRIA\n' +
        '\tEtype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96 , AD types: \n',
    ],
    [
      'the types of authorization data',
      ['-d'],
      { authorizationData: [1, -7].map(adType => ({ adType, adData: new Uint8Array(1) })) },
      '\tAD types: 1, -7\n',
    ],
    ['that there are no addresses', ['-a'], {}, '\tAddresses: (none)\n'],
    [
      'addresses',
      ['-an'],
      {
        addresses: [
          { addrType: 2, address: Uint8Array.of(192, 0, 2, 1) },
          { addrType: 24, address: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
          { addrType: 2, address: new Uint8Array(5) },
          { addrType: 20, address: new Uint8Array(16) },
        ],
      },
      '\tAddresses: 192.0.2.1, 2001:db8::1, broken address (type 2 length 5), unknown addrtype 20\n',
    ],
    [
      'for whom a ticket is that was got by a referral',
      [],
      { ticketServer: 'krbtgt/B.TEST@A.TEST' },
      '\tTicket server: krbtgt/B.TEST@A.TEST\n',
    ],
  ])('shows %s', async (_, options, more, expected) => {
    const path = writeCache(home, [ticketFor('host/x@A.TEST', more)]);
    expect(await listed([...options, path])).toBe(
      `11/22/26 12:00:00  11/22/26 13:00:00  host/x@A.TEST\n${expected}`,
    );
  });

  it('shows configuration entries when asked, their bytes in octal and wrapped', async () => {
    const path = writeCache(home, [
      configEntry(alice, 'pa_type', parsePrincipal('krbtgt/A.TEST@A.TEST'), '2'),
      configEntry(alice, 'long', undefined, `a b\\${'x'.repeat(70)}`),
    ]);
    expect(await listed([path])).toBe('');
    expect(await listed(['-C', path])).toBe(
      `config: pa_type(krbtgt/A.TEST@A.TEST) = 2\nconfig: long = a\\040b\\${'x'.repeat(51)}\n        ${'x'.repeat(19)}\n`,
    );
  });

  it('lists what comes before the place where a cache breaks off', async () => {
    const path = writeCache(home, [tgt, credential('host/x@A.TEST')]);
    truncateSync(path, readFileSync(path).length - 1);
    const { status, io } = await run([path]);
    expect([status, io.stderr]).toEqual([0, '']);
    expect(io.stdout).toMatch(/krbtgt\/A\.TEST@A\.TEST\n$/);
  });

  it.each([
    ['/no/such', 'No credentials cache found (filename: /no/such)'],
    ['FILE:/', 'Bad format in credentials cache (filename: /)'],
    ['MEMORY:x', 'No credentials cache found'],
    ['BOGUS:x', 'Unknown credential cache type while resolving ccache'],
  ])('says what is wrong with %s', async (name, message) => {
    const { status, io } = await run([name]);
    expect([status, io.stdout, io.stderr]).toEqual([1, '', `klist: ${message}\n`]);
  });
});

describe('klist on a terminal', () => {
  const terminal = { stdoutIsTerminal: true, env: { NO_COLOR: '1' } };

  it('says which tickets have expired, which a pipe does not get to hear', async () => {
    const path = writeCache(home, [credential('host/x@A.TEST', expired), tgt]);
    const piped = '11/22/26 12:00:00  11/22/26 11:59:59  host/x@A.TEST';
    const current = '11/22/26 12:00:00  11/22/26 13:00:00  krbtgt/A.TEST@A.TEST';
    expect(await listed([path])).toBe(`${piped}\n${current}\n`);
    expect(await listed([path], { env: { FORCE_COLOR: '1' } })).toBe(`${piped}\n${current}\n`);
    expect(await listed([path], terminal)).toBe(`${piped} (expired)\n${current}\n`);
    expect(await listed([path], { stdoutIsTerminal: true })).toBe(
      `\x1b[2m${piped}\x1b[22m \x1b[31m(expired)\x1b[39m\n${current}\n`,
    );
  });

  it('lets nothing that comes out of a cache steer it', async () => {
    const hostile = '\x1b]0;x\x07\x9b2J\u202e\udc9b';
    const principal = { ...alice, components: [hostile] };
    const path = writeCache(
      home,
      [
        credential('x@A.TEST', { client: principal, server: principal }),
        configEntry(principal, hostile, principal, hostile),
      ],
      principal,
    );
    for (const options of ['-faC', '-l', '-A']) {
      const { io } = await run([options, path], terminal);
      expect(io.stdout).toMatch(/\?\]0;x\?\?2J\?\?/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
      expect(io.stdout).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]/);
    }
    expect((await run([path])).io.stdout).toContain(hostile);
  });
});

describe('klist -s', () => {
  const service = credential('host/x@A.TEST');
  const expiredTgt = { ...tgt, ...expired };
  it.each([
    ['a current local TGT', [tgt], 0],
    ['an expired one, whatever else there is', [expiredTgt, service], 1],
    ['an expired and a current one', [expiredTgt, tgt], 0],
    ['a current service ticket and no local TGT', [service], 0],
    ['the TGT of another realm', [credential('krbtgt/B.TEST@B.TEST')], 0],
    ['a TGT that is not valid yet', [{ ...tgt, flags: 0x01000000, starttime: later(600) }], 0],
    ['an expired service ticket', [{ ...service, ...expired }], 1],
    ['a ticket that expires now', [{ ...service, endtime: NOW }], 1],
    ['a configuration entry alone', [{ ...configEntry(alice, 'x', undefined, 'y'), endtime: later(60) }], 1],
    ['nothing', [], 1],
  ])('is silent about %s', async (_, credentials, expected) => {
    const path = writeCache(home, credentials);
    for (const options of ['-s', '-sA']) {
      const { status, io } = await run([options, path]);
      expect([status, io.output]).toEqual([expected, '']);
    }
  });

  it.each(['/no/such', 'BOGUS:x'])('is silent about %s', async name => {
    for (const options of ['-s', '-sA']) {
      const { status, io } = await run([options, name]);
      expect([status, io.output]).toEqual([1, '']);
    }
  });
});

describe('klist of a collection', () => {
  const header = 'Principal name                 Cache name\n--------------                 ----------\n';

  it('is that of one cache where the type has no more', async () => {
    const path = writeCache(home);
    const list = await run(['-l', path]);
    expect(list.status).toBe(0);
    expect(list.io.stdout).toBe(`${header}alice@A.TEST                   FILE:${path}\n`);
    expect((await run(['-A', path])).io.stdout).toBe((await run([path])).io.stdout);
  });

  it.each(['/no/such', 'BOGUS:x'])('is empty, and no error, for %s', async name => {
    const list = await run(['-l', name]);
    expect([list.status, list.io.output]).toEqual([1, header]);
    const all = await run(['-A', name]);
    expect([all.status, all.io.output]).toEqual([1, '']);
  });

  it('shows the primary first and what has expired', async () => {
    const bob = parsePrincipal('bob@A.TEST');
    await (await keychainCache('one')).initialize({
      principal: alice,
      credentials: [{ ...tgt, ...expired }],
    });
    await (await keychainCache('two')).initialize({ principal: bob, credentials: [tgt] });
    const env = { KRB5CCNAME: 'KEYCHAIN:' };
    expect((await run(['-l'], { env })).io.stdout).toBe(
      `${header}alice@A.TEST                   KEYCHAIN:one (Expired)\nbob@A.TEST                     KEYCHAIN:two\n`,
    );
    const { status, io } = await run(['-A'], { env });
    expect(status).toBe(0);
    expect(io.stdout.match(/^.*cache:.*$/gm)).toEqual([
      'Ticket cache: KEYCHAIN:one',
      'Ticket cache: KEYCHAIN:two',
    ]);
    expect(io.stdout).toContain('\n\nTicket cache: KEYCHAIN:two');
    expect((await run(['-sA'], { env })).status).toBe(0);
    expect((await run(['-s'], { env })).status).toBe(1);
  });

  it('says when it cannot be read', async () => {
    await (await keychainCache('one')).initialize({ principal: alice, credentials: [tgt] });
    keychain.locked = true;
    const env = { KRB5CCNAME: 'KEYCHAIN:' };
    const message = 'klist: The OS keychain is locked';
    expect((await run(['-l'], { env })).io.output).toBe(`${message} while listing ccache collection\n`);
    expect((await run([], { env })).io.output).toBe(`${message}\n`);
    expect((await run(['-s'], { env })).io.output).toBe('');
  });

  it('goes on after a cache that it cannot read', async () => {
    const path = join(home, 'junk');
    writeFileSync(path, Uint8Array.of(5, 4, 0));
    const { status, io } = await run(['-A', path]);
    expect([status, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toBe(`klist: Bad format in credentials cache (filename: ${path})\n`);
  });

  it('cuts names at thirty bytes', async () => {
    const path = writeCache(home, [tgt], { ...alice, components: ['x'.repeat(40)] });
    expect((await run(['-l', path])).io.stdout).toContain(`\n${'x'.repeat(30)} FILE:`);
    writeCache(home, [tgt], { ...alice, components: [`${'x'.repeat(29)}é`] });
    expect((await run(['-l', path])).io.stdout).toContain(`\n${'x'.repeat(29)}\udcc3 FILE:`);
  });
});

describe('klist -k', () => {
  const entry: KeytabEntry = {
    principal: parsePrincipal('host/x@A.TEST'),
    timestamp: NOW,
    kvno: 2,
    key: { keytype: 18, keyvalue: Uint8Array.of(9, 64, 255) },
  };
  const dashes = '-'.repeat(74);
  const key = 'host/x@A.TEST (aes256-cts-hmac-sha1-96) ';

  it.each([
    ['-k', `KVNO Principal\n---- ${dashes}\n   2 host/x@A.TEST\n`],
    ['-kK', `KVNO Principal\n---- ${dashes}\n   2 host/x@A.TEST (0x0940ff)\n`],
    ['-ke', `KVNO Principal\n---- ${dashes}\n   2 ${key}\n`],
    [
      '-ketK',
      `KVNO Timestamp         Principal\n---- ----------------- ${dashes.slice(18)}\n   2 11/22/26 12:00:00 ${key} (0x0940ff)\n`,
    ],
  ])('%s lists the keys of a keytab', async (options, expected) => {
    const path = writeKeytab(home, [entry]);
    const { status, io } = await run([options, path]);
    expect([status, io.stderr]).toEqual([0, '']);
    expect(io.stdout).toBe(`Keytab name: FILE:${path}\n${expected}`);
  });

  it.each([
    [3, 'DEPRECATED:des-cbc-md5'],
    [16, 'DEPRECATED:des3-cbc-sha1'],
    [20, 'aes256-cts-hmac-sha384-192'],
    [99, 'DEPRECATED:etype 99'],
  ])('names encryption type %i', async (keytype, name) => {
    const path = writeKeytab(home, [{ ...entry, key: { ...entry.key, keytype } }]);
    expect((await run(['-ke', path])).io.stdout).toContain(`host/x@A.TEST (${name}) \n`);
  });

  it('takes the default keytab, or with -i the one of clients', async () => {
    const path = writeKeytab(home, [entry]);
    const env = { KRB5_KTNAME: path, KRB5_CLIENT_KTNAME: '/no/such' };
    expect((await run(['-k'], { env })).status).toBe(0);
    const { status, io } = await run(['-ki'], { env });
    expect([status, io.stdout]).toEqual([1, 'Keytab name: FILE:/no/such\n']);
    expect(io.stderr).toBe("klist: Key table file '/no/such' not found while starting keytab scan\n");
  });

  it('takes an empty name of the environment for one', async () => {
    const env = { KRB5_KTNAME: '', KRB5_CLIENT_KTNAME: '' };
    for (const options of ['-k', '-ki']) {
      const { status, io } = await run([options], { env });
      expect([status, io.stdout]).toEqual([1, 'Keytab name: FILE:\n']);
      expect(io.stderr).toBe("klist: Key table file '' not found while starting keytab scan\n");
    }
  });

  it('says whose name is no keytab', async () => {
    const message = 'klist: Unknown Key table type while';
    const env = { KRB5_KTNAME: 'BOGUS:x', KRB5_CLIENT_KTNAME: 'BOGUS:x' };
    expect((await run(['-k', 'BOGUS:x'])).io.output).toBe(`${message} resolving keytab BOGUS:x\n`);
    expect((await run(['-k'], { env })).io.output).toBe(`${message} getting default keytab\n`);
    expect((await run(['-ki'], { env })).io.output).toBe(`${message} getting default client keytab\n`);
  });
});

describe('the options of klist', () => {
  it.each(['-n', '-t', '-K', '-ck', '-cc', '-kk', '-kf', '-ks', '-ka', '-kA', '-kl', '-Al', '-ls'])(
    '%s alone makes no sense',
    async options => {
      const { status, io } = await run([options]);
      expect([status, io.stdout]).toEqual([1, '']);
      expect(io.stderr).toMatch(/^Usage: klist \[-e\] \[-V\] \[\[-c\]/);
    },
  );

  it('are told apart from mistakes', async () => {
    const unknown = await run(['-Z']);
    expect([unknown.status, unknown.io.stderr.split('\n', 1)[0]]).toEqual([
      1,
      "klist: invalid option -- 'Z'",
    ]);
    const extra = await run(['-V', 'one', 'two']);
    expect([extra.status, extra.io.stderr.split('\n', 1)[0]]).toEqual([
      1,
      'Extra arguments (starting with "two").',
    ]);
  });

  it('include -V and what is left of Kerberos 4', async () => {
    const version = await run(['-V']);
    expect([version.status, version.io.output]).toEqual([
      0,
      expect.stringMatching(/^krb5kit version \d+\.\d+\.\d+\n$/),
    ]);
    const four = await run(['-4']);
    expect([four.status, four.io.output]).toEqual([3, 'Kerberos 4 is no longer supported\n']);
    expect((await run(['-5', writeCache(home)])).status).toBe(0);
  });
});
