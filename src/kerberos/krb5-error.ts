import { type ErrorCode, KerberosError } from '../errors.ts';
import { reasonOf } from '../local/reason.ts';
import { sentence } from '../local/sentences.ts';
import { KRB_AP_ERR_BAD_INTEGRITY, KRB_ERR_GENERIC } from '../messages/error-codes.ts';

/** The reference implementation's number for error 0 of RFC 4120 §7.5.9. */
const BASE = -1765328384;

/** Its numbers and sentences for errors that no KDC reports. */
const OWN_ERRORS: Partial<Record<ErrorCode, readonly [number: number, text?: string]>> = {
  PRINCIPAL_MALFORMED: [-1765328250, 'Malformed representation of principal'],
  CONFIG_UNREADABLE: [-1765328249],
  CONFIG_SYNTAX: [-1765328248],
  CONFIG_NO_DEFAULT_REALM: [-1765328160],
  REALM_UNKNOWN: [-1765328230, 'Cannot find KDC for requested realm'],
  KDC_UNREACHABLE: [-1765328228, 'Cannot contact any KDC for requested realm'],
  PASSWORD_INCORRECT: [BASE + KRB_AP_ERR_BAD_INTEGRITY, 'Decrypt integrity check failed'],
  REPLY_MODIFIED: [-1765328237],
  REPLY_SKEW: [-1765328236],
};

/** An error as an Error with the reference implementation's sentence and number, and ours as its `cause`. */
export function inKrb5Words(thrown: unknown): unknown {
  const error = reasonOf(thrown);
  if (!(error instanceof KerberosError)) return error;
  const said = numberedIn(error);
  const [number, text] = said
    ? [BASE + said.errorCode, sentence(said)]
    : (OWN_ERRORS[error.code] ?? [BASE + KRB_ERR_GENERIC]);
  return new Error(`${text ?? sentence(error)} (${number})`, { cause: error });
}

interface Numbered extends KerberosError {
  readonly errorCode: number;
}

/** The KDC's error that has caused this one, such as that a password is wrong. */
function numberedIn(error: unknown): Numbered | undefined {
  if (!(error instanceof KerberosError)) return undefined;
  return 'errorCode' in error ? (error as Numbered) : numberedIn(error.cause);
}
