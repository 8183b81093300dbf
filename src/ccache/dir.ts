import { existsSync, mkdirSync, opendirSync, statSync } from 'node:fs';
import { errnoOf } from '../errno.ts';
import { CcacheError } from '../errors.ts';
import { replacedBy } from './atomic-write.ts';
import type { Ccache, CcacheCollection, CcacheEnvironment, CcacheType } from './ccache.ts';
import { freePath, isMemberPath, join, memberPath, PREFIX } from './dir/path.ts';
import { primaryName, primaryNameQuietly, writePrimary } from './dir/primary.ts';
import { fileType, withFileLocked } from './file.ts';
import { removeLeftovers } from './leftovers.ts';

/**
 * Collections of cache files in one directory, shared with the native libraries: `DIR:/d` stands for the collection and
 * its primary cache, `DIR::/d/tktNAME` for one member. As in MIT's library, resolving a name creates the directory and
 * the file `primary` in it if they are missing; that may throw CcacheError CACHE_NOT_FOUND, CACHE_FORMAT, CACHE_NAME or
 * CACHE_IO.
 */
export const dirType: CcacheType = {
  name: 'DIR',
  resolve(residual, environment) {
    return isMember(residual) ? member(residual.slice(1), environment) : primaryMember(residual, environment);
  },
  collection(residual, environment) {
    return isMember(residual) ? oneMember(residual.slice(1), environment) : collection(residual, environment);
  },
};

function collection(directory: string, environment: CcacheEnvironment): CcacheCollection {
  const primaryPath = (): string | undefined => {
    const name = primaryNameQuietly(directory);
    const path = name && join(directory, name);
    return path !== undefined && existsSync(path) ? path : undefined;
  };
  return {
    async list() {
      const first = primaryPath();
      const names = namesIn(directory);
      await tidy(directory, names, environment);
      const others = names
        .filter(name => name.startsWith(PREFIX))
        .map(name => join(directory, name))
        .filter(path => path !== first);
      return [...(first === undefined ? [] : [first]), ...others].map(path => member(path, environment));
    },
    async primary() {
      const path = primaryPath();
      return path === undefined ? undefined : member(path, environment);
    },
    setPrimary: cache => setPrimary(cache, environment),
    async create() {
      makeDirectory(directory);
      return member(freePath(directory), environment);
    },
  };
}

/** The cache with a member's name: that one only, although it may become the primary one of its directory. */
function oneMember(path: string, environment: CcacheEnvironment): CcacheCollection {
  const there = (): Ccache[] => (existsSync(path) && isMemberPath(path) ? [member(path, environment)] : []);
  return {
    single: true,
    list: async () => there(),
    primary: async () => there()[0],
    setPrimary: cache => setPrimary(cache, environment),
    async create() {
      throw new CcacheError(
        'CACHE_NAME',
        "Can't create new subsidiary cache because default cache is not a directory collection",
        `DIR::${path}`,
      );
    },
  };
}

async function setPrimary({ residual }: Ccache, environment: CcacheEnvironment): Promise<void> {
  const { directory, name } = memberPath(residual.slice(1));
  await withFileLocked(join(directory, 'primary'), environment, () => writePrimary(directory, name));
}

function member(path: string, environment: CcacheEnvironment): Ccache {
  makeDirectory(memberPath(path).directory);
  return { ...fileType.resolve(path, environment), type: 'DIR', residual: `:${path}` };
}

function primaryMember(directory: string, environment: CcacheEnvironment): Ccache {
  makeDirectory(directory);
  let name = primaryName(directory);
  if (name === undefined) {
    name = PREFIX;
    writePrimary(directory, name);
  }
  return member(join(directory, name), environment);
}

/** Wipes what killed processes have left, also for members that were never completed; problems with that can wait. */
async function tidy(
  directory: string,
  names: readonly string[],
  environment: CcacheEnvironment,
): Promise<void> {
  for (const name of new Set(names.map(replacedBy))) {
    if (name === undefined) continue;
    const path = join(directory, name);
    const work = (): void => removeLeftovers(path, false);
    await withFileLocked(path, environment, work, { timeout: 0 }).catch((error: unknown) => {
      if (!(error instanceof CcacheError)) throw error;
    });
  }
}

/** In the order of the directory; empty if it cannot be read. */
function namesIn(directory: string): readonly string[] {
  const names: string[] = [];
  try {
    const entries = opendirSync(directory);
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      names.push(entry.name);
    }
    entries.closeSync();
  } catch {
    return names;
  }
  return names;
}

/** Makes the directory itself, but none above it. */
function makeDirectory(directory: string): void {
  try {
    if (statSync(directory).isDirectory()) return;
  } catch (error) {
    if (makeMissing(directory, error)) return;
    const sentence = `Credential cache directory ${directory} does not exist`;
    throw new CcacheError('CACHE_NOT_FOUND', sentence, `DIR:${directory}`, { cause: error });
  }
  const sentence = `Credential cache directory ${directory} exists but is not a directory`;
  throw new CcacheError('CACHE_FORMAT', sentence, `DIR:${directory}`);
}

function makeMissing(directory: string, error: unknown): boolean {
  if (errnoOf(error) !== 'ENOENT') return false;
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (failure) {
    // Another process may have been faster.
    return errnoOf(failure) === 'EEXIST';
  }
}

function isMember(residual: string): boolean {
  return residual.startsWith(':');
}
