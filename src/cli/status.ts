import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { wholeDuration } from './kdc/readers.ts';
import { openSession, type Session } from './session.ts';
import { lookAtCaches } from './status/look.ts';
import { statusText } from './status/text.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit status';

/** status: shows how long tickets are valid, once or continuously. */
export const status: Command = {
  name,
  summary: 'Show how long tickets remain valid, once or whenever it changes.',
  operands: '[cache]',
  usageStatus: 2,
  printsResult: true,
  options: [
    { flags: '-A, --all', text: 'Show all caches of the collection.' },
    { flags: '-w, --watch', text: 'Continue until stopped, and print a line for each change.' },
    {
      flags: '--interval <duration>',
      text: 'With --watch, check at this interval; the default is 5 seconds.',
    },
    jsonOutput,
  ],
  run,
};

const USUAL_INTERVAL = 5;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 1) throw new UsageError(`${name}: name one cache`);
  const interval = intervalOf(args);
  const session = openSession(io);
  if (!args.has('watch')) return tellOnce(args, session);
  const { watchCaches } = await import('./status/watch.ts');
  return watchCaches(args, session, interval);
}

async function tellOnce(args: Arguments, session: Session): Promise<number> {
  const { io } = session;
  const look = await lookAtCaches(args, session);
  if (look.error !== undefined) throw look.error;
  if (args.has('json')) {
    const { statusJson } = await import('./status/json.ts');
    io.out(await statusJson(look, []));
  } else {
    io.out(await statusText(look, io));
  }
  return look.valid ? 0 : 1;
}

/** Seconds. */
function intervalOf(args: Arguments): number {
  const text = args.value('interval');
  if (text === undefined) return USUAL_INTERVAL;
  const seconds = wholeDuration(text);
  if (seconds === undefined) throw new UsageError(`${name}: ${text} is not a duration such as 30s, 5m or 1h`);
  return seconds;
}
