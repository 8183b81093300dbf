import { GssError } from './gss-error.ts';

/** A token that does not have its format. */
export function defective(why: string): GssError {
  return new GssError('DEFECTIVE_TOKEN', `the message token ${why}`);
}

/** A token that the peer did not make, or did not make of this. */
export function badMic(cause?: unknown): GssError {
  return new GssError('BAD_MIC', 'the message token does not verify', cause === undefined ? {} : { cause });
}
