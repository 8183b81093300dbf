import { beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { krb5kit } from '../../src/cli/krb5kit.ts';
import { withManners } from '../../src/cli/manners.ts';
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
