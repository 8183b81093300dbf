import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bytesToText, textToBytes } from '../../src/codec/text.ts';
import type { Environment, Said } from './both-programs.ts';
import { type Difference, differences } from './differences.ts';
import { type Contents, contentsOf } from './differential-files.ts';
import { findProgram } from './peers.ts';
import { startInPty } from './pty-session.ts';

/** One command line of a case, with its input. */
export interface Step {
  readonly program: string;
  /** `$D` stands for the directory that each of the two programs has for itself. */
  readonly argv: readonly string[];
  readonly input?: string;
  /** On a terminal: the keys to type when the terminal shows a text; `undefined` for a pipe. */
  readonly typed?: readonly (readonly [shown: string, keys: string])[];
  /** The width of the terminal; enough for every line if not given. */
  readonly columns?: number;
}

/** The same input for both programs. */
export interface Case {
  readonly steps: readonly Step[];
  /** Additional variables; `-` unsets one. */
  readonly env?: Environment;
  /** Whether the output contains the current time, which may differ a moment later. */
  readonly clock?: boolean;
}

/** The surroundings of the two programs, identical but separate. */
export interface World {
  /** The initial contents of a case's directory, copied for each of the two. */
  readonly template: string;
  /** The variables of both; `$D` as in a step. */
  readonly env: Environment;
  /** The variables of one of them. */
  readonly own?: Readonly<Record<Side, Environment>>;
  /** Runs a program in a session shared with the preceding steps; if not given, in a process of its own. */
  readonly run?: (side: Side, command: readonly string[], env: Environment, input: string) => Promise<Said>;
}

export type Side = 'our' | 'their';

/** The result of a case on one side. */
export interface Outcome {
  readonly said: readonly Said[];
  readonly files: Contents;
}

const bin = join(import.meta.dirname, '../../bin');
/** How many cases run at a time: starting takes most of a command's time. */
const AT_ONCE = 4;
/** Milliseconds after which a program is killed. */
const PATIENCE = 60_000;

/** The results of both programs for a case, and the documented differences needed to make them equal. */
export interface Verdict {
  readonly label: string;
  readonly our: string;
  readonly their: string;
  readonly explainedBy: readonly Difference[];
}

/** A step from words; those after `<` are the lines of its standard input. */
export function step(line: string, more: Partial<Step> = {}): Step {
  const [command = '', input] = line.split(/ <(?= |$)/);
  const [program = '', ...argv] = command.split(' ').filter(word => word !== '');
  const lines = input?.split(' ').filter(word => word !== '');
  return {
    program,
    argv: argv.map(word => (word === "''" ? '' : word)),
    ...(lines && { input: lines.map(each => `${each}\n`).join('') }),
    ...more,
  };
}

/** A case of one or more steps, from words. */
export function inCase(lines: string | readonly string[], env: Environment = {}): Case {
  return { steps: [lines].flat().map(line => step(line)), env };
}

export function labelOf({ steps, env = {} }: Case): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  const lines = steps.map(({ program, argv, input, typed }) => {
    const words = [program, ...argv].map(word =>
      /^[-\w$/:@.,=+]+$/.test(word) ? word : JSON.stringify(word),
    );
    const read = input === undefined ? '' : ` < ${JSON.stringify(input)}`;
    return `${words.join(' ')}${read}${typed === undefined ? '' : ' (on a terminal)'}`;
  });
  return variables.join('') + lines.join('; ');
}

/** The cases in which the two programs differ without a documented reason, each as a text that shows how. */
export async function unexplained(cases: readonly Case[], world: World): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [...cases];
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { label, our, their } = await judge(next, world);
      if (our !== their) found.push(`${label}\n--- MIT's\n${their}\n--- ours\n${our}`);
    }
  }
  // Cases that share something run alone.
  await Promise.all(Array.from({ length: world.run === undefined ? AT_ONCE : 1 }, work));
  return found;
}

/** Runs a case on both sides and, if the results differ, reconciles them by the table of differences. */
export async function judge(each: Case, world: World): Promise<Verdict> {
  const begun = Date.now();
  const [our, their] = await Promise.all([outcome(each, world, 'our'), outcome(each, world, 'their')]);
  const label = labelOf(each);
  const slack = Date.now() - begun + 2000;
  const show = (pair: Pair) => ({
    our: textOf(each, pair.our),
    their: textOf(each, alignTimes(pair.their, pair.our, slack)),
  });
  let pair: Pair = { our, their };
  let shown = show(pair);
  const explainedBy: Difference[] = [];
  for (const difference of differences) {
    if (shown.our === shown.their) break;
    const next = reconcile(pair, each, difference, world);
    const after = show(next);
    if (after.our !== shown.our || after.their !== shown.their) explainedBy.push(difference);
    [pair, shown] = [next, after];
  }
  return { label, ...shown, explainedBy };
}

interface Pair {
  readonly our: Outcome;
  readonly their: Outcome;
}

function reconcile(pair: Pair, { steps, env }: Case, difference: Difference, world: World): Pair {
  const lines = steps.map(({ program, argv, input = '', typed, columns }) => ({
    ...{ program, argv, input, typed, columns },
    env: { ...world.env, ...env },
  }));
  const { commands, reconcile: same, reconcileFiles: sameFiles } = difference;
  const concerned = lines.filter(({ program }) => commands.some(name => name === program));
  if (concerned.length === 0) return pair;
  const said = lines.map((line, index) => {
    const both = { our: pair.our.said[index]!, their: pair.their.said[index]! };
    return same === undefined || !concerned.includes(line) ? both : same(both, line);
  });
  const files = { our: pair.our.files, their: pair.their.files };
  const after = sameFiles === undefined ? files : sameFiles(files, concerned);
  return {
    our: { said: said.map(each => each.our), files: after.our },
    their: { said: said.map(each => each.their), files: after.their },
  };
}

