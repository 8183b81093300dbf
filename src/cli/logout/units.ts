import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { Io } from '../terminal.ts';
import { readUserFile, removeUserFile } from '../user/file.ts';
import { ask, launchAgentPath, runAll, unitPath, writeOwnFile } from '../user/manager.ts';
import {
  launchdPlist,
  systemdCommand,
  systemdEnvironment,
  type UserService,
  userService,
  xml,
} from '../user/units.ts';

/** `impossible` is what is absent and would be of no use. */
export type Standing = 'installed' | 'outdated' | 'absent' | 'impossible';

/** One of the places that can have us run at the end of a session. Each call may throw KerberosError. */
export interface Arrangement {
  /** The path of its file, or its name. */
  readonly what: string;
  standing(): Standing;
  /** Both say what they do, and return an exit status. */
  install(): number;
  uninstall(): number;
}

/** That with the platform's service manager, which knows when the user's last session ends. */
export function serviceArrangement(io: Io): Arrangement {
  if (io.platform === 'win32') return scheduledTask(io);
  return io.platform === 'darwin' ? launchdJob(io) : systemdUnit(io);
}

const named = { name: 'krb5kit logout' };

/** A unit that does nothing but stop, which it does when the user's last session has ended. */
function systemdUnit(io: Io): Arrangement {
  const unit = 'krb5kit-logout.service';
  const path = unitPath(unit, io);
  const text = logoutUnit(userService(['logout', '--quiet'], io));
  const systemctl = ['systemctl', '--user'];
  const answers = (): boolean => ask([...systemctl, 'show-environment'], io).done;
  const is = (state: string): boolean => ask([...systemctl, `is-${state}`, '--quiet', unit], io).done;
  return {
    what: path,
    standing() {
      const found = textOf(path);
      if (found === text) return !answers() || (is('enabled') && is('active')) ? 'installed' : 'outdated';
      if (found !== undefined) return 'outdated';
      return answers() ? 'absent' : 'impossible';
    },
    install() {
      writeOwnFile(path, text, io);
      return runAll(
        [
          [...systemctl, 'daemon-reload'],
          [...systemctl, 'enable', '--now', unit],
        ],
        io,
        named,
      );
    },
    uninstall() {
      const status = runAll([[...systemctl, 'disable', unit]], io, named);
      remove(path, io);
      // Stopped only once systemd has forgotten what to run then: the tickets are still wanted.
      return (
        runAll(
          [
            [...systemctl, 'daemon-reload'],
            [...systemctl, 'stop', unit],
          ],
          io,
          named,
        ) || status
      );
    },
  };
}

/** What the keychain needs stops after it. */
function logoutUnit(service: UserService): string {
  return `[Unit]
Description=Destroys Kerberos tickets at the end of the session
After=dbus.socket dbus.service gnome-keyring-daemon.socket gnome-keyring-daemon.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStop=${systemdCommand(service)}
${systemdEnvironment(service)}
[Install]
WantedBy=default.target
`;
}

/** A job that waits for the SIGTERM that launchd sends at the end. */
function launchdJob(io: Io): Arrangement {
  const label = 'krb5kit.logout';
  const path = launchAgentPath(label, io);
  const text = launchdPlist(label, userService(['logout', '--quiet', '--stay'], io));
  const domain = `gui/${io.uid}`;
  const isLoaded = (): boolean => ask(['launchctl', 'print', `${domain}/${label}`], io).done;
  // SIGINT comes first: the tickets are still wanted.
  const unload = (): number =>
    isLoaded()
      ? runAll(
          [
            ['launchctl', 'kill', 'SIGINT', `${domain}/${label}`],
            ['launchctl', 'bootout', `${domain}/${label}`],
          ],
          io,
          named,
        )
      : 0;
  return {
    what: path,
    standing() {
      const found = textOf(path);
      if (found === undefined) return 'absent';
      return found === text && isLoaded() ? 'installed' : 'outdated';
    },
    install() {
      const status = unload();
      writeOwnFile(path, text, io);
      return runAll([['launchctl', 'bootstrap', domain, path]], io, named) || status;
    },
    uninstall() {
      const status = unload();
      remove(path, io);
      return status;
    },
  };
}

/** A task that Windows starts when it notes that the user logs off. */
function scheduledTask(io: Io): Arrangement {
  const task = 'krb5kit-logout';
  const words = [...io.program, 'logout', '--quiet'];
  return {
    what: `task ${task}`,
    standing() {
      const found = ask(['schtasks', '/Query', '/TN', task, '/XML'], io);
      if (!found.done) return 'absent';
      const [, program, args] =
        /<Command>(.*)<\/Command>\s*<Arguments>(.*)<\/Arguments>/.exec(found.text) ?? [];
      return `${program} ${args}`.replaceAll('"', '') === xml(words.join(' ')) ? 'installed' : 'outdated';
    },
    install() {
      const event = `*[System[Provider[@Name='Microsoft-Windows-Winlogon'] and EventID=7002] and EventData[Data[@Name='UserSid']='${userSid(io)}']]`;
      const when = ['/SC', 'ONEVENT', '/EC', 'System', '/MO', event];
      const line = words.map(word => (/\s/.test(word) ? `"${word}"` : word)).join(' ');
      const what = ['/TN', task, '/TR', line];
      return runAll([['schtasks', '/Create', '/F', ...what, ...when]], io, named);
    },
    uninstall() {
      return runAll([['schtasks', '/Delete', '/F', '/TN', task]], io, named);
    },
  };
}

/** Others of the same machine log off as well. */
function userSid(io: Io): string {
  const answer = ask(['whoami', '/user', '/fo', 'csv', '/nh'], io);
  const sid = answer.done ? /S-1-[\d-]+/.exec(answer.text)?.[0] : undefined;
  if (sid === undefined) throw new KerberosError('CONFIG_VALUE', 'whoami does not tell who you are');
  return sid;
}

function textOf(path: string): string | undefined {
  const bytes = readUserFile(path);
  return bytes && Buffer.from(bytes).toString();
}

function remove(path: string, io: Io): void {
  removeUserFile(path);
  io.out(`Removed ${printable(path)}\n`);
}
