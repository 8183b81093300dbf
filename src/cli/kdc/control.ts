import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../ccache/lock.ts';
import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { type Arguments, type Command, jsonOutput, type OptionRow, UsageError } from '../command.ts';
import { tellShortly } from '../run-command.ts';
import { isRunning } from '../session/process.ts';
import type { Io } from '../terminal.ts';
import { isPassing, readText } from './content.ts';
import { servedOptions } from './database.ts';
import { checkNameable, KDC_FILES, kdcPlace, makePlace, runningAt, runningKdcs } from './place.ts';
import { DEFAULT_REALM, readRealm, realmOptions } from './realm.ts';
import { servedDatabase, servedRealm } from './served.ts';

const realmOption = {
  flags: '--realm <realm>',
  text: `Stop the KDC of this realm; ${DEFAULT_REALM} by default.`,
};

/** Seconds that a KDC has to start, and to end. */
const PATIENCE = 20;
const STEP = 20;

const startOptions: readonly OptionRow[] = [...realmOptions, ...servedOptions];

/** kdc start: a KDC in the background. */
export const kdcStart: Command = {
  name: 'krb5kit kdc start',
  summary: 'Run a KDC in the background, and print variables for a shell to evaluate.',
  operands: '',
  usageStatus: 2,
  printsResult: true,
  options: [...startOptions, jsonOutput],
  epilogue: '\nIn a shell: eval "$(krb5kit kdc start --user alice:secret)"',
  async run(args, io) {
    refuseOperands(args, 'krb5kit kdc start');
    const piped = await pipedRealm(args);
    const realm = await realmToServe(args, io, piped);
    const place = kdcPlace(realm, io);
    checkNameable(place);
    // If two were started at the same time, one would continue unnoticed, and destroy what the other has put there when
    // it ends.
    await withLock(dirname(dirname(place)), place, () => ensureRunning(realm, { args, piped }, io), {
      timeout: 2 * PATIENCE,
    });
    const environment = environmentOf(place);
    const { lineOfJson } = await import('../json.ts');
    io.out(args.has('json') ? lineOfJson({ environment }) : exportsOf(environment));
    return 0;
  },
};

/** kdc stop: ends it. */
export const kdcStop: Command = {
  name: 'krb5kit kdc stop',
  summary: 'Stop a KDC in the background, and remove its files.',
  operands: '',
  usageStatus: 2,
  options: [realmOption, jsonOutput],
  async run(args, io) {
    refuseOperands(args, 'krb5kit kdc stop');
    const wanted = args.value('realm') ?? DEFAULT_REALM;
    const running = runningAt(kdcPlace(wanted, io));
    if (running === undefined) return none('krb5kit kdc stop', wanted, { args, io });
    const { pid, start, realm } = running;
    process.kill(pid, 'SIGTERM');
    for (const deadline = performance.now() + PATIENCE * 1000; isRunning(pid, start); await sleep(STEP)) {
      if (performance.now() > deadline) throw failed(`The KDC of ${realm} does not end`);
    }
    const { lineOfJson } = await import('../json.ts');
    io.out(args.has('json') ? lineOfJson({ stopped: true, realm }) : `The KDC of ${realm} has ended\n`);
    return 0;
  },
};

/** kdc status: lists the running KDCs. */
export const kdcStatus: Command = {
  name: 'krb5kit kdc status',
  summary: 'List the KDCs in the background.',
  operands: '',
  usageStatus: 2,
  printsResult: true,
  options: [{ flags: '--realm <realm>', text: 'Show only the KDC of this realm.' }, jsonOutput],
  async run(args, io) {
    refuseOperands(args, 'krb5kit kdc status');
    const wanted = args.value('realm');
    const running = runningKdcs(io).filter(({ realm }) => wanted === undefined || realm === wanted);
    if (args.has('json')) {
      const { lineOfJson } = await import('../json.ts');
      const kdcs = running.map(({ pid, realm, host, port, kkdcpUrl }) => ({
        pid,
        realm,
        host,
        port,
        kkdcpUrl: kkdcpUrl ?? null,
      }));
      io.out(lineOfJson({ kdcs }));
      return running.length > 0 ? 0 : 1;
    }
    for (const { pid, realm, host, port } of running) {
      io.out(`KDC ${pid} of ${realm} listens on ${host} port ${port}\n`);
    }
    return running.length > 0 ? 0 : none('krb5kit kdc status', wanted, { args, io });
  },
};

