import { startAgent } from '../agent/agent.ts';
import type { AgentSocket } from '../agent/listen.ts';
import { keychainStore } from '../agent/sealed.ts';
import { type AgentStore, memoryStore } from '../agent/store.ts';
import { printable } from '../codec/text.ts';
import { permittedEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import { during } from '../local/activity.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { sentence } from '../local/sentences.ts';
import { openUserKeychain } from '../local/user/keychain.ts';
import { type AgentStatus, agentStatus, lockAgent, stopAgent } from './agent/control.ts';
import { installAgent, uninstallAgent } from './agent/install.ts';
import { type AgentPaths, agentEnvironment, agentExports, agentPaths } from './agent/paths.ts';
import { ensureRunning, preparePlace } from './agent/start.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { wholeDuration } from './kdc/readers.ts';
import { formatTimestamp } from './locale/time-format.ts';
import { userLocale } from './locale/user-locale.ts';
import { tellShortly } from './run-command.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit agent';

/** agent: serves the caches in the keychain to native programs. */
export const agent: Command = {
  name,
  summary: 'Share the tickets in the keychain with native programs, over KCM.',
  operands: '',
  usageStatus: 2,
  options: [
    {
      flags: '--start',
      text: 'Start an agent in the background if none is running, and print variables for a shell to evaluate.',
    },
    { flags: '--stop', text: 'Stop the running agent.' },
    { flags: '--status', text: 'Show whether an agent is running, and its state.' },
    { flags: '--lock', text: 'Make the agent forget the key until the keychain provides it again.' },
    { flags: '--memory', text: 'Keep tickets in memory only.' },
    { flags: '--idle <duration>', text: 'End after this long without a client.' },
    { flags: '--install', text: "Let the user's systemd or launchd start the agent from now on." },
    { flags: '--uninstall', text: 'Undo --install.' },
    jsonOutput,
  ],
  epilogue: '\nIn a shell: eval "$(krb5kit agent --start)"',
  run,
};

const ACTIONS = ['start', 'stop', 'status', 'lock', 'install', 'uninstall'] as const;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`${name}: unexpected argument "${args.operands[0]}"`);
  const actions = ACTIONS.filter(action => args.has(action));
  if (actions.length > 1) throw new UsageError(`${name}: --${actions.join(' and --')} exclude each other`);
  if (io.uid === undefined) {
    throw new KerberosError('AGENT_LISTEN', 'There are no KCM clients on this system');
  }
  const idle = idleOf(args);
  const paths = agentPaths(io);
  switch (actions[0]) {
    case 'start':
      await ensureRunning(paths, { memory: args.has('memory'), options: serverOptions(args) }, io);
      return showEnvironment(paths, args, io);
    case 'stop':
      return tell(await stopAgent(paths), { text: 'The agent has ended', json: { stopped: true } }, args, io);
    case 'lock':
      return tell(
        await lockAgent(paths),
        { text: 'The agent has forgotten the key', json: { locked: true } },
        args,
        io,
      );
    case 'status':
      return showStatus(paths, args, io);
    case 'install':
      return installAgent(paths, serverOptions(args), args, io);
    case 'uninstall':
      return uninstallAgent(args, io);
    default:
      return serve(paths, { memory: args.has('memory'), idle }, openSession(io));
  }
}

function idleOf(args: Arguments): number | undefined {
  const text = args.value('idle');
  if (text === undefined) return undefined;
  const seconds = wholeDuration(text);
  if (seconds === undefined) throw new UsageError(`${name}: ${text} is no duration`);
  return seconds;
}

/** The options that are passed to an agent started in the background. */
function serverOptions(args: Arguments): readonly string[] {
  const idle = args.value('idle');
  return [...(args.has('memory') ? ['--memory'] : []), ...(idle === undefined ? [] : ['--idle', idle])];
}

async function showEnvironment(paths: AgentPaths, args: Arguments, io: Io): Promise<number> {
  const { lineOfJson } = await import('./json.ts');
  const json = args.has('json');
  io.out(json ? lineOfJson({ environment: agentEnvironment(paths, io) }) : agentExports(paths, io));
  (await import('./manners.ts')).settle(io);
  return 0;
}