async function outcome({ steps, env = {}, clock = false }: Case, world: World, side: Side): Promise<Outcome> {
  // The two names have the same length, since listings may truncate them.
  const parent = mkdtempSync(join(tmpdir(), 'krb5kit-side-'));
  const directory = join(parent, 'd');
  try {
    cpSync(world.template, directory, { recursive: true, verbatimSymlinks: true });
    // A template cannot hold one.
    if (steps.some(({ argv }) => argv.includes('$D/fifo'))) execFileSync('mkfifo', [join(directory, 'fifo')]);
    const variables = Object.entries({ ...world.env, ...world.own?.[side], ...env }).flatMap(
      ([name, value]) => (value === '-' ? [] : [[name, value.replaceAll('$D', directory)]]),
    );
    const environment = Object.fromEntries(variables) as Environment;
    const told = namesIn(directory);
    const names = (text: string) => (clock ? withoutTimes(told(text)) : told(text));
    const said: Said[] = [];
    for (const each of steps) {
      const argv = each.argv.map(word => word.replaceAll('$D', directory));
      const { status, stdout, stderr } = await run(
        { ...each, argv },
        { world, side, directory, environment },
      );
      said.push({ status, stdout: names(stdout), stderr: names(stderr) });
    }
    return { said, files: contentsOf(directory, world.template, names) };
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

interface Place {
  readonly world: World;
  readonly side: Side;
  readonly directory: string;
  readonly environment: Environment;
}

function run({ program, argv, input = '', typed, columns = 500 }: Step, place: Place): Promise<Said> {
  const path = findProgram(program)!;
  const command = place.side === 'our' ? [process.execPath, join(bin, program), ...argv] : [path, ...argv];
  if (typed !== undefined) return runOnTerminal(command, { typed, columns }, place);
  const { world, side, environment } = place;
  if (world.run !== undefined)
    return world.run(side, command, environment, input.replaceAll('$D', place.directory));
  return new Promise((resolve, reject) => {
    const options = { cwd: place.directory, env: environment, timeout: PATIENCE };
    const child = spawn(
      command[0]!,
      command.slice(1),
      side === 'our' ? options : { ...options, argv0: program },
    );
    const collected = [child.stdout, child.stderr].map(stream => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      return pieces;
    });
    const [stdout, stderr] = collected.map(pieces => () => bytesToText(Buffer.concat(pieces)));
    child.once('error', reject);
    child.once('close', status => resolve({ status, stdout: stdout!(), stderr: stderr!() }));
    // A program may end without reading its input.
    child.stdin.once('error', () => undefined);
    child.stdin.end(textToBytes(input.replaceAll('$D', place.directory)));
  });
}

/** Everything that a terminal shows counts as standard output. */
async function runOnTerminal(
  command: readonly string[],
  { typed, columns }: Required<Pick<Step, 'typed' | 'columns'>>,
  { directory, environment }: Place,
): Promise<Said> {
  const [path = '', ...argv] = command;
  const script = `stty cols ${columns} && cd "$0" && name="$1" && shift && exec -a "$name" "$@"`;
  const name = path === process.execPath ? path : basename(path);
  const inDirectory = ['/bin/bash', '-c', script, directory, name, path, ...argv];
  const session = await startInPty(inDirectory, { TERM: 'xterm', ...environment });
  const overdue = setTimeout(() => session.close(), PATIENCE);
  try {
    for (const [shown, keys] of typed) {
      await session.shows(shown);
      session.type(keys);
    }
  } catch {
    // It had ended before; its output tells why.
  }
  const status = await session.ended;
  clearTimeout(overdue);
  return { status, stdout: session.shown.replace(/\n-?\d+$/, '').replaceAll('\r\n', '\n'), stderr: '' };
}

/** Text without the directory's name and random names, which are numbered in order of appearance. */
function namesIn(directory: string): (text: string) => string {
  const known = new Map<string, string>();
  return text =>
    text
      .replaceAll(directory, '$D')
      // A server chooses its own names.
      .replace(/\bKCM:[\w:-]+/g, 'KCM:<cache>')
      .replace(/\b(tkt|krb_ccache_|krb5cc_\d+_)([A-Za-z0-9]{6,7})\b/g, (_, kind: string, chance: string) => {
        const name = known.get(chance) ?? `${kind}<${known.size + 1}>`;
        known.set(chance, name);
        return name;
      });
}

function withoutTimes(text: string): string {
  return text.replace(/\b\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\b/g, 'mm/dd/yy hh:mm:ss');
}

/** Their times, replaced by ours if they are about the same: a second may pass between the two. */
function alignTimes(their: Outcome, our: Outcome, slack: number): Outcome {
  const files = Object.entries(their.files).map(([name, { text, times, ...rest }]) => {
    const others = our.files[name]?.times ?? [];
    const aligned = times.map((time, index) => {
      const other = others[index];
      return other !== undefined && Math.abs(other - time) <= slack ? other : time;
    });
    return [name, { text, times: aligned, ...rest }];
  });
  return { said: their.said, files: Object.fromEntries(files) as Contents };
}

function textOf({ steps }: Case, { said, files }: Outcome): string {
  const told = said.map(({ status, stdout, stderr }, index) => {
    const { program } = steps[index]!;
    return `${program}: status ${status}\nstdout ${JSON.stringify(stdout)}\nstderr ${JSON.stringify(stderr)}\n`;
  });
  const left = Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([name, { text, times }]) =>
        `${name}: ${text} ${times.map(time => new Date(time).toISOString()).join(' ')}\n`,
    );
  return [...told, ...left].join('');
}
