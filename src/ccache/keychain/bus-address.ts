import { existsSync } from 'node:fs';

/** The environment variables that describe a user's session. */
export type SessionEnvironment = Readonly<Record<string, string | undefined>>;

/** On all systems except macOS and Windows the keychain is the Secret Service, which is accessed over D-Bus. */
export function usesSecretService(platform: NodeJS.Platform): boolean {
  return platform !== 'darwin' && platform !== 'win32';
}

/** The transports of addresses that may lead to a bus. To have none, people set `disabled:` or `/dev/null`. */
const TRANSPORT = /(?:^|;)(?:unix|tcp|nonce-tcp|autolaunch):/;

/**
 * The socket of the session's D-Bus: `''` if the bus uses another transport, undefined if there is none. Costs one
 * look-up in the file system at most.
 */
export function sessionBusSocket(environment: SessionEnvironment): string | undefined {
  const address = environment.DBUS_SESSION_BUS_ADDRESS;
  if (address === undefined) {
    const directory = environment.XDG_RUNTIME_DIR;
    return directory && existsSync(`${directory}/bus`) ? `${directory}/bus` : undefined;
  }
  if (!TRANSPORT.test(address)) return undefined;
  const [, kind, name] = /^unix:(?:[^;]*,)?(path|abstract)=([^,;]*)/.exec(address) ?? [];
  if (name === undefined) return '';
  return (kind === 'abstract' ? '\0' : '') + unescaped(name);
}

/** The specification writes bytes as `%xx`; malformed escapes remain unchanged. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
