import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { leadingInteger, splitRequest } from '../../src/cli/ktutil/line.ts';
import { ktutil } from '../../src/cli/ktutil.ts';
import { bytesToHex } from '../../src/codec/text.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { NOW } from '../ccache/tickets.ts';
import { entry } from '../keytab/samples.ts';
import type { CaptureOptions } from '../support/io.ts';
import { type Outcome, runAt } from './caches.ts';

let home: string;
beforeEach(async () => {
  home = scratch();
  await fill('kt', [entry('alice@A.TEST', 1), entry('alice@A.TEST', 2), entry('host/a@A.TEST', 5)]);
});

const path = (name: string): string => join(home, name);

async function fill(name: string, entries: readonly KeytabEntry[]): Promise<void> {
  await resolveKeytab(path(name)).add(entries);
}

function run(line: string, options: CaptureOptions = {}): Promise<Outcome> {
  const argv = line.split(' ').map(word => word.replace('%h', home));
  const env = { KRB5_KTNAME: path('kt'), LC_ALL: 'C', TZ: 'UTC', ...options.env };
  return runAt(home, ktutil, argv, { ...options, env });
}

/** `1 alice@A.TEST`, for each key. */
async function keys(name = 'kt'): Promise<readonly string[]> {
  const entries = await resolveKeytab(path(name)).entries();
  return entries.map(({ kvno, principal }) => `${kvno} ${formatPrincipal(principal)}`);
}

describe('add', () => {
  const add = 'add --offline --kvno 3 -e aes128-cts bob@A.TEST';
  const keyOfBob = async (): Promise<string> =>
    bytesToHex((await resolveKeytab(path('kt')).entries()).at(-1)!.key.keyvalue);

  it('warns of an enctype that can be broken', async () => {
    const { status, io } = await run(add.replace('aes128-cts', 'rc4-hmac'), { stdin: 'secret\n' });
    expect(status).toBe(0);
    expect(io.stderr).toContain('ktutil: warning: arcfour-hmac can be broken: use AES instead\n');
  });

  it('takes the password from wherever it is told', async () => {
    writeFileSync(path('pw'), 'secret\nmore\n');
    const found: string[] = [];
    for (const [source, options] of [
      ['', { stdin: 'secret\n' }],
      [' --password-stdin', { stdin: 'secret\n' }],
      [' --password-file %h/pw', {}],
      [' --password-file -', { stdin: 'secret\n' }],
      [' --password-env PW', { env: { PW: 'secret' } }],
    ] as const) {
      const { status, io } = await run(add + source, options);
      expect(status, io.stderr).toBe(0);
      found.push(await keyOfBob());
      await run('remove -q bob');
    }
    expect(new Set(found).size).toBe(1);
  });

  it('says nothing but what it did', async () => {
    const { io } = await run(`${add} --password-stdin`, { stdin: 'secret\n' });
    expect(io.output).toBe(`Added 1 key of bob@A.TEST, kvno 3, to FILE:${home}/kt\n`);
    expect((await run(`${add} -q --password-stdin`, { stdin: 'secret\n' })).io.output).toBe('');
  });

  it('puts another key in the place of one of the same version', async () => {
    await run(`${add} --password-stdin`, { stdin: 'secret\n' });
    const first = await keyOfBob();
    await run(`${add} --password-stdin`, { stdin: 'other\n' });
    expect(await keyOfBob()).not.toBe(first);
    expect(await keys()).toEqual(['1 alice@A.TEST', '2 alice@A.TEST', '5 host/a@A.TEST', '3 bob@A.TEST']);
  });

  it('takes a key in digits, and does not repeat a wrong one', async () => {
    const key = 'add --key --kvno 4 -e aes128-cts bob@A.TEST --password-stdin';
    expect((await run(key, { stdin: `${'ab'.repeat(16)}\n` })).status).toBe(0);
    expect(await keyOfBob()).toBe('ab'.repeat(16));
    for (const wrong of ['abc', 'zzzz', 'abcd']) {
      const { status, io } = await run(key, { stdin: `${wrong}\n` });
      expect(status).toBe(1);
      expect(io.stderr).not.toContain(wrong);
    }
  });

  it.each([
    ['add', 'ktutil add: name one principal'],
    ['add a@R b@R', 'ktutil add: name one principal'],
    ['add --offline a@R', 'ktutil add: --offline requires --kvno'],
    ['add --key a@R', 'ktutil add: --key requires --kvno and one encryption type, and no --salt'],
    ['add --kvno x a@R', "ktutil add: 'x' is not a key version"],
    ['add --kvno 4294967296 a@R', "ktutil add: '4294967296' is not a key version"],
    ['add -e nonsense a@R', "ktutil add: 'nonsense' contains no supported encryption type"],
    ['add --password-stdin --password-env X a@R', 'ktutil add: only one source of the password can be given'],
    ['add --password-fd x a@R', "ktutil add: 'x' is not a file descriptor"],
    ['remove --kvno x a@R', "ktutil remove: 'x' is not a key version"],
    ['remove -e nonsense a@R', "ktutil remove: 'nonsense' contains no supported encryption type"],
    ['purge --age soon', "ktutil purge: 'soon' is not a duration such as '10h' or '7d'"],
    ['rotate --age 1w a@R', "ktutil rotate: '1w' is not a duration such as '10h' or '7d'"],
  ])('%s is no command line', async (line, message) => {
    const { status, io } = await run(line);
    expect(status).toBe(2);
    expect(io.stderr.split('\n', 1)).toEqual([message]);
  });

  it.each([
    ['--password-file %h/none', 'No such file or directory'],
    ['--password-env hunter2', 'the variable that --password-env names is not set, or empty'],
    ['--password-stdin', 'standard input is empty'],
    ['--password-fd 987654', 'Bad file descriptor'],
  ])('says why there is no password: %s', async (source, reason) => {
    const { status, io } = await run(`${add} ${source}`);
    expect(status).toBe(1);
    expect(io.stderr).toMatch(/^ktutil add: Cannot read password: .* while reading password\n$/);
    expect(io.stderr).toContain(reason);
    expect(io.stderr).not.toContain('hunter2');
  });

  it('tells a failure in JSON', async () => {
    const { io } = await run(`${add} --json --password-env NONE`);
    expect(JSON.parse(io.stderr)).toMatchObject({ program: 'ktutil add', code: 'PASSWORD_UNREAD' });
  });
});

