import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { isRoot, scratch } from '../ccache/samples.ts';
import type { Said } from './both-programs.ts';
import { type KeyringSession, startKeyringSession } from './keyring-session.ts';
import { NO_KEYRINGS } from './no-keyrings.ts';

/** Runs a line such as `klist -l` with the cache of this name as the default one. */
export type Run = (line: string, name: string, input?: string) => Promise<Said>;

/** Made anew for each test: a session keyring, a home directory, and unique names in keyrings shared with others. */
interface KeyringLab {
  readonly session: KeyringSession;
  readonly home: string;
  /** A name for a collection in the user's keyring. */
  readonly unique: string;
  /** A user number for a persistent keyring, which only root can use. */
  readonly uid: string;
  /** Our built command in the session. */
  readonly ours: Run;
  /** The reference implementation's program in the session. */
  readonly theirs: Run;
  /** Expects the same output from both, and returns it. */
  expectSame(line: string, name: string): Promise<Said>;
}

const bin = join(import.meta.dirname, '../../bin');

/** Sets up a lab for every test of the suite; `krb5Conf` is the configuration of its realm, if it has one. */
export function useKeyringLab(krb5Conf: () => string | undefined = () => undefined): KeyringLab {
  const lab = { unique: '', uid: '', home: '' };
  let session: KeyringSession;
  beforeEach(() => {
    session = startKeyringSession();
    lab.home = scratch();
    lab.unique = `krb5kit-${Math.random().toString(36).slice(2)}`;
    lab.uid = String(1_000_000_000 + Math.floor(Math.random() * 1e9));
  });
  afterEach(async () => {
    const left = await session.run('keyctl', ['search', '@u', 'keyring', `_krb_${lab.unique}`]);
    if (left.status === 0) await session.keyctl('unlink', left.stdout.trim(), '@u');
    if (isRoot) {
      const [id = ''] = (await session.keyctl('get_persistent', '@s', lab.uid)).split('\n');
      await session.keyctl('clear', id);
    }
    await session.close();
  });

  const run = (
    program: (name: string) => readonly [string, ...string[]],
    [line, name, input]: Parameters<Run>,
  ): Promise<Said> => {
    const [word = '', ...argv] = line.split(' ');
    const [path, ...first] = program(word);
    const env = {
      // Other tests have collections there at the same time.
      ...NO_KEYRINGS,
      KRB5_CONFIG: krb5Conf() ?? join(lab.home, 'none'),
      KRB5CCNAME: name,
      KRB5KIT_HOME: join(lab.home, 'data'),
      HOME: lab.home,
      LC_ALL: 'C',
      TZ: 'UTC',
    };
    return session.run(path, [...first, ...argv], env, input);
  };
  const ours: Run = (...call) => run(name => [process.execPath, join(bin, name)], call);
  const theirs: Run = (...call) => run(name => [name], call);
  return {
    get session() {
      return session;
    },
    get home() {
      return lab.home;
    },
    get unique() {
      return lab.unique;
    },
    get uid() {
      return lab.uid;
    },
    ours,
    theirs,
    async expectSame(line, name) {
      const said = await ours(line, name);
      expect(said, `${line} ${name}`).toEqual(await theirs(line, name));
      return said;
    },
  };
}
