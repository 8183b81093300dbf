import { GssError } from './gss-error.ts';

/** The error for a malformed token. */
export function defective(why: string): GssError {
  return new GssError('DEFECTIVE_TOKEN', `the message token ${why}`);
}

/** The error for a token that the peer did not make, or not for this message. */
export function badMic(cause?: unknown): GssError {
  return new GssError('BAD_MIC', 'the message token does not verify', cause === undefined ? {} : { cause });
}
