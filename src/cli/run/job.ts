import { KerberosError } from '../../errors.ts';
import { UsageError } from '../command.ts';
import { maskSecrets } from '../job/masks.ts';
import type { Job } from '../job.ts';
import { type LastingOptions, type Supplied, supplyTickets } from '../lasting-tickets.ts';
import { tellError, tellFailure, tellShortly } from '../run-command.ts';
import { openSession, type Session } from '../session.ts';
import { fitLines } from '../terminal/wrap.ts';
import type { Io } from '../terminal.ts';
import { type Alarm, catchAlarms, nap } from './alarm.ts';
import { becomeDaemon } from './background.ts';
import { inheritedDescriptors } from './descriptors.ts';
import { isFinal, type Keeper, keepTickets, retryAfter } from './keeper.ts';
import { notifyManager } from './notify.ts';
import { writePidFile } from './pid-file.ts';
import { makePrivatePlace, type PrivatePlace } from './place.ts';
import { catchSignals, type Started, type Stop, startProgram, statusOf } from './program.ts';
import { environment, supplyOf } from './supply.ts';

/** Seconds that a ticket lives on at the next look if nothing else is wished for, as with k5start. */
const MARGIN = 120;

/** Gets the tickets, and keeps them alive while the command runs; resolves to the exit status. */
export async function runJob(job: Job, io: Io): Promise<number> {
  const descriptors = inheritedDescriptors(job.kinit);
  const aborting = new AbortController();
  // From here on a signal must not end us before everything is removed.
  const stop = catchSignals(io, () => aborting.abort());
  const alarm = catchAlarms(io);
  const terminal = { lent: false };
  const ours = quietIo(job, { signal: aborting.signal, terminal }, io);
  try {
    const ends = { stop, alarm, terminal, descriptors, cancel: () => aborting.abort() };
    return await inPlace(job, ends, openSession(ours));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (stop.early !== undefined) return statusOf(stop.early);
    await tellFailure({ program: job.program, error: worded(error, job), exitStatus: 1 }, job.kinit, ours);
    return 1;
  } finally {
    alarm.release();
    stop.release();
  }
}

function worded(error: unknown, { words }: Job): unknown {
  return words === undefined ? error : words.error(error);
}

/** The terminal, which is the command's from the moment that it is started. */
interface Terminal {
  lent: boolean;
}

