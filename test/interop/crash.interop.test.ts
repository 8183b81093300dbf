import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { isConfigEntry } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { encodeKrbCred } from '../../src/messages/krb-cred.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { type CrashLab, fileHoldings, type Home, startCrashLab } from '../support/crash-lab.ts';
import { atEachStep, killPoint, stepsOf, wasKilled } from '../support/kill-points.ts';
import { findProgram } from '../support/peers.ts';

// Every command is killed at each of its steps in turn. What is found then is the old cache or the new one.

interface Scenario {
  readonly command: readonly string[];
  /** Puts into the directory `cc` of a home what is there before. */
  prepare?(directory: string): void;
  /** What may be found, in the order in which it comes about: the caches, and `*` before the primary one. */
  readonly states: readonly string[];
  /** A cache beside those of the default collection. */
  readonly other?: string;
  /** Whether the command fails where all has been done before. */
  readonly once?: boolean;
}

/** Each test runs some hundred commands. */
const PATIENTLY = { timeout: 240_000 };

const TGT = 'krbtgt/CRASH.TEST';
const ALICE = `alice: ${TGT} host/kept.example`;
const BOB = `bob: ${TGT} host/kept.example`;

let lab: CrashLab;
let bobs: CacheContents;
beforeAll(async () => {
  lab = await startCrashLab();
  bobs = { ...lab.tickets, principal: parsePrincipal('bob@CRASH.TEST') };
});
afterAll(() => lab?.stop());

function put(path: string, contents = lab.tickets): void {
  writeFileSync(path, CcacheFile.encode(contents));
}

async function survives(cache: string, scenario: Scenario): Promise<void> {
  const { states } = scenario;
  const prepared = (): { home: Home; command: readonly string[] } => {
    const home = lab.home(cache);
    scenario.prepare?.(join(home.directory, 'cc'));
    return { home, command: scenario.command.map(word => word.replace('~', home.directory)) };
  };
  const whole = prepared();
  const steps = stepsOf(await whole.home.run(whole.command, killPoint()));
  expect(look(whole.home, scenario)).toBe(states.at(-1));
  expect(steps).toEqual(
    expect.arrayContaining(['before symlinkSync 1', 'before unlinkSync 1', 'before the end 1']),
  );

  await atEachStep(steps, async (step, index) => {
    const { home, command } = prepared();
    await wasKilled(await home.run(command, killPoint(step)), step);
    const found = look(home, scenario);
    expect(states).toContain(found);
    expectNativeToolsToSee(home);
    // After every other step the command is given again, which cleans up, and after the rest there is a logout at once.
    if (index % 2 === 1) {
      expect((await home.run(['klist', '-s'])).status).toBe(hasPrimary(home) ? 0 : 1);
      const again = await home.run(command);
      const isDone = scenario.once === true && found === states.at(-1);
      if (!isDone) expect([again.status, again.stderr]).toEqual([0, '']);
      expect(look(home, scenario)).toBe(states.at(-1));
      expect(leftovers(home)).toEqual([]);
    }
    expect((await home.run(['krb5kit', 'logout', '-q'])).stderr).toBe('');
    expect([cachesOf(home), leftovers(home)]).toEqual([[], []]);
  });
}

const inDirectory = (home: Home, name: string) => join(home.directory, 'cc', name);

/** The names of the files of the default collection, the primary one first. */
function cachesOf(home: Home): readonly string[] {
  const names = readdirSync(join(home.directory, 'cc')).filter(name => /^(cc$|tkt)/.test(name));
  const primary = primaryOf(home);
  return names.sort((a, b) => Number(b === primary) - Number(a === primary) || (a < b ? -1 : 1));
}

function primaryOf(home: Home): string {
  const file = inDirectory(home, 'primary');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : 'cc';
}

function hasPrimary(home: Home): boolean {
  return existsSync(inDirectory(home, primaryOf(home)));
}

function look(home: Home, { other }: Scenario): string {
  const caches = cachesOf(home).map(name => {
    const mark = name === primaryOf(home) ? '*' : '';
    return `${mark}${fileHoldings(inDirectory(home, name))}`;
  });
  const besides = other === undefined ? [] : [`and ${fileHoldings(inDirectory(home, other))}`];
  return [...caches.sort(), ...besides].join(', ');
}

