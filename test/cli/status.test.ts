import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { changesBetween } from '../../src/cli/status/changes.ts';
import type { Look } from '../../src/cli/status/look.ts';
import { status } from '../../src/cli/status.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { outputsOf } from '../support/output-schema.ts';
import { until } from '../support/until.ts';
import { runAt, writeCache } from './caches.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

describe('krb5kit status', () => {
  it('tells in lines that begin with what they are about', async () => {
    const renewable = { ...tgt, renewTill: later(7200) };
    const path = writeCache(home, [renewable, credential('host/x@A.TEST', { endtime: later(90) })]);
    const { status: exit, io } = await runAt(home, status, [path]);
    expect([exit, io.stderr]).toEqual([0, '']);
    expect(io.stdout).toBe(`Cache: FILE:${path}
Principal: alice@A.TEST
Good until: 11/22/26 13:00:00, 1 h left
Renewable until: 11/22/26 14:00:00, 2 h left
Next to expire: host/x@A.TEST, 1 min 30 s left
Ticket: krbtgt/A.TEST@A.TEST, 1 h left
Ticket: host/x@A.TEST, 1 min 30 s left
`);
  });

  it.each<[string, readonly Credential[], string]>([
    ['have expired', [{ ...tgt, endtime: NOW }], 'Ticket: krbtgt/A.TEST@A.TEST, expired\n'],
    ['are missing', [], 'Tickets: none\n'],
  ])('has the exit status of klist -s where tickets %s', async (_, tickets, line) => {
    const { status: exit, io } = await runAt(home, status, [writeCache(home, tickets)]);
    expect([exit, io.stderr]).toEqual([1, '']);
    expect(io.stdout).toContain(line);
  });

  it.each([
    [172_800, 'behind'],
    [-172_800, 'ahead of'],
  ])('goes by the clock of the KDC, %i seconds from ours', async (seconds, how) => {
    const path = join(home, 'cc');
    const ticket = { ...tgt, starttime: later(seconds), endtime: later(seconds + 3600) };
    writeFileSync(
      path,
      CcacheFile.encode({ principal: alice, credentials: [ticket], kdcOffset: seconds * 1000 }),
    );
    const { status: exit, io } = await runAt(home, status, [path]);
    expect(exit).toBe(0);
    expect(io.stdout).toContain(`Clock: yours is 2 d ${how} the KDC's; the times left are by the KDC's\n`);
    expect(io.stdout).toContain('Ticket: krbtgt/A.TEST@A.TEST, 1 h left\n');
    const { io: json } = await runAt(home, status, ['--json', path]);
    expect(outputsOf('status', json.stdout)[0]).toMatchObject({
      valid: true,
      caches: [{ expired: false, secondsLeft: 3600, nextExpiry: { secondsLeft: 3600 } }],
    });
    const spent = { ...tgt, endtime: later(seconds) };
    writeFileSync(
      path,
      CcacheFile.encode({ principal: alice, credentials: [spent], kdcOffset: seconds * 1000 }),
    );
    expect((await runAt(home, status, [path])).status).toBe(1);
  });

  it('fails where there is no cache', async () => {
    const { status: exit, io } = await runAt(home, status, ['FILE:/no/such']);
    expect([exit, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toBe('krb5kit status: No credentials cache found (filename: /no/such)\n');
  });

  it.each([
    ['a', 'b'],
    ['--interval', 'x'],
  ])('takes no %s %s', async (...argv) => {
    expect((await runAt(home, status, argv)).status).toBe(2);
  });

  it('uses no colour if colours are off, and prints nothing with --quiet', async () => {
    const path = writeCache(home, [{ ...tgt, endtime: NOW }]);
    const terminal = { stdoutIsTerminal: true };
    expect((await runAt(home, status, [path], terminal)).io.stdout).toContain('\x1b[');
    expect((await runAt(home, status, ['--no-color', path], terminal)).io.stdout).not.toContain('\x1b');
    expect((await runAt(home, status, ['--quiet', path])).io.output).toBe('');
  });
});

/** Watches a cache until its output is long enough. */
function watching(argv: readonly string[], options: CaptureOptions = {}) {
  const env = { KRB5_CONFIG: join(home, 'no-krb5.conf'), HOME: home, KRB5CCNAME: join(home, 'cc') };
  const io = captureIo({ env, now: () => NOW, ...options });
  const ended = runCommand(status, ['--watch', '--interval', '1', ...argv], io);
  const lines = (count: number) =>
    until(() => (io.stdout.split('\n').length > count ? io.stdout.split('\n') : undefined));
  return { io, ended, lines };
}

describe('krb5kit status --watch', () => {
  it('adds a line for each change and never overwrites one', async () => {
    const { io, ended, lines } = watching([], { stdoutIsTerminal: true });
    expect(await lines(1)).toEqual([
      `11/22/26 12:00:00: No credentials cache found (filename: ${home}/cc)`,
      '',
    ]);
    const path = writeCache(home);
    await lines(2);
    writeCache(home, [tgt, credential('host/x@A.TEST')]);
    await lines(3);
    rmSync(path);
    expect((await lines(4)).slice(1)).toEqual([
      `11/22/26 12:00:00: FILE:${path} of alice@A.TEST is there, 1 h left`,
      `11/22/26 12:00:00: FILE:${path} of alice@A.TEST: new ticket for host/x@A.TEST, 1 h left`,
      `11/22/26 12:00:00: No credentials cache found (filename: ${path})`,
      '',
    ]);
    io.stop();
    expect(await ended).toBe(1);
    for (const control of ['\r', '\x1b']) expect(io.output).not.toContain(control);
  });

  it('waits for months without a word, and ends when it is to stop', async () => {
    writeCache(home);
    const warnings: string[] = [];
    const warned = ({ name }: Error) => warnings.push(name);
    process.on('warning', warned);
    const { io, ended, lines } = watching(['--interval', '365d']);
    await lines(1);
    await sleep(20);
    io.stop();
    expect(await ended).toBe(0);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('ends when it is to stop, though the cache is silent', async () => {
    const socket = join(home, 'kcm');
    let asked = false;
    const silent = createServer(() => {
      asked = true;
    }).listen(socket);
    const config = join(home, 'krb5.conf');
    writeFileSync(config, `[libdefaults]\n  kcm_socket = ${socket}\n`);
    const { io, ended } = watching(['KCM:1'], { env: { KRB5_CONFIG: config, HOME: home } });
    await until(() => asked || undefined);
    io.stop();
    expect(await ended).toBe(1);
    silent.close();
  });

  it('is a line of JSON for each change, and its status is that of the end', async () => {
    writeCache(home);
    const { io, ended, lines } = watching(['--json']);
    await lines(1);
    writeCache(home, [{ ...tgt, endtime: later(7200) }]);
    await lines(2);
    io.stop();
    expect(await ended).toBe(0);
    const [first, second] = outputsOf('status', io.stdout);
    expect(first).toMatchObject({ valid: true, changes: [], caches: [{ secondsLeft: 3600 }] });
    expect(second).toMatchObject({
      changes: [expect.stringContaining('another ticket for krbtgt/A.TEST@A.TEST, 2 h left')],
      caches: [{ secondsLeft: 7200 }],
    });
  });
});

/** A look at a cache of these tickets after so many seconds. */
function lookAt(seconds: number, credentials: readonly Credential[] | undefined): Look {
  const cache = { type: 'FILE', residual: '/cc' } as Look['caches'][number]['cache'];
  const caches = credentials === undefined ? [] : [{ cache, contents: { principal: alice, credentials } }];
  return { now: later(seconds), valid: true, caches, error: undefined };
}

const host = credential('host/x@A.TEST', { endtime: later(100) });

describe('what is new', () => {
  it.each<[string, Look, Look, readonly string[]]>([
    ['nothing', lookAt(0, [tgt, host, tgt]), lookAt(1, [tgt, host, tgt]), []],
    [
      'that a ticket has expired',
      lookAt(99, [tgt, host]),
      lookAt(101, [tgt, host]),
      ['the ticket for host/x@A.TEST has expired'],
    ],
    ['that once only', lookAt(101, [tgt, host]), lookAt(102, [tgt, host]), []],
    ['how much is left at some times', lookAt(1799, [tgt]), lookAt(1801, [tgt]), ['29 min 59 s left']],
    [
      'that a ticket is good again where the clock was set back',
      lookAt(101, [tgt, host]),
      lookAt(90, [tgt, host]),
      ['the ticket for host/x@A.TEST is good again, 10 s left'],
    ],
    [
      'that a ticket is gone',
      lookAt(0, [tgt, host]),
      lookAt(1, [tgt]),
      ['the ticket for host/x@A.TEST is gone'],
    ],
  ])('is %s', (_, before, after, expected) => {
    expect(changesBetween(before, after)).toEqual(
      expected.map(change => `FILE:/cc of alice@A.TEST: ${change}`),
    );
  });

  it('is that a cache is gone', () => {
    expect(changesBetween(lookAt(0, [tgt]), lookAt(1, undefined))).toEqual(['FILE:/cc is gone']);
  });
});
