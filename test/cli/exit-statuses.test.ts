import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { EXIT_STATUSES, exitStatuses, GENERAL } from '../../src/cli/exit-statuses.ts';
import { allCommands, krb5kit } from '../../src/cli/krb5kit.ts';
import { scratch } from '../ccache/samples.ts';
import { credential, NOW, tgt } from '../ccache/tickets.ts';
import { runAt, writeCache, writeKeytab } from './caches.ts';

const root = join(import.meta.dirname, '../..');
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const loaded = Object.entries(allCommands).map(async ([name, { load }]) => [name, await load()] as const);
const all: readonly (readonly [string, Command])[] = [['krb5kit', krb5kit], ...(await Promise.all(loaded))];

/** The lines of a page under EXIT STATUS. */
function section(page: string): string {
  const text = readFileSync(join(root, 'man', page), 'utf8');
  return /^\.Sh EXIT STATUS\n([\s\S]*?)^\.Sh/m.exec(text)?.[1] ?? '';
}

/** The items of a list, by what they are called, each in one line. */
function itemsIn(list: string): Readonly<Record<string, string>> {
  const items = list
    .split(/^\.El$/m, 1)[0]!
    .split(/^\.It /m)
    .slice(1);
  return Object.fromEntries(
    items.map(item => {
      const [name, ...lines] = item.trimEnd().split('\n');
      return [name, lines.join(' ')];
    }),
  );
}

describe.each(all)('the exit statuses of %s', (name, command) => {
  const { [name]: table } = EXIT_STATUSES;

  it('are in the table, in krb5kit.1 and in --help', async () => {
    const [, list] = section('krb5kit.1').split(`.It Cm ${name}\n`);
    expect(itemsIn(list!)).toEqual(table);
    const { io } = await runAt('/nonexistent', krb5kit, name === 'krb5kit' ? ['help'] : ['help', name]);
    const lines = io.stdout.replaceAll(/\n {9}(?=\S)/g, ' ');
    for (const [status, meaning] of Object.entries(exitStatuses(command.name)!)) {
      expect(lines).toMatch(`\n  ${status.padEnd(5)}  ${meaning}\n`);
    }
  });

  it('are those of its own page', () => {
    const page = name in bin ? `${name}.1` : `krb5kit-${name}.1`;
    const known = Object.keys({ ...table, ...GENERAL });
    const own = name === 'krb5kit' ? [] : [...section(page).matchAll(/^\.It (\d+)$/gm)];
    expect(known).toEqual(expect.arrayContaining(own.map(([, status]) => status)));
  });

  it('tell what a wrong command line is', () => {
    const wrong = Object.entries(table!).filter(([, text]) =>
      /command line is wrong|no such command/i.test(text),
    );
    expect(wrong.map(([status]) => Number(status))).toContain(command.usageStatus);
  });
});

it('krb5kit.1 tells what every command may end with', () => {
  const [list] = section('krb5kit.1').split('.El\n');
  expect(itemsIn(list!)).toEqual(GENERAL);
});

it.each<[string, readonly string[], number]>([
  ['klist', ['%h/cc'], 0],
  ['klist', ['-s', '%h/expired/cc'], 1],
  ['klist', ['-4'], 3],
  ['klist', ['-Z'], 1],
  ['kdestroy', ['-Z'], 2],
  ['kdestroy', ['-5', '-4'], 3],
  ['kdestroy', ['-p', 'nobody@A.TEST'], 1],
  ['kswitch', ['-c', '%h/cc'], 0],
  ['kvno', ['-Z'], 1],
  ['kpasswd', ['-Z'], 1],
  ['kinit', ['-4'], 3],
  ['kinit', ['-Z'], 2],
  ['ktutil', ['diff', '%h/kt', '%h/kt'], 0],
  ['ktutil', ['diff', '%h/kt', '%h/none'], 2],
  ['cache', ['list', '%h/none'], 1],
  ['status', ['%h/expired/cc'], 1],
  ['explain', ['24'], 0],
  ['explain', ['no', 'such', 'thing'], 1],
  ['inspect', ['%h/none'], 1],
  ['doctor', ['a', 'b', 'c'], 2],
  ['no-such-command', [], 2],
])('krb5kit %s %j ends with %i', async (name, argv, expected) => {
  const home = scratch();
  writeCache(home, [tgt, credential('host/x@A.TEST')]);
  writeKeytab(home, []);
  mkdirSync(join(home, 'expired'));
  writeCache(join(home, 'expired'), [{ ...tgt, endtime: NOW }]);
  const { status } = await runAt(home, krb5kit, [name, ...argv.map(word => word.replace('%h', home))]);
  expect(status).toBe(expected);
});