function expectNativeToolsToSee(home: Home): void {
  const klist = findProgram('klist');
  if (klist === undefined) return;
  const { stdout } = spawnSync(klist, ['-A'], { env: home.env, encoding: 'utf8' });
  const caches = [...stdout.matchAll(/^Ticket cache: .*\/([^/]+)\nDefault principal: \w+@CRASH\.TEST\n/gm)];
  expect(caches.map(([, name]) => name).sort()).toEqual([...cachesOf(home)].sort());
}

/** What is beside the caches and what a test has put there. */
function leftovers({ directory }: Home): readonly string[] {
  return readdirSync(join(directory, 'cc')).filter(name => !/^(cc|from|kirbi|primary|tkt\w*)$/.test(name));
}

describe('a FILE cache outlives whoever is killed in', PATIENTLY, () => {
  const FILE = 'FILE:~/cc/cc';
  const prepare = (directory: string) => put(join(directory, 'cc'));

  it('the first kinit', () =>
    survives(FILE, { command: ['kinit', 'alice'], states: ['', `*alice: ${TGT}`] }));

  it('a further kinit', () =>
    survives(FILE, { prepare, command: ['kinit', 'bob'], states: [`*${ALICE}`, `*bob: ${TGT}`] }));

  it('kvno', () =>
    survives(FILE, {
      prepare,
      command: ['kvno', 'host/wanted.example'],
      states: [`*${ALICE}`, `*${ALICE} host/wanted.example`],
    }));

  it('kdestroy', () =>
    survives(FILE, { prepare, command: ['kdestroy'], states: [`*${ALICE}`, ''], once: true }));

  it('logout', () =>
    survives(FILE, { prepare, command: ['krb5kit', 'logout', '-q'], states: [`*${ALICE}`, ''] }));

  it('cache copy', () =>
    survives(FILE, {
      prepare: directory => put(join(directory, 'from')),
      command: ['krb5kit', 'cache', 'copy', 'FILE:~/cc/from', FILE],
      other: 'from',
      states: [`and ${ALICE}`, `*${ALICE}, and ${ALICE}`],
    }));

  it('cache move', () =>
    survives(FILE, {
      prepare: directory => put(join(directory, 'from')),
      command: ['krb5kit', 'cache', 'move', 'FILE:~/cc/from', FILE],
      other: 'from',
      states: [`and ${ALICE}`, `*${ALICE}, and ${ALICE}`, `*${ALICE}, and `],
      once: true,
    }));

  it('cache import', () =>
    survives(FILE, {
      prepare(directory) {
        const tickets = lab.tickets.credentials.filter(credential => !isConfigEntry(credential));
        writeFileSync(join(directory, 'kirbi'), encodeKrbCred(tickets));
      },
      command: ['krb5kit', 'cache', 'import', '-q', '~/cc/kirbi', FILE],
      states: ['', `*${ALICE}`],
    }));
});

describe('a DIR collection outlives whoever is killed in', PATIENTLY, () => {
  const DIR = 'DIR:~/cc';
  const alone = (directory: string) => {
    writeFileSync(join(directory, 'primary'), 'tkt\n');
    put(join(directory, 'tkt'));
  };
  const both = (directory: string) => {
    alone(directory);
    put(join(directory, 'tktbob'), bobs);
  };

  it('the kinit of another principal', () =>
    survives(DIR, {
      prepare: alone,
      command: ['kinit', 'bob'],
      states: [`*${ALICE}`, `*${ALICE}, bob: ${TGT}`, `*bob: ${TGT}, ${ALICE}`],
    }));

  it('kvno', () =>
    survives(DIR, {
      prepare: both,
      command: ['kvno', 'host/wanted.example'],
      states: [`*${ALICE}, ${BOB}`, `*${ALICE} host/wanted.example, ${BOB}`],
    }));

  it('kswitch', () =>
    survives(DIR, {
      prepare: both,
      command: ['kswitch', '-p', 'bob'],
      states: [`*${ALICE}, ${BOB}`, `*${BOB}, ${ALICE}`],
    }));

  it('kdestroy -A', () =>
    survives(DIR, {
      prepare: both,
      command: ['kdestroy', '-A'],
      states: [`*${ALICE}, ${BOB}`, BOB, ''],
    }));
});
