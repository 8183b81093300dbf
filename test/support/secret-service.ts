import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './peers.ts';

/** A separate D-Bus session, with or without an implementation of the Secret Service. */
export interface SecretServiceSession {
  readonly directory: string;
  /** The environment of a process in the session. */
  readonly environment: NodeJS.ProcessEnv;
  readonly bus: ChildProcess;
  /** The same bus over each of its transports, as D-Bus addresses. */
  readonly addresses: {
    readonly path: string;
    readonly abstract: string;
    readonly tcp: string | undefined;
  };
  /** The service's process; throws while there is none. */
  daemon(): ChildProcess;
  lock(): void;
  /** Kills the daemon and starts another, unlocked. */
  restartDaemon(): Promise<void>;
  /** The output of `secret-tool search` for our items. */
  search(): string;
  /** How many items of ours there are, for one data directory or in total. */
  items(dataDirectory?: string): number;
  /** Deletes our items behind our back. */
  clear(): void;
  /** Resolves when the item of a data directory is on disk, where the next daemon finds it. */
  saved(dataDirectory: string): Promise<void>;
  stop(): Promise<void>;
}

/** An implementation of the Secret Service. */
export interface SecretServiceProgram {
  /** The collection that new items go to. */
  readonly collection: string;
  /** Starts it such that it unlocks without asking. */
  spawn(session: SecretServiceFolder): ChildProcess;
  /** Whether the item with that label is on disk. */
  isSaved(label: string, session: SecretServiceFolder): boolean;
}

/** Where a session's files are, and the environment of its processes. */
export type SecretServiceFolder = Pick<SecretServiceSession, 'directory' | 'environment'>;

const NAME = 'org.freedesktop.secrets';
const PATH = '/org/freedesktop/secrets';
const SECRET = 'org.freedesktop.Secret';
/** Milliseconds for whatever becomes ready, on a machine that has much else to do. */
const PATIENCE = 30_000;

