import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../../codec/text.ts';
import { splitConfigPath } from '../../config/load.ts';
import type { Arguments } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { muted } from '../manners.ts';
import type { Io } from '../terminal.ts';
import {
  type CommandLine,
  configDirectory,
  launchAgentPath,
  runAll,
  unitPath,
  writeOwnFile,
} from '../user/manager.ts';
import { launchdPlist, type UserService, userService } from '../user/units.ts';
import { type AgentPaths, agentEnvironment, agentExports, agentKrb5Conf } from './paths.ts';
import { systemdService, systemdSocket } from './units.ts';

/** What is installed into the user's service manager. */
interface Installation {
  /** The files to write, by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly krb5Conf: string;
  /** The commands that enable it, and those that disable it. */
  readonly start: readonly CommandLine[];
  readonly stop: readonly CommandLine[];
  /** What remains to be done after the files have been removed. */
  readonly forget: readonly CommandLine[];
}

const UNIT = 'krb5kit-agent';
const LABEL = 'krb5kit.agent';
const named = { name: 'krb5kit agent' };

/** Writes files in the user's own directories, makes the service manager read them, and reports what was done. */
export function installAgent(paths: AgentPaths, options: readonly string[], args: Arguments, io: Io): number {
  const teller = args.has('json') ? muted(io) : io;
  const installation = describeInstallation(paths, options, io);
  for (const [file, text] of installation.files) writeOwnFile(file, text, teller);
  const status = runAll(installation.start, teller, named);
  const place = { ...paths, ...installation };
  teller.out(`For programs to find it, in ~/.profile:\n${agentExports(place, io)}`);
  if (args.has('json')) {
    const files = [...installation.files.keys()];
    io.out(lineOfJson({ installed: true, files, environment: agentEnvironment(place, io) }));
  }
  return status;
}

/** Undoes the installation and reports what was done. */
export function uninstallAgent(args: Arguments, io: Io): number {
  const teller = args.has('json') ? muted(io) : io;
  const nowhere = { directory: '', socket: '', krb5Conf: '', log: '' };
  const { files, stop, forget } = describeInstallation(nowhere, [], io);
  const there = [...files.keys()].filter(file => existsSync(file));
  if (args.has('json')) io.out(lineOfJson({ installed: false, files: there }));
  if (there.length === 0) {
    teller.out('Nothing is installed\n');
    return 0;
  }
  const status = runAll(stop, teller, named);
  for (const file of there) {
    rmSync(file);
    teller.out(`Removed ${printable(file)}\n`);
  }
  return runAll(forget, teller, named) || status;
}

/** The service manager knows nothing of a shell's variables: without these, tickets could not be unsealed or renewed. */
function agentService(options: readonly string[], io: Io): UserService {
  const { program, environment } = userService(['agent', ...options], io);
  const { KRB5_CONFIG, KRB5KIT_KEYCHAIN, KRB5KIT_PASSPHRASE_FILE: file } = io.env;
  const files = splitConfigPath(KRB5_CONFIG ?? '', io.platform).map(part => resolve(io.cwd, part));
  const others = Object.entries({
    KRB5_CONFIG: files.join(':'),
    KRB5KIT_KEYCHAIN,
    KRB5KIT_PASSPHRASE_FILE: file && resolve(io.cwd, file),
  });
  const set = others.filter((entry): entry is [string, string] => Boolean(entry[1]));
  return { program, environment: { ...environment, ...Object.fromEntries(set) } };
}

function describeInstallation(paths: AgentPaths, options: readonly string[], io: Io): Installation {
  const krb5Conf = join(configDirectory(io), 'krb5kit', 'krb5.conf');
  const service = agentService(options, io);
  const conf: [string, string] = [krb5Conf, agentKrb5Conf(paths)];
  if (io.platform === 'darwin') {
    const plist = launchAgentPath(LABEL, io);
    return {
      files: new Map([[plist, launchdPlist(LABEL, service)], conf]),
      krb5Conf,
      start: [['launchctl', 'bootstrap', `gui/${io.uid}`, plist]],
      stop: [['launchctl', 'bootout', `gui/${io.uid}/${LABEL}`]],
      forget: [],
    };
  }
  const systemctl = ['systemctl', '--user'];
  return {
    files: new Map([
      [unitPath(`${UNIT}.socket`, io), systemdSocket(paths.socket)],
      [unitPath(`${UNIT}.service`, io), systemdService(service)],
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
