import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './peers.ts';

/** A D-Bus session of its own, with GNOME's keyring on it or with nobody. */
export interface SecretServiceSession {
  readonly directory: string;
  /** The environment of a process that takes part in the session. */
  readonly environment: NodeJS.ProcessEnv;
  readonly bus: ChildProcess;
  /** The keyring's daemon; throws while there is none. */
  daemon(): ChildProcess;
  lock(): void;
  /** Ends the daemon and starts another, unlocked. */
  restartDaemon(): Promise<void>;
  /** What `secret-tool search` prints of our items. */
  search(): string;
  stop(): Promise<void>;
}

const COLLECTION = '/org/freedesktop/secrets/collection/login';

export async function startSecretService(
  options: { readonly keyring?: boolean } = {},
): Promise<SecretServiceSession> {
  const directory = mkdtempSync(join(tmpdir(), 'secret-service-'));
  const environment = sessionEnvironment(directory);
  for (const name of ['services', 'run/keyring', 'home/.local/share/keyrings', 'home/.config']) {
    mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
  }
  writeFileSync(join(directory, 'bus.conf'), busConfiguration(directory));
  const configuration = `--config-file=${directory}/bus.conf`;
  const bus = spawn(program('dbus-daemon'), ['--nofork', configuration], {
    env: environment,
    stdio: 'ignore',
  });
  let keyring: ChildProcess | undefined;
  const session: SecretServiceSession = {
    directory,
    environment,
    bus,
    daemon() {
      if (keyring === undefined) throw new Error('no keyring daemon');
      return keyring;
    },
    lock() {
      const service = ['--dest', 'org.freedesktop.secrets', '--object-path', '/org/freedesktop/secrets'];
      run('gdbus', [
        'call',
        '--session',
        ...service,
        '--method',
        'org.freedesktop.Secret.Service.Lock',
        `['${COLLECTION}']`,
      ]);
    },
    async restartDaemon() {
      await end(keyring);
      keyring = spawnKeyring();
      await until(() =>
        run('gdbus', [
          'introspect',
          '--session',
          '--dest',
          'org.freedesktop.secrets',
          '--object-path',
          COLLECTION,
        ]),
      );
    },
    search() {
      return run('secret-tool', ['search', '--all', 'service', 'krb5kit']);
    },
    async stop() {
      await end(keyring);
      await end(bus);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await until(() => existsSync(join(directory, 'bus')) || undefined);
  if (options.keyring ?? true) await session.restartDaemon();
  return session;

  function spawnKeyring(): ChildProcess {
    const control = `--control-directory=${directory}/run/keyring`;
    const args = ['--unlock', '--replace', '--foreground', '--components=secrets', control];
    const child = spawn(program('gnome-keyring-daemon'), args, {
      env: environment,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin?.end('the password of the login keyring');
    return child;
  }

  function run(name: string, args: readonly string[]): string {
    return execFileSync(program(name), args, {
      env: environment,
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 10_000,
    });
  }
}

function sessionEnvironment(directory: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: join(directory, 'home'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    XDG_DATA_HOME: join(directory, 'home/.local/share'),
    XDG_CONFIG_HOME: join(directory, 'home/.config'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/bus`,
  };
}

/** No folders of services but an empty one: nothing is started behind a test's back. */
function busConfiguration(directory: string): string {
  return `<busconfig>
  <type>session</type>
  <listen>unix:path=${directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>`;
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

async function until(ready: () => unknown): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
    try {
      if (ready() !== undefined) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error('not ready in 10 seconds');
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
