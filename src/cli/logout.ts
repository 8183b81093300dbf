import { type Arguments, type Command, UsageError } from './command.ts';
import { flushTickets } from './logout/flush.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit logout';

/** logout: destroys every cache of the user and the keychain's key, now or at the end of the session. */
export const logout: Command = {
  name,
  summary: 'Destroy all your tickets, and the key that sealed them.',
  operands: '',
  usageStatus: 2,
  options: [
    { flags: '-q, --quiet', text: 'Print nothing but errors.' },
    {
      flags: '--session <pid>',
      text: 'End the session of this shell: destroy everything unless another one is left.',
    },
    {
      flags: '--after <pid>',
      text: 'Wait in the background until this shell has ended, then do the same as --session.',
    },
    {
      flags: '--install',
      text: 'Do this automatically when your last session ends, from the next login on.',
    },
    { flags: '--uninstall', text: 'Undo --install.' },
    { flags: '--status', text: 'Show what --install has set up.' },
    {
      flags: '--json',
      text: 'Print what was destroyed or is installed as one line of JSON, and each failure as one on stderr.',
    },
    { flags: '--watch <pid>', text: 'The process that --after starts in the background.', hidden: true },
    { flags: '--stay', text: 'For launchd: act as a session that SIGTERM ends.', hidden: true },
  ],
  run,
};

type Action = (args: Arguments, io: Io) => Promise<number>;

/** What an option has us do, instead of destroying everything at once. */
const actions: Readonly<Record<string, Action>> = {
  async session(args, io) {
    const { endSession } = await import('./logout/session.ts');
    return endSession(pidOf(args, 'session'), args, io);
  },
  async after(args, io) {
    const { startWatcher } = await import('./logout/session.ts');
    await startWatcher(pidOf(args, 'after'), io);
    return 0;
  },
  async watch(args, io) {
    const { watchSession } = await import('./logout/session.ts');
    return watchSession(pidOf(args, 'watch'), io);
  },
  async stay(_, io) {
    const { beSession } = await import('./logout/session.ts');
    return beSession(io);
  },
  async install(args, io) {
    const { installLogout } = await import('./logout/install.ts');
    return installLogout(args, io);
  },
  async uninstall(args, io) {
    const { uninstallLogout } = await import('./logout/install.ts');
    return uninstallLogout(args, io);
  },
  async status(args, io) {
    const { showLogoutStatus } = await import('./logout/install.ts');
    return showLogoutStatus(args, io);
  },
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`${name}: unexpected argument "${args.operands[0]}"`);
  const asked = Object.keys(actions).filter(action => args.has(action));
  if (asked.length > 1) throw new UsageError(`${name}: --${asked.join(' and --')} exclude each other`);
  const action = actions[asked[0] ?? ''];
  return action === undefined ? flushTickets(args, io) : action(args, io);
}

function pidOf(args: Arguments, option: string): number {
  const text = args.value(option) ?? '';
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`${name}: ${text} is no process`);
  return Number(text);
}