describe('list', () => {
  it('lists as klist does', async () => {
    const { io } = await run('list -e');
    expect(io.stdout).toContain('   5 host/a@A.TEST (aes256-cts-hmac-sha1-96) \n');
  });

  it('lists in JSON, keys only where asked for', async () => {
    const { io } = await run('list --json');
    const listing = JSON.parse(io.stdout) as { keys: readonly object[] };
    expect(listing).toMatchObject({ keytab: `FILE:${home}/kt` });
    expect(listing.keys[0]).toEqual({
      principal: 'alice@A.TEST',
      kvno: 1,
      enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
      time: '2026-11-22T12:00:00.000Z',
    });
    expect((await run('list --json -K')).io.stdout).toContain(`"key":"${'01'.repeat(32)}"`);
  });

  it('fails in JSON', async () => {
    const { status, io } = await run('list --json %h/none');
    expect(status).toBe(1);
    expect(JSON.parse(io.stderr)).toMatchObject({ code: 'KEYTAB_NOT_FOUND' });
  });
});

describe('copy and merge', () => {
  it('copy what fits, once', async () => {
    expect((await run('copy %h/kt %h/new host/*')).io.stdout).toBe(`Added 1 key to FILE:${home}/new\n`);
    expect(await keys('new')).toEqual(['5 host/a@A.TEST']);
    expect((await run('merge %h/kt %h/kt %h/new')).io.stdout).toBe(
      `Added 2 keys to FILE:${home}/new; it had 1 already\n`,
    );
    expect(await keys('new')).toEqual(['5 host/a@A.TEST', '1 alice@A.TEST', '2 alice@A.TEST']);
  });

  it('leave no file where nothing fits', async () => {
    expect((await run('copy %h/kt %h/new nobody')).status).toBe(1);
    expect((await run('copy %h/none %h/new')).status).toBe(1);
    expect((await run('merge %h/kt')).status).toBe(2);
    expect(existsSync(path('new'))).toBe(false);
  });
});

