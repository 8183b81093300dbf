import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allOptions, type Command, type OptionRow } from '../src/cli/command.ts';
import { helpText } from '../src/cli/help-text.ts';
import { allCommands, krb5kit } from '../src/cli/krb5kit.ts';
import { VERSION } from '../src/cli/version.ts';
import { findProgram } from './support/peers.ts';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly man: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
};
const pages = readdirSync(join(root, 'man'))
  .sort()
  .map(name => `man/${name}`);
const loaded = Object.entries(allCommands).map(async ([name, { load }]) => ({ name, command: await load() }));
const all = [{ name: 'krb5kit', command: krb5kit }, ...(await Promise.all(loaded))];

describe.each(all)('the page of $name', ({ name, command }) => {
  const page = pageOf(name);

  it('has an item for every option of the table and for no other', () => {
    // What every command takes is told in one place.
    const common = command === krb5kit ? allOptions(krb5kit).flatMap(flagsOf) : [];
    const flags = new Set([...shownFlags(command), ...common, '--help']);
    expect([...new Set(optionItems(page))].sort()).toEqual([...flags].sort());
  });

  it('names no option but those of the table', () => {
    const known = [...[...optionsOf(command), ...allOptions(command)].flatMap(flagsOf), '--help'];
    expect(optionsIn(linesOf(page)).filter(flag => !known.includes(flag))).toEqual([]);
  });

  it('has beside it a --help whose paragraphs break only where a line is full', () => {
    const lines = helpText(command).split('\n');
    // The next word would have fitted in, and the line does not end a sentence.
    const short = lines.filter((line, i) => {
      const [next = ''] = (lines[i + 1] ?? '').split(' ');
      return /^[A-Za-z].*[a-z,]$/.test(line) && next !== '' && line.length + 1 + next.length <= 80;
    });
    expect(short).toEqual([]);
  });

  it('is not needed to know the options: all are in --help', () => {
    const help = helpText(command);
    const rows = command.options.filter(({ hidden }) => !hidden);
    expect(rows.filter(({ flags }) => !help.includes(`\n  ${flags}`)).map(({ flags }) => flags)).toEqual([]);
  });
});

it('krb5kit.1 has an item for every command', () => {
  const lines = linesOf('man/krb5kit.1');
  const list = lines.slice(0, lines.indexOf('.Sh EXIT STATUS'));
  const items = list.flatMap(line => /^\.It Cm (\S+)$/.exec(line)?.[1] ?? []);
  expect(Object.keys(allCommands).filter(name => !items.includes(name))).toEqual([]);
});

it('package.json lists every page', () => {
  expect([...manifest.man].sort()).toEqual(pages);
});

it('the version is that of package.json', () => {
  expect(VERSION).toBe(manifest.version);
});

const mandoc = findProgram('mandoc');
if (mandoc === undefined) console.warn('skipped, lint of the man pages: mandoc not found (package mandoc)');

describe.skipIf(mandoc === undefined && process.env.CI !== 'true')('mandoc', () => {
  it.each(pages)('finds no fault in %s', page => {
    const { stdout } = spawnSync(mandoc!, ['-Tlint', '-Wstyle', page], { cwd: root, encoding: 'utf8' });
    // Which other pages are installed is a matter of the machine.
    const faults = stdout
      .split('\n')
      .filter(line => line !== '' && !line.includes('referenced manual not found'));
    expect(faults).toEqual([]);
  });
});

const man = findProgram('man');
if (man === undefined) console.warn('skipped, rendering of the man pages: man not found (package man-db)');

describe.skipIf(man === undefined && process.env.CI !== 'true')('man', () => {
  it.each(pages)('renders %s without a warning, at the widths of terminals', page => {
    for (const MANWIDTH of ['60', '80', '132']) {
      const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH, MANROFFSEQ: '' };
      const args = ['--warnings', '-Tutf8', '-l', page];
      const { status, stdout, stderr } = spawnSync(man!, args, { cwd: root, env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`${basename(page, '.1').toUpperCase()}(1)`);
    }
  });
});

/** A command with a launcher of its own has a page of its own name; the others belong to krb5kit. */
function pageOf(name: string): string {
  return name in manifest.bin ? `man/${name}.1` : `man/krb5kit-${name}.1`;
}

/** The short and long options that a user is told of. */
function shownFlags(command: Command): string[] {
  return optionsOf(command)
    .filter(({ hidden }) => !hidden)
    .flatMap(flagsOf);
}

/** Those of a command and of the commands that belong to it. */
function optionsOf({ options, subcommands = {} }: Command): readonly OptionRow[] {
  return [...options, ...Object.values(subcommands).flatMap(optionsOf)];
}

/** `-c` and `--cache` of `-c, --cache <name>`. */
function flagsOf({ flags }: OptionRow): string[] {
  return flags.match(/(?<![\w-])--?[\w-]+/g) ?? [];
}

function linesOf(page: string): readonly string[] {
  return readFileSync(join(root, page), 'utf8').split('\n');
}

/** The options that head an item of a list. */
function optionItems(page: string): string[] {
  return optionsIn(linesOf(page).filter(line => line.startsWith('.It Fl ')));
}

/** What mdoc's `Fl` makes options of: every word after it up to the next macro. */
function optionsIn(lines: readonly string[]): string[] {
  return lines
    .filter(line => line.startsWith('.') && !line.startsWith('.\\"'))
    .flatMap(line =>
      line
        .slice(1)
        .split(/\bFl\b/)
        .slice(1)
        .flatMap(optionsAfterFl),
    );
}

function optionsAfterFl(text: string): string[] {
  const words = text.trim().split(/\s+/);
  const macro = words.findIndex(word => /^[A-Z][a-z]$/.test(word));
  return words
    .slice(0, macro < 0 ? words.length : macro)
    .map(word => word.replaceAll('\\', ''))
    .filter(word => /\w/.test(word))
    .flatMap(word => (word.startsWith('-') ? `-${word}` : [...word].map(letter => `-${letter}`)));
}
