import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheContents, CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { configEntry, startRealm } from '../../src/ccache/config-entries.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { cache } from '../../src/cli/cache.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { localAgent } from '../agent/support.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, later, NOW } from '../ccache/tickets.ts';
import type { CaptureOptions } from '../support/io.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';
import { type Outcome, runAt, ticketFor } from './caches.ts';

const keychain = memoryKeychain();
vi.mock('../../src/ccache/keychain/open.ts', () => ({ openKeychain: async () => keychain }));

const bob = parsePrincipal('bob@A.TEST');
const tgt = ticketFor('krbtgt/A.TEST@A.TEST');
const host = ticketFor('host/a@A.TEST', { flags: 0x40a50000, renewTill: later(9999) });
const http = ticketFor('HTTP/b@B.TEST');
const old = ticketFor('imap/c@A.TEST', { endtime: NOW });
const entry = configEntry(alice, 'pa_type', tgt.server, Uint8Array.of(0x32));
const start = configEntry(alice, 'start_realm', undefined, Uint8Array.from(Buffer.from('B.TEST')));
const full: CacheContents = {
  principal: alice,
  credentials: [entry, start, tgt, host, http, old],
  kdcOffset: 1500,
};

let home: string;
let environment: CcacheEnvironment;
beforeEach(async () => {
  home = scratch();
  environment = { dataDirectory: join(home, '.local', 'share', 'krb5kit'), keychain: async () => keychain };
  keychain.items.clear();
  await fillCache(named('cc'), full);
});

const named = (name: string): string => `FILE:${join(home, name)}`;

async function fillCache(name: string, contents: CacheContents): Promise<void> {
  await (await resolveCcache(name, environment)).initialize(contents);
}

async function load(name: string): Promise<CacheContents> {
  return (await resolveCcache(name, environment)).load();
}

/** The services that a cache has tickets for. */
async function servers(name: string): Promise<readonly string[]> {
  return (await load(name)).credentials.map(({ server }) => server.components.slice(0, 2).join('/'));
}

function run(line: string, options: CaptureOptions = {}): Promise<Outcome> {
  const argv = line.split(' ').map(word => word.replace('%h', home));
  const env = { KRB5CCNAME: named('cc'), LC_ALL: 'C', TZ: 'UTC', ...options.env };
  return runAt(home, cache, argv, { cwd: home, cacheDirectory: home, ...options, env });
}

async function expectQuiet(line: string): Promise<void> {
  const { status, io } = await run(line);
  expect([status, io.output]).toEqual([0, '']);
}

