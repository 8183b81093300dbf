import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AgentPaths, agentExports, agentKrb5Conf } from './agent-paths.ts';
import { launchdPlist, systemdService, systemdSocket } from './agent-units.ts';
import { printable } from './sentences.ts';
import type { Io } from './terminal.ts';

/** What the user's service manager is given. */
interface Installation {
  /** Files by their paths. */
  readonly files: ReadonlyMap<string, string>;
  readonly krb5Conf: string;
  /** Commands that make it known, and those that make it forgotten. */
  readonly start: readonly (readonly string[])[];
  readonly stop: readonly (readonly string[])[];
  /** What is left to tell once the files are gone. */
  readonly forget: readonly (readonly string[])[];
}

const UNIT = 'krb5kit-agent';
const LABEL = 'krb5kit.agent';

/** Writes files under the user's own directories, has the service manager read them, and says what was done. */
export function installAgent(paths: AgentPaths, options: readonly string[], io: Io): number {
  const installation = describeInstallation(paths, options, io);
  for (const [file, text] of installation.files) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
    io.out(`Wrote ${printable(file)}\n`);
  }
  const status = runAll(installation.start, io);
  io.out(`For programs to find it, in ~/.profile:\n${agentExports({ ...paths, ...installation }, io)}`);
  return status;
}

/** Undoes it and says what was done. */
export function uninstallAgent(io: Io): number {
  const nowhere = { directory: '', socket: '', krb5Conf: '', log: '' };
  const { files, stop, forget } = describeInstallation(nowhere, [], io);
  const there = [...files.keys()].filter(file => existsSync(file));
  if (there.length === 0) {
    io.out('Nothing is installed\n');
    return 0;
  }
  const status = runAll(stop, io);
  for (const file of there) {
    rmSync(file);
    io.out(`Removed ${printable(file)}\n`);
  }
  return runAll(forget, io) || status;
}

function describeInstallation(paths: AgentPaths, options: readonly string[], io: Io): Installation {
  const home = io.env.HOME ?? homedir();
  const configured = io.env.XDG_CONFIG_HOME;
  const config = configured?.startsWith('/') ? configured : join(home, '.config');
  const krb5Conf = join(config, 'krb5kit', 'krb5.conf');
  const service = {
    program: [...io.program, 'agent', ...options],
    environment: io.env.KRB5KIT_HOME ? { KRB5KIT_HOME: io.env.KRB5KIT_HOME } : {},
    socket: paths.socket,
  };
  const conf: [string, string] = [krb5Conf, agentKrb5Conf(paths)];
  if (io.platform === 'darwin') {
    const plist = join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`);
    return {
      files: new Map([[plist, launchdPlist(LABEL, service)], conf]),
      krb5Conf,
      start: [['launchctl', 'bootstrap', `gui/${io.uid}`, plist]],
      stop: [['launchctl', 'bootout', `gui/${io.uid}/${LABEL}`]],
      forget: [],
    };
  }
  const systemctl = ['systemctl', '--user'];
  const units = join(config, 'systemd', 'user');
  return {
    files: new Map([
      [join(units, `${UNIT}.socket`), systemdSocket(service)],
      [join(units, `${UNIT}.service`), systemdService(service)],
      conf,
    ]),
    krb5Conf,
    start: [
      [...systemctl, 'daemon-reload'],
      [...systemctl, 'enable', '--now', `${UNIT}.socket`],
    ],
    stop: [[...systemctl, 'disable', '--now', `${UNIT}.socket`, `${UNIT}.service`]],
    forget: [[...systemctl, 'daemon-reload']],
  };
}

/** Runs commands; one that fails is shown, for the user to run it where it can be. */
function runAll(commands: readonly (readonly string[])[], io: Io): number {
  let status = 0;
  for (const [program, ...args] of commands) {
    const shown = [program, ...args].join(' ');
    const env = io.env as NodeJS.ProcessEnv;
    const result = spawnSync(program!, args, { env, encoding: 'utf8', timeout: 20_000 });
    if (result.status === 0) {
      io.out(`Ran ${shown}\n`);
      continue;
    }
    status = 1;
    const reason = result.error?.message ?? result.stderr.trim().split('\n').at(-1) ?? '';
    io.err(`${printable(`krb5kit agent: to be run in the user's session: ${shown} (${reason})`)}\n`);
  }
  return status;
}
