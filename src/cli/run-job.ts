import { rmSync, writeFileSync } from 'node:fs';
import { UsageError } from './command.ts';
import { fileReason } from './file-reason.ts';
import type { Job } from './job.ts';
import { maskSecrets } from './job-masks.ts';
import { type LastingOptions, type Supplied, supplyTickets } from './lasting-tickets.ts';
import { becomeDaemon } from './run-background.ts';
import { tellError, tellFailure } from './run-command.ts';
import { isFinal, type Keeper, keepTickets, retryAfter } from './run-keeper.ts';
import { notifyManager } from './run-notify.ts';
import { makePrivatePlace, type PrivatePlace } from './run-place.ts';
import { catchSignals, type Started, type Stop, startProgram, statusOf } from './run-program.ts';
import { environment, supplyOf } from './run-supply.ts';
import { printable } from './sentences.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

/** Seconds that a ticket lives on at the next look if nothing else is wished for, as with k5start. */
const MARGIN = 120;

/** Gets the tickets, and keeps them alive while the command runs; resolves to the exit status. */
export async function runJob(job: Job, io: Io): Promise<number> {
  const aborting = new AbortController();
  // From here on a signal must not end us before everything is removed.
  const stop = catchSignals(io, () => aborting.abort());
  const ours = quietIo(job, aborting.signal, io);
  try {
    return await inPlace(job, { stop, cancel: () => aborting.abort() }, openSession(ours));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (stop.early !== undefined) return statusOf(stop.early);
    await tellFailure({ program: job.program, error, exitStatus: 1 }, job.kinit, ours);
    return 1;
  } finally {
    for (const path of [job.pidFile, job.childPidFile]) if (path !== undefined) rmSync(path, { force: true });
    stop.release();
  }
}

/** Standard output belongs to the command: what we have to say goes to the other. */
function quietIo({ log }: Job, signal: AbortSignal, io: Io): Io {
  const err = (text: string): void => {
    io.err(text);
    log?.(text.trimEnd());
  };
  return Object.create(io, {
    out: { value: io.err },
    err: { value: err },
    readPassword: { value: io.readPassphrase },
    signal: { value: signal },
  });
}

async function inPlace(job: Job, ends: Pick<Errand, 'stop' | 'cancel'>, session: Session): Promise<number> {
  const { io } = session;
  if (job.mask && job.secret !== undefined)
    maskSecrets(job.secret.texts, { ...job.secret, program: job.program }, io);
  const place =
    job.command.length > 0 && job.cacheName === undefined ? await makePrivatePlace(job, session) : undefined;
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
    return await whileItLasts({ job, supplied, refresh, env, place, ...ends }, io);
  } finally {
    await place?.close();
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
    tellError(job.program, error, io);
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
  readonly stop: Stop;
}

async function whileItLasts(
  { job, refresh, env, place, stop, cancel, ...errand }: Errand,
  io: Io,
): Promise<number> {
  const { program } = job;
  const ready = job.daemon === undefined ? () => undefined : becomeDaemon(job.daemon);
  writePid(job.pidFile, io.pid, program, io);
  let { supplied } = errand;
  if (supplied === undefined) {
    ready();
    // A command that needs tickets is not started without any.
    if (!job.keepsGoing) supplied = await patiently(refresh, job, io);
  }
  const surroundings = { name: program, env, stop, io, silent: job.daemon !== undefined };
  const started = job.command.length === 0 ? undefined : startProgram(job.command, surroundings);
  if (started?.pid !== undefined) {
    place?.usedBy(started.pid);
    writePid(job.childPidFile, started.pid, program, io);
  }
  // One that cannot be started is told of while somebody listens.
  if (started === undefined || started.pid !== undefined) ready();
  const keeper = keepTickets(supplied, {
    interval: job.interval,
    margin: job.happy ?? MARGIN,
    always: job.always,
    now: () => io.now(),
    refresh,
    failed(error) {
      tellError(program, error, io);
      return !(job.exitOnError || (job.renewOnly && !job.keepsGoing && isFinal(error)));
    },
    recovered: () => io.err(`${program}: there are new tickets again\n`),
  });
  const release = onAlarm(() => keeper.wake(), io);
  try {
    void notifyManager(['READY=1', `STATUS=Keeping tickets in ${env.KRB5CCNAME}`], program, io);
    return await outcome({ job, started, keeper, stop, cancel }, io);
  } finally {
    release();
    cancel();
    await Promise.all([keeper.stop(), notifyManager(['STOPPING=1'], program, io)]);
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
  { happy = 1, interval = 0 }: Job,
  { signal }: Io,
): Promise<Supplied> {
  for (let failures = 0; ; failures++) {
    try {
      return await refresh({ least: happy + interval, anew: false });
    } catch (error) {
      if (signal?.aborted) throw error;
      await nap(retryAfter(failures), signal);
    }
  }
}

function nap(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** SIGALRM asks for new tickets at once, where there are signals. */
function onAlarm(listener: () => void, { platform }: Io): () => void {
  if (platform === 'win32') return () => undefined;
  process.on('SIGALRM', listener);
  return () => void process.off('SIGALRM', listener);
}

function writePid(path: string | undefined, pid: number, program: string, io: Io): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${pid}\n`);
  } catch (error) {
    io.err(`${printable(`${program}: Cannot write ${path}: ${fileReason(error)}`)}\n`);
  }
}