describe('cache list', () => {
  it('lists the caches that there are, in every place', async () => {
    await fillCache('KEYCHAIN:bob', { principal: bob, credentials: [{ ...old, client: bob }] });
    await fillCache(named('krb5cc_1000_x'), { principal: bob, credentials: [] });
    const uid = process.getuid?.() ?? 1000;
    await fillCache(named(`krb5cc_${uid}_x`), { principal: bob, credentials: [] });
    const { status, io } = await run('list', { uid });
    expect(status).toBe(0);
    const width = join(home, `krb5cc_${uid}_x`).length + 'FILE:'.length;
    expect(io.output.split('\n')).toEqual([
      `${'Cache'.padEnd(width)}  Principal     Tickets  Valid until`,
      `${named('cc').padEnd(width)}  alice@A.TEST        4  11/22/26 13:00:00`,
      `${'KEYCHAIN:bob'.padEnd(width)}  bob@A.TEST          1  expired`,
      `${named(`krb5cc_${uid}_x`)}  bob@A.TEST          0  -`,
      '',
    ]);
  });

  it('lists those which are named, and says which are not there', async () => {
    const { status, io } = await run('list FILE:%h/cc FILE:%h/none');
    expect(status).toBe(1);
    expect(io.stdout).toContain(`\n${named('cc')}  alice@A.TEST`);
    expect(io.stderr).toBe(`krb5kit cache list: No credentials cache found (filename: ${home}/none)\n`);
  });

  it.each([
    ['FIEL:/cc', 'Unknown credential cache type while resolving FIEL:/cc'],
    ['DIR:%h/none', "Credentials cache 'DIR:%h/none' not found"],
    ['KEYCHAIN:nobody', "Credentials cache 'KEYCHAIN:nobody' not found"],
  ])('fails for %s, which is not there, and makes nothing', async (name, sentence) => {
    const { status, io } = await run(`list ${name}`);
    expect([status, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toBe(`krb5kit cache list: ${sentence.replace('%h', home)}\n`);
    expect(existsSync(join(home, 'none'))).toBe(false);
  });

  it('complains of each that is named', async () => {
    const { io } = await run('list AA: BB:');
    expect(io.stderr.split('\n').map(line => line.split(' while ')[1])).toEqual([
      'resolving AA:',
      'resolving BB:',
      undefined,
    ]);
  });

  it('finds nothing in a collection that is empty', async () => {
    mkdirSync(join(home, 'empty'));
    const { status, io } = await run('list DIR:%h/empty');
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
  });

  it('says when there is none', async () => {
    const { status, io } = await run('list', { env: { KRB5CCNAME: named('none') }, uid: 4711 });
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
  });
});

describe('cache copy', () => {
  it.each(['FILE:%h/to', 'KEYCHAIN:', 'KEYCHAIN:to', 'DIR:%h/to', 'DIR::%h/tktto'])(
    'copies everything to %s and back',
    async name => {
      const target = name.replace('%h', home);
      await expectQuiet(`copy FILE:%h/cc ${name}`);
      expect(await load(target)).toEqual(await load(named('cc')));
      await expectQuiet(`copy ${name} FILE:%h/back`);
      expect(readFileSync(join(home, 'back'))).toEqual(readFileSync(join(home, 'cc')));
    },
  );

  it('replaces what the principal had there', async () => {
    await fillCache(named('to'), { principal: alice, credentials: [http] });
    await expectQuiet('copy FILE:%h/cc FILE:%h/to');
    expect(await load(named('to'))).toEqual(full);
  });

  it('adds the tickets for services that fit, and what is noted of them', async () => {
    await fillCache(named('to'), { principal: alice, credentials: [ticketFor('ldap/x@A.TEST')] });
    await expectQuiet('copy FILE:%h/cc FILE:%h/to krbtgt/* *@B.TEST');
    expect(await servers(named('to'))).toEqual([
      'ldap/x',
      'krb5_ccache_conf_data/pa_type',
      'krbtgt/A.TEST',
      'HTTP/b',
    ]);
    await expectQuiet('copy FILE:%h/cc FILE:%h/new host/a');
    expect(await servers(named('new'))).toEqual(['host/a']);
    expect((await load(named('new'))).kdcOffset).toBe(1500);
  });

  it('does not replace the tickets of somebody else unless it is told to', async () => {
    await fillCache(named('to'), { principal: bob, credentials: [] });
    for (const patterns of ['', ' host/*']) {
      const { status, io } = await run(`copy FILE:%h/cc FILE:%h/to${patterns}`);
      expect([status, io.output]).toEqual([
        1,
        `krb5kit cache copy: ${named('to')} holds the tickets of bob@A.TEST (--force replaces them) while copying to ${named('to')}\n`,
      ]);
    }
    expect((await load(named('to'))).principal).toEqual(bob);
    await expectQuiet('copy -f FILE:%h/cc FILE:%h/to');
    expect(await load(named('to'))).toEqual(full);
  });

  it('finds a place of its own in a collection', async () => {
    await fillCache('KEYCHAIN:bob', { principal: bob, credentials: [] });
    await expectQuiet('copy FILE:%h/cc KEYCHAIN:');
    expect((await load('KEYCHAIN:')).principal).toEqual(bob);
    expect((await load('KEYCHAIN:alice@A.TEST')).principal).toEqual(alice);
  });

  it('means a member of a directory that is named, even where it is another’s', async () => {
    await fillCache(`DIR::${home}/tktbob`, { principal: bob, credentials: [] });
    expect((await run('copy FILE:%h/cc DIR::%h/tktbob')).status).toBe(1);
    await expectQuiet('copy --force FILE:%h/cc DIR::%h/tktbob');
    expect((await load(`DIR::${home}/tktbob`)).principal).toEqual(alice);
  });

  it('means a member on a server that is named, even where it is another’s', async () => {
    const { socket, cache: member, names } = await localAgent();
    writeFileSync(join(home, 'krb5.conf'), `[libdefaults]\n kcm_socket = ${socket}\n`);
    const env = { KRB5_CONFIG: join(home, 'krb5.conf') };
    await member('bob').initialize({ principal: bob, credentials: [] });
    expect((await run('copy FILE:%h/cc KCM:bob', { env })).status).toBe(1);
    expect((await run('copy --force FILE:%h/cc KCM:bob', { env })).status).toBe(0);
    expect(formatPrincipal((await member('bob').load()).principal)).toBe('alice@A.TEST');
    expect(await names()).toEqual(['bob']);
  });

  it.each(['copy', 'move'])('does not %s to memory, which ends with the command', async verb => {
    const { status, io } = await run(`${verb} FILE:%h/cc MEMORY:x`);
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('is lost when this command ends')]);
    expect(await load(named('cc'))).toEqual(full);
  });

  it('says that nothing fits', async () => {
    const { status, io } = await run('copy FILE:%h/cc FILE:%h/to ftp/* x');
    expect([status, io.output]).toEqual([1, 'krb5kit cache copy: No ticket is for ftp/* or x\n']);
    expect(existsSync(join(home, 'to'))).toBe(false);
  });

  it('say that there is no directory for the copy', async () => {
    const { status, io } = await run('copy FILE:%h/cc FILE:%h/none/to');
    const to = named('none/to');
    expect([status, io.stderr]).toEqual([
      1,
      `krb5kit cache copy: The directory of ${to} does not exist while copying to ${to}\n`,
    ]);
  });

  it('needs two caches', async () => {
    const { status, io } = await run('copy FILE:%h/cc');
    expect([status, io.output]).toEqual([
      2,
      'krb5kit cache copy: name two caches\nUsage: krb5kit cache copy [options] FROM TO [PATTERN...]\n',
    ]);
  });
});

