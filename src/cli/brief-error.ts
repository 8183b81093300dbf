import { CcacheError, type ErrorCode } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';

/** The sentences of MIT's kdestroy and kswitch for a cache, where its other programs are more precise. */
const SENTENCES: Partial<Readonly<Record<ErrorCode, string>>> = {
  CACHE_NOT_FOUND: 'No credentials cache found',
  CACHE_FORMAT: 'Bad format in credentials cache',
  CACHE_NAME: 'Credential cache name malformed',
};

/** An error about a FILE cache in MIT's shorter words, without the file's name; any other error unchanged. */
export function brief(error: unknown): unknown {
  if (error instanceof ActivityError)
    return new ActivityError(error.activity, brief(error.cause), error.joint);
  if (!(error instanceof CcacheError) || !/^(FILE|DIR):/.test(error.cache ?? '')) return error;
  const sentence = error.message.replace(/ \(filename: .*\)$/s, '');
  const fewer = error.cache!.startsWith('DIR:') ? SENTENCES[error.code] : undefined;
  return new CcacheError(error.code, fewer ?? sentence, error.cache, { cause: error });
}

/** Runs `work`; its errors about a cache are reported in the shorter words. */
export async function briefly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw brief(error);
  }
}
