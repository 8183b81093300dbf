import { resolve } from 'node:path';
import type { Io } from '../terminal.ts';

/** A program that the user's service manager is to run. */
export interface UserService {
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** This program with the given arguments and the same data directory. */
export function userService(args: readonly string[], { program, env, cwd }: Io): UserService {
  const { KRB5KIT_HOME: home, XDG_DATA_HOME: data } = env;
  return {
    program: [...program, ...args],
    environment: home ? { KRB5KIT_HOME: resolve(cwd, home) } : dataHome(data),
  };
}

/** Others than absolute ones are ignored. */
function dataHome(data: string | undefined): Readonly<Record<string, string>> {
  return data?.startsWith('/') ? { XDG_DATA_HOME: data } : {};
}

/** The value of systemd's `ExecStart=` and similar settings. */
export function systemdCommand({ program }: UserService): string {
  return program.map(word => quoted(word).replaceAll('$', '$$$$')).join(' ');
}

/** The `Environment=` lines of a unit. */
export function systemdEnvironment({ environment }: UserService): string {
  return Object.entries(environment)
    .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
    .join('');
}

/** Text for a unit file, escaped so that systemd expands no specifiers in it. */
export function withoutSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/**
 * A job with which launchd starts the program at login, and again if it fails. It does not use launchd's sockets, which
 * are only for programs that call its library.
 */
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

/** Escapes text for XML. */
export function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Quotes a word for a unit file. */
function quoted(word: string): string {
  return `"${withoutSpecifiers(word).replace(/[\\"]/g, '\\$&')}"`;
}
