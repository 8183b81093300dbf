import type { Ccache } from '../ccache/ccache.ts';
import { headOf } from '../ccache/head.ts';
import { printable } from '../codec/text.ts';
import { type ErrorCode, IntegrityError, KerberosError } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';
import { defaultCache } from '../local/caches/default-cache.ts';
import { isAbsent } from '../local/caches/named-caches.ts';
import { principalOf, userPrincipal } from '../local/session.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { brief } from './brief-error.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { newPassword, passwordTicket, setPassword } from './password-change.ts';
import { tellFailure } from './run-command.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';

/** kpasswd: changes a principal's password. */
export const kpasswd: Command = {
  name: 'kpasswd',
  summary: "Change a principal's password.",
  operands: '[principal]',
  usageStatus: 1,
  usage: 'usage: kpasswd [principal]\n',
  options: [
    {
      flags: '--admin-principal <principal>',
      text: "Set another principal's password as this administrator.",
      ours: true,
    },
    jsonOutput,
  ],
  asksKdc: true,
  neverListens: true,
  run,
};

const REJECTED = 2;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 1) throw new UsageError('');
  const session = openSession(io, {
    activity: 'initializing kerberos library',
    joint: '',
    follow: showWaits,
  });
  const principal = await principalFor(args.operands[0], session);
  const admin = args.value('adminPrincipal');
  const client = admin === undefined ? principal : await principalFor(admin, session);
  const prompt = `Password for ${printable(formatPrincipal(client))}: `;
  const own = await plainly('getting initial ticket', () =>
    passwordTicket(client, () => io.readPassword(prompt), session),
  );
  const ticket = admin === undefined ? own : { ...own, target: principal };
  const password = await newPassword(io);
  const outcome = await plainly('changing password', () => setPassword(ticket, password, session));
  if (outcome.changed) {
    if (!args.has('json')) io.out('Password changed.\n');
    else {
      const { lineOfJson } = await import('./json.ts');
      io.out(lineOfJson({ principal: formatPrincipal(principal), changed: true }));
    }
    return 0;
  }
  if (args.has('json')) {
    const cause = new KerberosError('PASSWORD_NOT_CHANGED', outcome.sentence);
    const error = new ActivityError('changing password', cause, '');
    await tellFailure({ program: 'kpasswd', error, exitStatus: REJECTED }, args, io);
  } else {
    io.out(`${outcome.sentence}\n`);
  }
  return REJECTED;
}

/** The shorter sentences of MIT's kpasswd, without names. */
const SENTENCES: Partial<Readonly<Record<ErrorCode, string>>> = {
  PASSWORD_INCORRECT: 'Preauthentication failed',
  PASSWORD_UNREAD: 'Generic preauthentication failure',
  REALM_UNKNOWN: 'Cannot find KDC for requested realm',
  KDC_UNREACHABLE: 'Cannot contact any KDC for requested realm',
};

/** Runs `work`; its errors are reported in MIT's few words, without a `while`. */
async function plainly<T>(activity: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActivityError) throw error;
    // The KDC has not refused anything: its sealed reply could not be opened.
    const unopened = error instanceof KerberosError && error.cause instanceof IntegrityError;
    if (unopened && error.code === 'PASSWORD_INCORRECT') throw new ActivityError(activity, error);
    const words = error instanceof KerberosError ? SENTENCES[error.code] : undefined;
    const code = words === undefined ? undefined : (error as KerberosError).code;
    throw new ActivityError(activity, code ? new KerberosError(code, words!, { cause: error }) : error, '');
  }
}

/** The principal on the command line, else the cache's, else the user's. */
async function principalFor(text: string | undefined, session: Session): Promise<Principal> {
  if (text !== undefined) return plainly('parsing client name', () => principalOf(text, session));
  const cache = await openDefault(session);
  try {
    return (await headOf(cache)).principal;
  } catch (error) {
    if (isAbsent(error)) return userPrincipal(session);
    return plainly('getting principal from ccache', () => Promise.reject(brief(error)));
  }
}

async function openDefault(session: Session): Promise<Ccache> {
  try {
    return await defaultCache(session, { reading: true, activity: 'opening default ccache' });
  } catch (error) {
    if (!(error instanceof ActivityError)) throw error;
    throw new ActivityError(error.activity, brief(error.cause), '');
  }
}