/** The realm's name, after everything that describes it has been checked. */
async function realmToServe(args: Arguments, io: Io, piped: string | undefined): Promise<string> {
  const spec = await readRealm(args, 'krb5kit kdc start', piped);
  const database = await servedDatabase(args, io, 'krb5kit kdc start');
  if (database === undefined) return spec.realm;
  const { realm } = servedRealm(spec, args, database);
  await database.close();
  return realm;
}

function refuseOperands({ operands }: Arguments, program: string): void {
  if (operands.length > 0) throw new UsageError(`${program}: unexpected argument "${operands[0]}"`);
}

async function none(
  program: string,
  realm: string | undefined,
  { args, io }: { readonly args: Arguments; readonly io: Io },
): Promise<number> {
  const others = runningKdcs(io).map(other => other.realm);
  const hint = others.length === 0 ? '' : `, but that of ${others.join(', ')} does`;
  const error = failed(realm === undefined ? 'no KDC runs' : `no KDC of ${realm} runs${hint}`);
  await tellShortly({ program, error, exitStatus: 1 }, args, io);
  return 1;
}

interface Wanted {
  readonly args: Arguments;
  readonly piped: string | undefined;
}

/** The text of a realm file that is a pipe or one of our descriptors, which the KDC's own process cannot read. */
async function pipedRealm(args: Arguments): Promise<string | undefined> {
  const file = args.value('principals');
  return file !== undefined && isPassing(file) ? readText(file) : undefined;
}

async function ensureRunning(realm: string, wanted: Wanted, io: Io): Promise<void> {
  const { args } = wanted;
  const place = kdcPlace(realm, io);
  if (runningAt(place) === undefined) return startInBackground(place, wanted, io);
  if (given(args).length > (args.has('realm') ? 1 : 0)) {
    const line = `krb5kit kdc start: the KDC of ${realm} runs already, as it was started`;
    io.err(`${printable(line)}\n`);
  }
}

/** Waits until it has reported where it listens. It inherits no open files from us. */
async function startInBackground(place: string, { args, piped }: Wanted, io: Io): Promise<void> {
  const { spawn } = await import('node:child_process');
  makePlace(place);
  const copy = join(place, KDC_FILES.realm);
  if (piped !== undefined) writeFileSync(copy, piped, { mode: 0o600 });
  const principals = piped === undefined ? [] : [`--principals=${copy}`];
  const log = join(place, KDC_FILES.log);
  rmSync(log, { force: true });
  // It may be emptied while it is written to.
  const output = openSync(log, 'a', 0o600);
  const [node, ...script] = io.program;
  const child = spawn(node!, [...script, 'kdc', `--directory=${place}`, ...given(args), ...principals], {
    cwd: io.cwd,
    env: io.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', ({ message }) => {
    ended = message;
  });
  child.once('exit', () => {
    ended = lastWords(log);
  });
  for (
    const deadline = performance.now() + PATIENCE * 1000;
    runningAt(place) === undefined;
    await sleep(STEP)
  ) {
    if (ended === undefined && performance.now() <= deadline) continue;
    const sentence = ended === undefined ? 'The KDC does not answer' : `The KDC did not start: ${ended}`;
    child.kill('SIGKILL');
    // On Windows, its log cannot be removed until it has ended.
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
    throw failed(sentence);
  }
  // It may contain passwords, and has been read.
  rmSync(copy, { force: true });
  child.removeAllListeners();
  child.unref();
}

/** The options as they were given. */
function given(args: Arguments): readonly string[] {
  return startOptions.flatMap(({ flags }) => {
    const long = /--([\w-]+)/.exec(flags)![1]!;
    const name = long.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return args.values(name).map(value => `--${long}=${value}`);
  });
}

function lastWords(log: string): string {
  try {
    const line = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1);
    return line?.replace(/^[^:]*: /, '') || 'it said nothing';
  } catch {
    return 'it said nothing';
  }
}

function environmentOf(place: string): Readonly<Record<string, string>> {
  const record = runningAt(place);
  return {
    KRB5_CONFIG: join(place, KDC_FILES.conf),
    KRB5_KTNAME: `FILE:${join(place, KDC_FILES.keytab)}`,
    KRB5CCNAME: `FILE:${join(place, 'ccache')}`,
    KRB5KIT_REALM: record?.realm ?? '',
    KRB5KIT_TROUBLE: join(place, KDC_FILES.trouble),
    ...(record?.kkdcpUrl !== undefined && { KRB5KIT_KKDCP_URL: record.kkdcpUrl }),
  };
}

function exportsOf(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}

function failed(sentence: string): KerberosError {
  return new KerberosError('KDC_LISTEN', sentence);
}
