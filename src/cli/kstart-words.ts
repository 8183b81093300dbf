import { CcacheError, KerberosError } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';
import type { JobWords } from './job.ts';

/** The beginning of one of our activities, and kstart's words for it. */
type Wording = readonly [ours: string, theirs: string];

const K5START: readonly Wording[] = [
  ['getting ', 'error getting credentials'],
  ['resolving ccache ', 'error opening ticket cache'],
];

const KRENEW: readonly Wording[] = [
  ['reading tickets of ', 'error reading ticket cache'],
  ['resolving ccache ', 'error opening default ticket cache'],
];

/** The words of k5start: `k5start: error getting credentials: …`. */
export const k5startWords = wordsOf(K5START, error =>
  error instanceof CcacheError ? 'error initializing ticket cache' : undefined,
);

/** The words of krenew, which says something else if it copies a cache for a command. */
export function krenewWords({ hasCommand }: { readonly hasCommand: boolean }): JobWords {
  const copying: Wording = ['reading tickets of ', 'error getting principal from old cache'];
  return wordsOf(hasCommand ? [copying, ...KRENEW] : KRENEW, ({ code }) =>
    code === 'CONFIG_VALUE' ? undefined : 'error renewing credentials',
  );
}

function wordsOf(
  wordings: readonly Wording[],
  otherwise: (error: KerberosError) => string | undefined,
): JobWords {
  return {
    error(error) {
      if (error instanceof ActivityError) {
        const [, words = `error ${error.activity}`] =
          wordings.find(([ours]) => error.activity.startsWith(ours)) ?? [];
        return new ActivityError(words, error.cause, ':');
      }
      const words = error instanceof KerberosError ? otherwise(error) : undefined;
      return words === undefined ? error : new ActivityError(words, error, ':');
    },
    pidFile: 'cannot create PID file',
    command: 'unable to run command',
  };
}