describe('cache move', () => {
  it('leaves nothing where it was', async () => {
    await expectQuiet('move FILE:%h/cc KEYCHAIN:');
    expect(existsSync(join(home, 'cc'))).toBe(false);
    expect(await load('KEYCHAIN:')).toEqual(full);
  });

  it('leaves the tickets for other services', async () => {
    await expectQuiet('move FILE:%h/cc FILE:%h/to host/a HTTP/*');
    expect(await servers(named('to'))).toEqual(['host/a', 'HTTP/b']);
    expect(await servers(named('cc'))).toEqual([
      'krb5_ccache_conf_data/pa_type',
      'krb5_ccache_conf_data/start_realm',
      'krbtgt/A.TEST',
      'imap/c',
    ]);
  });

  it.each(['FILE:%h/cc', 'FILE:cc', 'cc', 'FILE:%h/link/cc', 'DIR::%h/link/tkt'])(
    'does not lose a cache that is moved onto itself as %s',
    async name => {
      symlinkSync(home, join(home, 'link'));
      await fillCache(`DIR::${home}/tkt`, full);
      const from = name.startsWith('DIR') ? `FILE:${home}/tkt` : `FILE:${home}/cc`;
      const directory = process.cwd();
      process.chdir(home);
      try {
        const { status, io } = await run(`move ${from} ${name}`);
        expect([status, io.stderr]).toEqual([1, expect.stringContaining('are the same cache')]);
      } finally {
        process.chdir(directory);
      }
      expect(await load(from)).toEqual(full);
    },
  );

  it('does not lose one that goes by two names in the keychain', async () => {
    await fillCache('KEYCHAIN:alice', full);
    expect((await run('move KEYCHAIN: KEYCHAIN:alice')).status).toBe(1);
    expect((await run('move KEYCHAIN:alice KEYCHAIN:')).status).toBe(1);
    expect(await load('KEYCHAIN:')).toEqual(full);
  });

  it('keeps the source where the target cannot be written', async () => {
    const { status } = await run('move FILE:%h/cc FILE:%h/no/such/to');
    expect(status).toBe(1);
    expect(await load(named('cc'))).toEqual(full);
  });
});

