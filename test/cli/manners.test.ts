import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { krb5kit } from '../../src/cli/krb5kit.ts';
import { ktutilDiff } from '../../src/cli/ktutil/diff.ts';
import { withManners } from '../../src/cli/manners.ts';
import { status as tellStatus } from '../../src/cli/status.ts';
import { scratch } from '../ccache/samples.ts';
import { later, tgt } from '../ccache/tickets.ts';
import { captureIo } from '../support/io.ts';
import { runAt, writeCache } from './caches.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

describe('--quiet', () => {
  it('leaves the exit status and what went wrong', async () => {
    const path = writeCache(home);
    const good = await runAt(home, klist, ['--quiet', path]);
    expect([good.status, good.io.output]).toEqual([0, '']);
    const bad = await runAt(home, klist, ['--quiet', '/no/such']);
    expect([bad.status, bad.io.stdout]).toEqual([1, '']);
    expect(bad.io.stderr).toBe('klist: No credentials cache found (filename: /no/such)\n');
  });

  it('may stand before the command as well', async () => {
    const { status, io } = await runAt(home, krb5kit, ['--quiet', 'klist', writeCache(home)]);
    expect([status, io.output]).toEqual([0, '']);
  });

  it('is the -q of kdestroy', async () => {
    const { status, io } = await runAt(home, kdestroy, ['--quiet', '--expired', '-c', writeCache(home)]);
    expect([status, io.output]).toEqual([0, '']);
  });

  it('of its own a command keeps', async () => {
    const io = captureIo();
    const args = parseArguments(krb5kit, ['--quiet']);
    const own = { ...krb5kit, options: [{ flags: '-q, --quiet', text: '' }] };
    withManners(args, own, io).out('said');
    expect(io.stdout).toBe('said');
  });
});

describe('standard output that takes no more', () => {
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  const sentence = 'No space left on device while writing to the standard output';

  it('fails what prints what was asked for', async () => {
    const { status, io } = await runAt(home, tellStatus, [writeCache(home)], { settle: full });
    expect([status, io.stderr]).toEqual([1, `krb5kit status: ${sentence}\n`]);
  });

  it('fails any command with --json', async () => {
    const path = writeCache(home);
    const { status, io } = await runAt(home, klist, ['--json', path], { settle: full });
    expect([status, io.stderr]).toEqual([
      1,
      expect.stringContaining('"activity":"writing to the standard output"'),
    ]);
    expect((await runAt(home, klist, [path], { settle: full })).status).toBe(0);
  });

  it('is trouble and no difference to ktutil diff', async () => {
    const keytab = join(home, 'kt');
    writeFileSync(keytab, Uint8Array.of(5, 2));
    const { status, io } = await runAt(home, ktutilDiff, [keytab, keytab], { settle: full });
    expect([status, io.stderr]).toEqual([2, `ktutil diff: ${sentence}\n`]);
  });
});

describe('--no-color', () => {
  it('takes the colours from a terminal, and nothing else', async () => {
    const path = writeCache(home, [{ ...tgt, endtime: later(-1) }]);
    const coloured = await runAt(home, klist, [path], { stdoutIsTerminal: true });
    expect(coloured.io.stdout).toContain('\x1b[');
    const plain = await runAt(home, klist, ['--no-color', path], { stdoutIsTerminal: true });
    expect(plain.io.stdout).not.toContain('\x1b');
    expect(plain.io.stdout).toContain('(expired)');
  });
});

it("what is short for an option of MIT's stays so", () => {
  expect(parseArguments(kinit, ['--no-']).has('noRequestPac')).toBe(true);
  expect(parseArguments(kinit, ['--no-c']).has('noColor')).toBe(true);
});
