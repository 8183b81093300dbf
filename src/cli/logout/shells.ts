import { accessSync, constants, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { homeDirectory } from '../../local/directories.ts';
import type { Io } from '../terminal.ts';

/** A file that a shell may read, and the lines of ours that belong into it: none where it has no use for them. */
export interface ShellFile {
  readonly path: string;
  /** A byte per character. */
  readonly lines: string | undefined;
}

interface Shell {
  readonly names: readonly string[];
  /** What its login shells read, the first of them that is there. The last one is made where there is none. */
  readonly login: readonly string[];
  /** What they read at their end. */
  readonly logout: readonly string[];
  /** Where they look for these, instead of the home directory. */
  readonly directory?: (io: Io) => string | undefined;
  /** Our lines in `login`, where they are not those of the sh family. */
  readonly lines?: (io: Io) => string;
  /** That their file is there tells nothing: others read it as well. */
  readonly sharesFile?: true;
}

const shells: readonly Shell[] = [
  // To make ~/.bash_profile would hide a ~/.profile that is written later.
  { names: ['bash'], login: ['.bash_profile', '.bash_login', '.profile'], logout: ['.bash_logout'] },
  { names: ['zsh'], login: ['.zprofile'], logout: ['.zlogout'], directory: ({ env }) => env.ZDOTDIR },
  { names: ['fish'], login: ['config.fish'], logout: [], directory: fishDirectory, lines: inFish },
  { names: ['sh', 'dash', 'ash', 'ksh', 'ksh93', 'mksh'], login: ['.profile'], logout: [], sharesFile: true },
];

/** Every file that could have lines of ours; those of shells the user has are to have some. */
export function shellFiles(io: Io): readonly ShellFile[] {
  const files = new Map<string, string | undefined>();
  for (const shell of shells) {
    const folder = shell.directory?.(io) || homeDirectory(io);
    const login = shell.login.map(name => join(folder, name));
    const logout = shell.logout.map(name => join(folder, name));
    for (const path of [...login, ...logout]) files.set(path, files.get(path));
    const isLoginShell = shell.names.includes(loginShell(io));
    const read = shell.sharesFile ? undefined : login.find(isReadable);
    const chosen = read ?? (isLoginShell ? login.at(-1) : undefined);
    if (chosen !== undefined) files.set(chosen, (shell.lines ?? atLogin)(io));
    for (const path of logout.filter(path => isLoginShell || existsSync(path))) files.set(path, atLogout(io));
  }
  return [...files].map(([path, lines]) => ({ path, lines }));
}

/** The name of the user's login shell where we do not know what it reads. */
export function unknownShell(io: Io): string | undefined {
  const name = loginShell(io);
  return name === '' || shells.some(({ names }) => names.includes(name)) ? undefined : name;
}

function loginShell({ env }: Io): string {
  return basename(env.SHELL || shellByUserDatabase());
}

/** SHELL is not set where no login has set it, as in containers. */
function shellByUserDatabase(): string {
  try {
    return userInfo().shell ?? '';
  } catch {
    return '';
  }
}

/**
 * The shell itself makes the file of its session, so that no other session can miss it; the rest is done in the
 * background. The data directory is found as in directories.ts. If the file cannot be made, as on a full disk, sh ends, which
 * therefore must be a subshell; and zsh makes none while `noclobber` is set. Until the command has left the shell's
 * process group, what ends the shell, or is typed at it, may end the command: Node listens to signals even if it was
 * told not to.
 */
function atLogin(io: Io): string {
  return asBytes(`${startComment}${watching('$$', io)}`);
}

const startComment = `# Starts what destroys tickets after the last session; "krb5kit logout --uninstall" removes these lines.\n`;

/** `pid` is that of the shell, as sh has it. */
function watching(pid: string, io: Io): string {
  const usual =
    io.platform === 'darwin'
      ? '$HOME/Library/Application Support/krb5kit'
      : `\${XDG_DATA_HOME:-$HOME/.local/share}/krb5kit`;
  return (
    `( set +C; : >>"\${KRB5KIT_HOME:-${usual}}/sessions/${pid}" ) 2>/dev/null || :\n` +
    `( trap '' HUP INT QUIT TERM TSTP; for i in 1 2 3; do ${command(io)} --after ${pid} && break; done & ) </dev/null >/dev/null 2>&1\n`
  );
}

/** Every fish reads its file, and none has a file for its end. It cannot ignore signals, so sh does the same for it. */
function inFish(io: Io): string {
  const words = [...io.program.map(quotedInFish), 'logout', '--quiet', '--session'];
  return asBytes(
    `${startComment}if status is-login
    command sh -c ${quotedInFish(watching('$1', io))} sh $fish_pid
    function krb5kit_logout --on-event fish_exit
        command ${words.join(' ')} $fish_pid
    end
end
`,
  );
}

function fishDirectory(io: Io): string {
  return join(io.env.XDG_CONFIG_HOME || join(homeDirectory(io), '.config'), 'fish');
}

function quotedInFish(word: string): string {
  return `'${word.replace(/['\\]/g, '\\$&')}'`;
}

function atLogout(io: Io): string {
  return asBytes(
    `# Destroys tickets after the last session; "krb5kit logout --uninstall" removes these lines.\n` +
      `${command(io)} --quiet --session $$\n`,
  );
}

function command({ program }: Io): string {
  return [...program.map(quoted), 'logout'].join(' ');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