interface Surroundings {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/**
 * Standard output belongs to the command: what we have to say goes to the other, and nothing is lost but the words where
 * nobody reads them. Standard input belongs to it, too: what is in there is no answer to us.
 */
function quietIo({ log }: Job, { signal, terminal }: Surroundings, io: Io): Io {
  const err = (text: string): void => {
    io.tell(io.stderrIsTerminal ? fitLines(text, io.columns) : text);
    log?.(text.trimEnd());
  };
  const ask = async (prompt: string): Promise<string> => {
    if (io.stdinIsTerminal && !terminal.lent) return io.readPassphrase(prompt);
    throw new KerberosError('PASSWORD_UNREAD', 'There is no terminal to ask for a password');
  };
  return Object.create(io, {
    out: { value: io.tell },
    err: { value: err },
    readPassword: { value: ask },
    signal: { value: signal },
  });
}

async function inPlace(
  job: Job,
  ends: Pick<Errand, 'stop' | 'alarm' | 'terminal' | 'descriptors' | 'cancel'>,
  session: Session,
): Promise<number> {
  const { io } = session;
  if (job.mask && job.secret !== undefined)
    maskSecrets(job.secret.texts, { ...job.secret, program: job.program }, io);
  const place =
    job.command.length > 0 && job.cacheName === undefined ? await makePrivatePlace(job, session) : undefined;
  let removePid = (): void => undefined;
  const pidWritten = (remove: () => void): void => {
    removePid = remove;
  };
  try {
    const { makePrimary, ...supply } = await supplyOf(job, place, session);
    const env = environment(job, { place, cache: supply.cache }, io);
    const refresh = async (options: LastingOptions): Promise<Supplied> => {
      const supplied = await supplyTickets(supply, options, session);
      // What led to it is told of failures, and there may be many.
      session.decisions.length = 0;
      await job.afterwards?.(supply.cache, env, io);
      return supplied;
    };
    const supplied = await firstTickets(job, refresh, session);
    if (supplied !== undefined) await makePrimary?.();
    if (job.command.length === 0 && job.interval === undefined) return 0;
    return await whileItLasts({ job, supplied, refresh, env, place, pidWritten, ...ends }, io);
  } finally {
    await place?.close();
    // Last: who sees that we run no more finds nothing of ours.
    removePid();
  }
}

/** Undefined where there are none yet, and the job is patient. */
async function firstTickets(
  job: Job,
  refresh: (options: LastingOptions) => Promise<Supplied>,
  { io }: Session,
): Promise<Supplied | undefined> {
  const given = job.secret?.tickets !== undefined;
  const anew = job.happy === undefined && !given;
  try {
    return await refresh({ least: (job.happy ?? 1) + (job.interval ?? 0), anew });
  } catch (error) {
    if (io.signal?.aborted || !(job.patient || job.keepsGoing)) throw error;
    tellError(job.program, worded(error, job), io);
    return undefined;
  }
}

interface Errand {
  /** Ends what is under way. */
  cancel(): void;
  readonly job: Job;
  readonly supplied: Supplied | undefined;
  refresh(options: LastingOptions): Promise<Supplied>;
  readonly env: NodeJS.ProcessEnv;
  readonly place: PrivatePlace | undefined;
  /** Told what removes the file with our number. */
  pidWritten(remove: () => void): void;
  readonly stop: Stop;
  readonly alarm: Alarm;
  readonly terminal: Terminal;
  /** Those that the command is to have besides the standard ones. */
  readonly descriptors: readonly number[];
}

async function whileItLasts(errand: Errand, io: Io): Promise<number> {
  const { job } = errand;
  const ready = job.daemon === undefined ? () => undefined : becomeDaemon(job.daemon);
  errand.pidWritten(writePidFile(job.pidFile, io.pid, { ...job, io }));
  return withCommand(errand, ready, io);
}

async function withCommand(
  { job, refresh, env, place, stop, alarm, terminal, descriptors, cancel, ...errand }: Errand,
  ready: () => void,
  io: Io,
): Promise<number> {
  const { program } = job;
  let { supplied } = errand;
  if (supplied === undefined) {
    ready();
    // A command that needs tickets is not started without any.
    if (!job.keepsGoing) supplied = await patiently(refresh, { ...job, alarm }, io);
  }
  const silent = job.daemon !== undefined;
  const failed = ({ code, message, cause }: KerberosError, exitStatus: number): Promise<void> => {
    const words = job.words === undefined ? message : `${job.words.command} ${message}`;
    return tellShortly(
      { program, error: new KerberosError(code, words, { cause }), exitStatus },
      job.kinit,
      io,
    );
  };
  const surroundings = { failed, env, stop, io, descriptors, silent };
  const started = job.command.length === 0 ? undefined : startProgram(job.command, surroundings);
  let removePid = (): void => undefined;
  if (started?.pid !== undefined) {
    terminal.lent = true;
    place?.usedBy(started.pid);
    removePid = writePidFile(job.childPidFile, started.pid, { ...job, io });
  }
  // One that cannot be started is told of while somebody listens.
  if (started === undefined || started.pid !== undefined) ready();
  const keeper = keepTickets(supplied, {
    interval: job.interval,
    margin: job.happy ?? MARGIN,
    always: job.always,
    now: () => io.now(),
    refresh,
    failed(error, again) {
      const isLast = job.exitOnError || (job.renewOnly && !job.keepsGoing && isFinal(error));
      if (isLast || !again) {
        const exitStatus = isLast ? 1 : 0;
        void tellShortly({ program, error: worded(error, job), exitStatus }, job.kinit, io);
      }
      return !isLast;
    },
    recovered: () => io.err(`${program}: there are new tickets again\n`),
  });
  alarm.onRing = () => keeper.wake();
  const manager = { program, env };
  try {
    void notifyManager(['READY=1', `STATUS=Keeping tickets in ${env.KRB5CCNAME}`], manager, io);
    return await outcome({ job, started, keeper, stop, cancel }, io);
  } finally {
    removePid();
    cancel();
    await Promise.all([keeper.stop(), notifyManager(['STOPPING=1'], manager, io)]);
  }
}

interface Running {
  readonly job: Job;
  readonly started: Started | undefined;
  readonly keeper: Keeper;
  readonly stop: Stop;
  cancel(): void;
}

/** Waits for the command, or without one for a signal; for either no longer than the tickets must last. */
async function outcome({ job, started, keeper, stop, cancel }: Running, { signal }: Io): Promise<number> {
  if (started === undefined) {
    const stopped = new Promise<false>(resolve => {
      if (signal?.aborted) resolve(false);
      signal?.addEventListener('abort', () => resolve(false), { once: true });
    });
    if (await Promise.race([keeper.ended, stopped])) return 1;
    const asked = stop.early === 'SIGTERM' || stop.early === 'SIGHUP';
    return asked || stop.early === undefined ? 0 : statusOf(stop.early);
  }
  const gaveUp = keeper.ended.then(given => {
    if (given && (job.hangsUp || job.exitOnError)) started.kill('SIGHUP');
    return given;
  });
  const status = await started.status;
  cancel();
  await keeper.stop();
  return (await gaveUp) ? 1 : status;
}

async function patiently(
  refresh: (options: LastingOptions) => Promise<Supplied>,
  { happy = 1, interval = 0, alarm }: Job & { readonly alarm: Alarm },
  { signal }: Io,
): Promise<Supplied> {
  for (let failures = 0; ; failures++) {
    try {
      return await refresh({ least: happy + interval, anew: false });
    } catch (error) {
      if (signal?.aborted) throw error;
      await nap(retryAfter(failures), alarm, signal);
    }
  }
}