/** The report of what has been done. */
interface Told {
  readonly text: string;
  readonly json: object;
}

async function tell(done: boolean, told: Told | undefined, args: Arguments, io: Io): Promise<number> {
  if (done && told !== undefined) {
    const { lineOfJson } = await import('./json.ts');
    io.out(args.has('json') ? lineOfJson(told.json) : `${told.text}\n`);
    return 0;
  }
  const error = new KerberosError('AGENT_LISTEN', 'no agent runs');
  await tellShortly({ program: name, error, exitStatus: 1 }, args, io);
  return 1;
}

async function showStatus(paths: AgentPaths, args: Arguments, io: Io): Promise<number> {
  const status = await agentStatus(paths);
  if (args.has('json')) {
    const { lineOfJson } = await import('./json.ts');
    io.out(lineOfJson(status === undefined ? { running: false } : statusJson(status, paths)));
    return status === undefined ? 1 : 0;
  }
  if (status === undefined) return tell(false, undefined, args, io);
  const { pid, kind, locked, caches, clients, requests, started } = status;
  const since = formatTimestamp(new Date(started * 1000), userLocale(io.env));
  const held = caches < 0 ? 'unknown' : String(caches);
  const where = kind === 'memory' ? 'memory' : 'the keychain';
  io.out(`Agent ${pid} listens on ${printable(paths.socket)} since ${since}\n`);
  io.out(`Caches: ${held}, kept in ${where}${locked ? ', key not in memory' : ''}\n`);
  // The client that asks counts as well.
  io.out(`Other clients: ${clients - 1}, requests: ${requests - 1}\n`);
  (await import('./manners.ts')).settle(io);
  return 0;
}

/** The client that asks does not count. */
function statusJson(status: AgentStatus, { socket }: AgentPaths): object {
  const { pid, kind, locked, caches, clients, requests, started } = status;
  return {
    running: true,
    pid,
    socket,
    since: new Date(started * 1000),
    store: kind === 'memory' ? 'memory' : 'keychain',
    locked: locked !== 0,
    cacheCount: caches < 0 ? null : caches,
    clientCount: clients - 1,
    requestCount: requests - 1,
  };
}

interface Wishes {
  readonly memory: boolean;
  readonly idle: number | undefined;
}

/** Serves until it is stopped. */
async function serve(paths: AgentPaths, { memory, idle }: Wishes, session: Session): Promise<number> {
  const { io, caches, config } = session;
  // The session's own keychain may remember a passphrase, which `--lock` must forget.
  const keychain = () => openUserKeychain(io, caches.dataDirectory);
  const store = memory ? memoryStore() : keychainStore({ ...caches, keychain });
  const log = (line: string): void => io.err(`${printable(`${name}: ${line}`)}\n`);
  const agent = await during('starting the agent', () => {
    // Created together with the socket, because clients look for both.
    preparePlace(paths, io);
    return startAgent({
      socket: socketOf(paths, io),
      store,
      uid: io.uid!,
      pid: io.pid,
      dataDirectory: caches.dataDirectory,
      now: () => io.now(),
      renewal: exchangeOptions(session, permittedEnctypes(config)),
      idle,
      log,
    });
  });
  const release = io.onStop(() => void agent.close());
  try {
    io.out(`Listening on ${printable(paths.socket)}; for programs to find it:\n${agentExports(paths, io)}`);
    void openEarly(store, log);
    await agent.closed;
  } finally {
    release();
    await agent.close();
  }
  return 0;
}

/** systemd passes a socket that it has bound as descriptor 3. */
function socketOf({ socket: path }: AgentPaths, { env, pid }: Io): AgentSocket {
  const passed = env.LISTEN_PID === String(pid) && env.LISTEN_FDS === '1';
  return passed ? { path, fd: 3 } : { path };
}

/** Asks for the key before a client has to wait for it, so that tickets are renewed from the start. */
async function openEarly(store: AgentStore, log: (line: string) => void): Promise<void> {
  try {
    await store.read();
  } catch (error) {
    log(sentence(error));
  }
}