const gnomeKeyring: SecretServiceProgram = {
  collection: `${PATH}/collection/login`,
  spawn({ directory, environment }) {
    const control = `--control-directory=${directory}/run/keyring`;
    const args = ['--unlock', '--replace', '--foreground', '--components=secrets', control];
    const child = spawn(programPath('gnome-keyring-daemon'), args, {
      env: environment,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin?.end('the password of the login keyring');
    return child;
  },
  // It answers when the file is written.
  isSaved: () => true,
};

interface SessionBusOptions {
  /** The bus can also be reached by TCP, by every user of this machine. */
  readonly tcp?: boolean;
}

/** A session with GNOME's keyring, or with nobody. */
export function startSecretService(
  options: SessionBusOptions & { readonly keyring?: boolean } = {},
): Promise<SecretServiceSession> {
  return startSession((options.keyring ?? true) ? gnomeKeyring : undefined, options);
}

/** A session with an implementation of the Secret Service, ready and unlocked, or with nobody. */
export async function startSession(
  service: SecretServiceProgram | undefined,
  { tcp = false }: SessionBusOptions = {},
): Promise<SecretServiceSession> {
  const directory = mkdtempSync(join(tmpdir(), 'secret-service-'));
  for (const name of ['services', 'run/keyring', 'home/.local/share/keyrings', 'home/.config']) {
    mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
  }
  writeFileSync(join(directory, 'bus.conf'), busConfiguration(directory, tcp));
  const configuration = `--config-file=${directory}/bus.conf`;
  const bus = spawn(programPath('dbus-daemon'), ['--nofork', '--print-address=1', configuration], {
    env: sessionEnvironment(directory, ''),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const addresses = parseAddresses(await firstOutput(bus));
  const environment = sessionEnvironment(directory, addresses.path);
  let daemon: ChildProcess | undefined;
  process.once('exit', killAll);
  const session: SecretServiceSession = {
    directory,
    environment,
    bus,
    addresses,
    daemon() {
      if (daemon === undefined) throw new Error('no Secret Service');
      return daemon;
    },
    lock() {
      const collection = service!.collection;
      const answer = call(PATH, `${SECRET}.Service.Lock`, `['${collection}']`);
      const [prompt] = /\/org\/freedesktop\/secrets\/prompt\/\w+/.exec(answer) ?? [];
      if (prompt !== undefined) call(prompt, `${SECRET}.Prompt.Prompt`, '');
      for (const deadline = Date.now() + PATIENCE; !isLocked(collection, 20); ) {
        if (Date.now() > deadline) throw new Error('not locked in time');
      }
    },
    async restartDaemon() {
      await end(daemon);
      daemon = service!.spawn(session);
      // What reaches a service between its name and its objects is never answered.
      await until(() => !isLocked(service!.collection, 3));
    },
    search: () => search([]),
    items: directory =>
      search(directory === undefined ? [] : ['account', directory]).match(/^\[\//gm)?.length ?? 0,
    clear() {
      if (session.items() > 0) run('secret-tool', ['clear', 'service', 'krb5kit']);
    },
    saved: directory => until(() => service!.isSaved(`krb5kit/${directory}`, session)),
    async stop() {
      process.off('exit', killAll);
      await end(daemon);
      await end(bus);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  try {
    if (service !== undefined) await session.restartDaemon();
  } catch (error) {
    await session.stop();
    throw error;
  }
  return session;

  function isLocked(collection: string, seconds: number): boolean {
    const property = [`${SECRET}.Collection`, 'Locked', '--timeout', String(seconds)];
    return call(collection, 'org.freedesktop.DBus.Properties.Get', ...property).includes('true');
  }

  function search(attributes: readonly string[]): string {
    return run('secret-tool', ['search', '--all', 'service', 'krb5kit', ...attributes]);
  }

  function call(path: string, method: string, ...args: readonly string[]): string {
    const target = ['--dest', NAME, '--object-path', path, '--method', method];
    return run('gdbus', ['call', '--session', ...target, ...args]);
  }

  function run(name: string, args: readonly string[]): string {
    return execFileSync(programPath(name), args, {
      env: environment,
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: PATIENCE,
    });
  }

  function killAll(): void {
    daemon?.kill('SIGKILL');
    bus.kill('SIGKILL');
  }
}

/** The absolute path of a program; throws where it is not installed. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function sessionEnvironment(directory: string, address: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: join(directory, 'home'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    XDG_DATA_HOME: join(directory, 'home/.local/share'),
    XDG_CONFIG_HOME: join(directory, 'home/.config'),
    DBUS_SESSION_BUS_ADDRESS: address,
  };
}

/** No folders of services but an empty one: nothing is started behind a test's back. */
function busConfiguration(directory: string, tcp: boolean): string {
  const open = `<listen>tcp:host=127.0.0.1,port=0</listen><auth>ANONYMOUS</auth><allow_anonymous/>`;
  return `<busconfig>
  <type>session</type>
  <listen>unix:path=${directory}/bus</listen>
  <listen>unix:abstract=${directory}/abstract</listen>
  <auth>EXTERNAL</auth>
  ${tcp ? open : ''}
  <servicedir>${directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>`;
}

async function firstOutput(program: ChildProcess): Promise<string> {
  const ended = once(program, 'exit').then(() => {
    throw new Error('the D-Bus daemon did not start');
  });
  const [chunk] = await Promise.race([once(program.stdout!, 'data'), ended]);
  return String(chunk);
}

function parseAddresses(printed: string): SecretServiceSession['addresses'] {
  const addresses = printed.trim().split(';');
  const address = (start: string) => addresses.find(text => text.startsWith(start));
  const [path, abstract] = [address('unix:path='), address('unix:abstract=')];
  if (path === undefined || abstract === undefined) throw new Error(`the bus listens on ${printed}`);
  return { path, abstract, tcp: address('tcp:') };
}

/** Tries again what is not true, or fails, for a while. */
export async function until(ready: () => boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; ; await sleep(20)) {
    try {
      if (ready()) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error('not ready in time');
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