describe('remove, purge and rename', () => {
  it('remove by name, version and enctype', async () => {
    expect((await run('remove --kvno 1 alice')).io.stdout).toBe(`Removed 1 key from FILE:${home}/kt\n`);
    expect((await run('remove -e aes128-cts alice')).status).toBe(1);
    expect(await keys()).toEqual(['2 alice@A.TEST', '5 host/a@A.TEST']);
    expect((await run('remove -q *@A.TEST')).io.output).toBe('');
    expect(await keys()).toEqual([]);
  });

  it('purge what has been superseded for long enough', async () => {
    const young = { ...entry('bob@A.TEST', 2), timestamp: new Date(NOW.getTime() - 3_600_000) };
    await fill('kt', [entry('bob@A.TEST', 1), young]);
    const hours = Math.ceil((NOW.getTime() - entry('alice@A.TEST', 2).timestamp.getTime()) / 3_600_000);
    await run(`purge --age ${Math.max(0, hours) + 2}h`);
    expect(await keys()).toHaveLength(5);
    await run('purge --age 59m bob');
    expect(await keys()).toEqual(['1 alice@A.TEST', '2 alice@A.TEST', '5 host/a@A.TEST', '2 bob@A.TEST']);
    expect((await run('purge --age 1w')).status).toBe(2);
  });

  it('rename keeps the keys', async () => {
    const [key] = (await resolveKeytab(path('kt')).entries()).map(each => each.key);
    expect((await run('rename alice@A.TEST carol@A.TEST')).status).toBe(0);
    expect(await keys()).toEqual(['5 host/a@A.TEST', '1 carol@A.TEST', '2 carol@A.TEST']);
    expect((await resolveKeytab(path('kt')).entries())[1]!.key).toEqual(key);
    expect((await run('rename alice@A.TEST carol@A.TEST')).status).toBe(1);
    expect((await run('rename carol@A.TEST carol@A.TEST')).status).toBe(0);
    expect(await keys()).toHaveLength(3);
  });
});

describe('diff', () => {
  it('shows what two keytabs do not have in common, and no key', async () => {
    const other = entry('alice@A.TEST', 2);
    const changed = { ...other, key: { ...other.key, keyvalue: new Uint8Array(32) } };
    await fill('new', [entry('alice@A.TEST', 1), changed, entry('bob@A.TEST', 7)]);
    const { status, io } = await run('diff %h/kt %h/new');
    expect(status).toBe(1);
    const etype = '(aes256-cts-hmac-sha1-96)';
    expect(io.stdout).toBe(
      `- 5 host/a@A.TEST ${etype}\n+ 7 bob@A.TEST ${etype}\n! 2 alice@A.TEST ${etype}\n`,
    );
    const json = JSON.parse((await run('diff --json %h/kt %h/new')).io.stdout);
    expect(json).toMatchObject({
      onlyFirst: [{ kvno: 5 }],
      onlySecond: [{ kvno: 7 }],
      otherKey: [{ kvno: 2 }],
    });
  });

  it('has the statuses of diff', async () => {
    expect((await run('diff %h/kt %h/kt')).status).toBe(0);
    expect((await run('diff %h/kt %h/none')).status).toBe(2);
    expect((await run('diff %h/kt')).status).toBe(2);
  });
});

it('refuses a command that there is not', async () => {
  const { status, io } = await run('nope');
  expect(status).toBe(2);
  expect(io.stderr).toMatch(/^ktutil: there is no command 'nope'\nUsage: /);
});

it('verify says that there is nothing to verify', async () => {
  const { status, io } = await run('verify nobody');
  expect(status).toBe(1);
  expect(io.stderr).toBe(`ktutil verify: There is no such key in FILE:${home}/kt\n`);
});

it('verify waits only once for KDCs that do not answer', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const conf = path('krb5.conf');
  const kdc = `udp/127.0.0.1:${silent.address().port}`;
  writeFileSync(conf, `[libdefaults]\nrequest_timeout = 1\n[realms]\nA.TEST = {\n kdc = ${kdc}\n}\n`);
  const { status, io } = await run('verify', { env: { KRB5_CONFIG: conf } });
  silent.close();
  expect(status).toBe(1);
  expect(io.stderr).toBe(
    "ktutil verify: Cannot contact any KDC for realm 'A.TEST' while verifying the keys of alice@A.TEST\n",
  );
  expect(io.stdout.match(/^unasked /gm)).toHaveLength(3);
});

describe('a line of requests', () => {
  it.each([
    ['', []],
    ['  a\tb ', ['a', 'b']],
    ['a "b c" ""', ['a', 'b c', '']],
    ['a"b c"d', ['ab cd']],
    ['"a""b"', ['a"b']],
  ])('%j has the words %j', (line, words) => {
    expect(splitRequest(line)).toEqual(words);
  });

  it('has no words where a quote is open', () => {
    expect(splitRequest('a "b')).toBeUndefined();
  });

  it.each([
    ['', 0],
    [' +12x', 12],
    ['-3', -3],
    ['+-3', 0],
    ['4294967295', -1],
    ['99999999999999999999', -1],
    ['-99999999999999999999', 0],
  ])('atoi of %j is %i', (text, number) => {
    expect(leadingInteger(text)).toBe(number);
  });
});
