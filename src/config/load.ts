import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToText } from '../codec/text.ts';
import { errnoOf } from '../errno.ts';
import { ConfigError, type ErrorCode } from '../errors.ts';
import {
  createProfile,
  createSection,
  type Place,
  type Profile,
  type ProfileWarning,
  type Section,
} from './profile.ts';
import { parseProfile } from './profile-syntax.ts';

/** Configuration is written by hand; these limits only stop a loop or a wrong file. */
const MAX_FILE_BYTES = 1 << 20;
const MAX_INCLUDE_DEPTH = 16;
const MAX_FILES = 1000;

interface Loading {
  readonly warnings: ProfileWarning[];
  files: number;
  /** Why the last file that was skipped may not be read, if that is the reason. */
  denied?: ConfigError | undefined;
}

/**
 * Reads configuration files, or directories of them; earlier ones take precedence. It is synchronous, because every
 * command needs it before anything else. Files that do not exist or may not be read are skipped, as in MIT, and
 * reported in `warnings`. Throws `ConfigError`: CONFIG_SYNTAX, or CONFIG_UNREADABLE for an include that cannot be read,
 * or if no file can be read and the last one may not.
 */
export function loadProfile(files: readonly string[]): Profile {
  const loading: Loading = { warnings: [], files: 0 };
  const roots = files.flatMap(file => loadRoot(loading, file) ?? []);
  if (roots.length === 0 && loading.denied !== undefined) throw loading.denied;
  return createProfile(roots, loading.warnings);
}

/** The parts of KRB5_CONFIG, which `;` separates on Windows and `:` elsewhere. */
export function splitConfigPath(text: string, platform: NodeJS.Platform): readonly string[] {
  return text.split(platform === 'win32' ? ';' : ':').filter(part => part !== '');
}

/** The files to load when KRB5_CONFIG is not set; `programData` is %ProgramData% on Windows. */
export function defaultConfigFiles(
  platform: NodeJS.Platform,
  {
    home,
    programData,
  }: { readonly home?: string | undefined; readonly programData?: string | undefined } = {},
): readonly string[] {
  if (platform === 'win32') return [`${programData ?? 'C:\\ProgramData'}\\MIT\\Kerberos5\\krb5.ini`];
  if (platform !== 'darwin') return ['/etc/krb5.conf'];
  const preferences = 'Library/Preferences/edu.mit.Kerberos';
  return [...(home === undefined ? [] : [`${home}/${preferences}`]), `/${preferences}`, '/etc/krb5.conf'];
}

function loadRoot(loading: Loading, path: string): Section | undefined {
  const root = createSection();
  try {
    parseFile(loading, root, path, 0);
    return root;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const at = { file: path, line: 0 };
    // Usually it is a file, so it is read without checking first.
    if (errnoOf(error) === 'EISDIR') {
      include(loading, root, { directive: 'includedir', path, at, depth: 0 });
      return root;
    }
    if (!isAbsent(error)) throw configError('CONFIG_UNREADABLE', 'cannot be read', at, error);
    loading.warnings.push({ ...at, text: `skipped: ${(error as Error).message}` });
    loading.denied = isDenied(error)
      ? configError('CONFIG_UNREADABLE', 'Permission denied', at, error)
      : undefined;
    return undefined;
  }
}

function parseFile(loading: Loading, root: Section, file: string, depth: number): void {
  if (++loading.files > MAX_FILES)
    throw configError('CONFIG_SYNTAX', `more than ${MAX_FILES} files`, { file, line: 0 });
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) {
    throw configError('CONFIG_SYNTAX', `longer than ${MAX_FILE_BYTES} bytes`, { file, line: 0 });
  }
  parseProfile(bytesToText(bytes), file, root, {
    warn: (text, at) => loading.warnings.push({ ...at, text }),
    include: (directive, path, at) => include(loading, root, { directive, path, at, depth: depth + 1 }),
  });
}

interface Include {
  readonly directive: 'include' | 'includedir';
  readonly path: string;
  readonly at: Place;
  readonly depth: number;
}

function include(loading: Loading, root: Section, { directive, path, at, depth }: Include): void {
  if (depth > MAX_INCLUDE_DEPTH) {
    throw configError('CONFIG_SYNTAX', `includes nest deeper than ${MAX_INCLUDE_DEPTH}`, at);
  }
  try {
    if (directive === 'includedir') includeDirectory(loading, root, path, depth);
    else parseFile(loading, root, path, depth);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const what = directive === 'include' ? 'file' : 'directory';
    throw configError('CONFIG_UNREADABLE', `Included profile ${what} could not be read`, at, error);
  }
}

function includeDirectory(loading: Loading, root: Section, directory: string, depth: number): void {
  for (const name of readdirSync(directory).filter(isConfigName).sort()) {
    const path = join(directory, name);
    if (!isDirectory(path)) parseFile(loading, root, path, depth);
  }
}

/** Files left by editors and package managers (`~`, `.rpmnew`, dot files) are ignored. */
function isConfigName(name: string): boolean {
  return !name.startsWith('.') && (name.endsWith('.conf') || /^[A-Za-z0-9_-]+$/.test(name));
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory();
}

function isAbsent(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || isDenied(error);
}

function isDenied(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EACCES' || code === 'EPERM';
}

function configError(code: ErrorCode, text: string, at: Place, cause?: unknown): ConfigError {
  const where = at.line === 0 ? at.file : `${at.file}:${at.line}`;
  return new ConfigError(code, `${where}: ${text}`, at, { cause });
}