describe('cache remove and cache sweep', () => {
  it('remove tickets for services', async () => {
    const { status, io } = await run('remove host/* imap/*');
    expect([status, io.output]).toEqual([0, '2 tickets removed\n']);
    expect((await load(named('cc'))).credentials).toEqual([entry, start, tgt, http]);
    expect((await run('remove -q -c FILE:%h/cc HTTP/b@B.TEST')).io.output).toBe('');
    const again = await run('remove HTTP/*');
    expect([again.status, again.io.output]).toEqual([
      1,
      'krb5kit cache remove: No ticket is for HTTP/* while removing tickets\n',
    ]);
  });

  it('leave configuration entries', async () => {
    expect((await run('remove *')).io.output).toBe('4 tickets removed\n');
    expect((await load(named('cc'))).credentials).toEqual([entry, start]);
  });

  it('need to know which', async () => {
    expect((await run('remove')).status).toBe(2);
    expect((await run('sweep x')).status).toBe(2);
  });

  it('sweep what has expired, and that alone', async () => {
    expect((await run('sweep')).io.output).toBe('1 expired ticket removed\n');
    expect((await load(named('cc'))).credentials).toEqual([entry, start, tgt, host, http]);
    expect((await run('sweep')).io.output).toBe('0 expired tickets removed\n');
  });

  it('sweep a whole collection', async () => {
    for (const name of ['KEYCHAIN:a', 'KEYCHAIN:b']) await fillCache(name, full);
    expect((await run('sweep --all --cache KEYCHAIN:')).io.output).toBe('2 expired tickets removed\n');
  });

  it('say that there is no cache', async () => {
    const { status, io } = await run('sweep -c FILE:%h/none');
    expect([status, io.output]).toEqual([
      1,
      `krb5kit cache sweep: No credentials cache found (filename: ${home}/none) while removing expired tickets\n`,
    ]);
  });
});

