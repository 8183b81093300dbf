import type { Io } from './terminal.ts';

/** What the user's service manager is to run. */
export interface UserService {
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Ourselves with these arguments, on the same data directory. */
export function userService(args: readonly string[], { program, env }: Io): UserService {
  const environment: Record<string, string> = env.KRB5KIT_HOME ? { KRB5KIT_HOME: env.KRB5KIT_HOME } : {};
  return { program: [...program, ...args], environment };
}

/** The value of systemd's `ExecStart=` and its kin. */
export function systemdCommand({ program }: UserService): string {
  return program.map(word => quoted(word).replaceAll('$', '$$$$')).join(' ');
}

/** The lines `Environment=` of a unit. */
export function systemdEnvironment({ environment }: UserService): string {
  return Object.entries(environment)
    .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
    .join('');
}

/** Text of a unit file in which systemd finds no specifiers. */
export function withoutSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/** launchd starts the program at login and again if it fails; it hands sockets only to programs that call its library. */
export function launchdPlist(label: string, { program, environment }: UserService): string {
  const text = (value: string): string => `<string>${xml(value)}</string>`;
  const variables = Object.entries(environment).map(
    ([name, value]) => `<key>${xml(name)}</key>${text(value)}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>${text(label)}
  <key>ProgramArguments</key><array>${program.map(text).join('')}</array>
  <key>EnvironmentVariables</key><dict>${variables.join('')}</dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict>
</plist>
`;
}

/** Text between the tags of XML. */
export function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A word of a unit file. */
function quoted(word: string): string {
  return `"${withoutSpecifiers(word).replace(/[\\"]/g, '\\$&')}"`;
}
