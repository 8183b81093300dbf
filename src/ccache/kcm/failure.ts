import { CcacheError } from '../../errors.ts';
import { KCM_RESULT } from './protocol.ts';

/** The result of a KCM server other than OK. */
export class KcmFailure extends CcacheError {
  readonly result: number;
  /** The server's own message, if it is more specific than MIT's sentence. */
  readonly sentence: string | undefined;

  constructor(result: number, cache: string, sentence?: string) {
    const known = MEANINGS.get(result);
    super(
      known?.[0] ?? 'CACHE_IO',
      sentence || known?.[1] || `The KCM server answered the error ${result}`,
      cache,
    );
    this.result = result;
    this.sentence = sentence;
  }
}

/** MIT's sentences. */
const MEANINGS = new Map<number, readonly ['CACHE_NOT_FOUND' | 'CREDENTIAL_NOT_FOUND' | 'CACHE_IO', string]>([
  [KCM_RESULT.NOFILE, ['CACHE_NOT_FOUND', 'No credentials cache found']],
  [KCM_RESULT.NOTFOUND, ['CREDENTIAL_NOT_FOUND', 'Matching credential not found']],
  [KCM_RESULT.END, ['CREDENTIAL_NOT_FOUND', 'End of credential cache reached']],
  [KCM_RESULT.BADNAME, ['CACHE_IO', 'Credential cache name malformed']],
  [KCM_RESULT.IO, ['CACHE_IO', 'Credentials cache I/O operation failed']],
  [KCM_RESULT.PERM, ['CACHE_IO', 'Credentials cache permissions incorrect']],
  [KCM_RESULT.NOMEM, ['CACHE_IO', 'No more memory to allocate (in credentials cache code)']],
  [KCM_RESULT.FORMAT, ['CACHE_IO', 'Bad format in credentials cache']],
  [KCM_RESULT.INTERNAL, ['CACHE_IO', 'Internal credentials cache error']],
  [KCM_RESULT.NOSUPP, ['CACHE_IO', 'Credential cache function not supported']],
]);