describe('cache export and cache import', () => {
  const tickets = [tgt, host, http, old];

  it('carry every ticket through a file, for its owner alone', async () => {
    await expectQuiet('export %h/kirbi');
    expect(statSync(join(home, 'kirbi')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home, 'kirbi'))[0]).toBe(0x76);
    const { status, io } = await run('import %h/kirbi FILE:%h/to');
    expect([status, io.output]).toEqual([0, `Imported 4 tickets of alice@A.TEST into ${named('to')}\n`]);
    expect((await load(named('to'))).credentials).toEqual(tickets);
  });

  it('carry them as base64 through pipes', async () => {
    const { io } = await run('export --base64 - host/* krbtgt/*');
    expect(io.stdout).toMatch(/^doI[A-Za-z0-9+/]+={0,2}\n$/);
    const wrapped = io.stdout.replace(/(.{64})/g, '$1\r\n');
    for (const stdin of [io.stdout, io.stdout.trimEnd(), wrapped]) {
      await run('import -q - FILE:%h/to --force', { stdin });
      expect((await load(named('to'))).credentials).toEqual([tgt, host]);
    }
  });

  it('take the base64 that Windows tools write', async () => {
    const text = (await run('export --base64 - host/* krbtgt/*')).io.stdout;
    const pem = `-----BEGIN CERTIFICATE-----\r\n${text.replace(/(.{64})/g, '$1\r\n')}-----END CERTIFICATE-----\r\n`;
    const marked = [text, pem].map(each => `\ufeff${each}`);
    const other = pem.replaceAll('CERTIFICATE', 'KRB-CRED').replaceAll('\r', '');
    for (const bytes of [
      Buffer.from(pem),
      Buffer.from(other),
      ...marked.map(each => Buffer.from(each)),
      ...marked.map(each => Buffer.from(each, 'utf16le')),
    ]) {
      writeFileSync(join(home, 'base64'), bytes);
      expect((await run('import %h/base64 FILE:%h/to --force')).status).toBe(0);
      expect((await load(named('to'))).credentials).toEqual([tgt, host]);
    }
  });

  it('carry them through pipes under --quiet as well', async () => {
    expect((await run('export --quiet --base64 -')).io.stdout).toMatch(/^doI/);
  });

  it('carry them as they are through pipes', async () => {
    const { io } = await run('export - HTTP/*');
    await run('export %h/kirbi HTTP/*');
    const { textToBytes } = await import('../../src/codec/text.ts');
    expect(Buffer.from(textToBytes(io.stdout))).toEqual(readFileSync(join(home, 'kirbi')));
  });

  it('write no binary to a terminal', async () => {
    const { status, io } = await run('export -', { stdoutIsTerminal: true });
    expect([status, io.stdout]).toEqual([2, '']);
    expect((await run('export -b -', { stdoutIsTerminal: true })).status).toBe(0);
  });

  it('fail where the standard output takes no more', async () => {
    const settle = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const sentence = 'krb5kit cache export: No space left on device while writing to the standard output\n';
    const { status, io } = await run('export -b -', { settle });
    expect([status, io.stderr]).toEqual([1, sentence]);
  });

  it('refuse what could not be read back', async () => {
    const many = Array.from({ length: 10_000 }, () => host);
    await fillCache(named('long'), { principal: alice, credentials: [tgt, ...many] });
    const { status, io } = await run('export -c FILE:%h/long %h/kirbi');
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('a pattern chooses some')]);
    expect(existsSync(join(home, 'kirbi'))).toBe(false);
    expect((await run('export -c FILE:%h/long %h/kirbi krbtgt/*')).status).toBe(0);
  });

  it('leave out, and say so, what the format has no place for', async () => {
    const userToUser = { ...host, isSkey: true, secondTicket: tgt.ticket };
    await fillCache(named('u2u'), { principal: alice, credentials: [userToUser, http] });
    const { status, io } = await run('export -c FILE:%h/u2u %h/kirbi');
    expect([status, io.output]).toEqual([
      0,
      'krb5kit cache export: left out host/a@A.TEST: the format has no place for all of it\n',
    ]);
    expect((await run('export -c FILE:%h/u2u %h/kirbi host/*')).status).toBe(1);
  });

  it('leave out, and say so, what is not a ticket, with which nothing could be read back', async () => {
    const junk = { ...host, ticket: new Uint8Array([1, 2, 3]) };
    await fillCache(named('junk'), { principal: alice, credentials: [junk, http] });
    const { status, io } = await run('export -c FILE:%h/junk %h/kirbi');
    expect([status, io.output]).toEqual([
      0,
      'krb5kit cache export: left out host/a@A.TEST: it is not a valid ticket\n',
    ]);
    expect((await run('import %h/kirbi FILE:%h/to')).status).toBe(0);
    expect((await load(named('to'))).credentials).toEqual([http]);
  });

  it('make a cache that knows from which realm its tickets lead on', async () => {
    const nobody = parsePrincipal('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
    const anonymous = [tgt, ticketFor('krbtgt/B.TEST@A.TEST')].map(each => ({ ...each, client: nobody }));
    await fillCache(named('anonymous'), { principal: nobody, credentials: anonymous });
    await run('export -c FILE:%h/anonymous %h/kirbi');
    expect((await run('import %h/kirbi FILE:%h/to')).status).toBe(0);
    expect(startRealm(await load(named('to')))).toBe('A.TEST');
    await expectQuiet('copy FILE:%h/anonymous FILE:%h/copied krbtgt/B.TEST');
    expect(startRealm(await load(named('copied')))).toBe('B.TEST');
    await fillCache(named('begun'), { principal: nobody, credentials: [{ ...http, client: nobody }] });
    expect((await run('import %h/kirbi FILE:%h/begun')).status).toBe(0);
    expect(startRealm(await load(named('begun')))).toBe('A.TEST');
    const own = [ticketFor('krbtgt/B.TEST@A.TEST'), tgt];
    await fillCache(named('own'), { principal: alice, credentials: own });
    await expectQuiet('copy FILE:%h/own FILE:%h/mine krbtgt/*');
    expect(await load(named('mine'))).toEqual(await load(named('own')));
  });

  it('add to the tickets that the principal has, in the default cache', async () => {
    await run('export %h/kirbi host/*');
    await fillCache(named('cc'), { principal: alice, credentials: [tgt] });
    expect((await run('import %h/kirbi')).status).toBe(0);
    expect((await load(named('cc'))).credentials).toEqual([tgt, host]);
  });

  it('do not add to the tickets of somebody else', async () => {
    await run('export %h/kirbi');
    await fillCache(named('cc'), { principal: bob, credentials: [] });
    const { status, io } = await run('import %h/kirbi');
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('holds the tickets of bob@A.TEST')]);
    expect((await run('import -f %h/kirbi')).status).toBe(0);
    expect(formatPrincipal((await load(named('cc'))).principal)).toBe('alice@A.TEST');
  });

  it.each([
    ['', 'It is neither a KRB-CRED nor the base64 of one'],
    ['€', 'It is neither a KRB-CRED nor the base64 of one'],
    ['AAAA', 'It is neither a KRB-CRED nor the base64 of one'],
    ['v', 'KrbCred'],
  ])('refuse %j', async (text, message) => {
    writeFileSync(join(home, 'junk'), text);
    const { status, io } = await run('import %h/junk');
    expect(status).toBe(1);
    expect(io.stderr).toMatch(/ while reading tickets from .*junk\n$/);
    expect(io.stderr).toContain(`krb5kit cache import: ${message}`);
    expect((await run('import -', { stdin: text })).status).toBe(1);
  });

  it('say what is wrong with a file', async () => {
    mkdirSync(join(home, 'directory'));
    expect((await run('import %h/none')).io.stderr).toContain('No such file or directory');
    expect((await run('import %h/directory')).io.stderr).toContain('Is a directory');
    expect((await run('import /dev/null')).io.stderr).toContain('It is no regular file');
    expect((await run('export %h/no/such')).io.stderr).toMatch(
      /^krb5kit cache export: No such file or directory while writing .*such\n$/,
    );
    expect((await run('export %h/directory')).io.stderr).toContain('It is no regular file, or not yours');
    expect((await run('import')).status).toBe(2);
    expect((await run('export')).status).toBe(2);
  });
});

describe('cache', () => {
  it('needs a command that it knows', async () => {
    expect((await runAt(home, cache, [])).status).toBe(2);
    const { status, io } = await run('constructor');
    expect([status, io.stderr]).toEqual([
      2,
      expect.stringMatching(/^krb5kit cache: there is no command 'constructor'\nUsage: /),
    ]);
  });

  it('tells of its commands', async () => {
    expect((await run('--help')).io.stdout).toContain('\n  sweep    Remove the service tickets that');
    expect((await run('copy --help')).io.stdout).toContain('-f, --force');
  });
});
