import { GSS_ERRORS } from './gss.ts';
import { JAVA_ERRORS, WEB_ERRORS } from './java.ts';
import { LDAP_ERRORS } from './ldap.ts';
import { SERVICE_ERRORS } from './service.ts';
import { WINDOWS_ERRORS } from './windows.ts';

/** An error that neither the protocol nor MIT's library defines, but software built on them. */
export interface OtherError {
  /** Its name, if it has one; else the beginning of its message. */
  readonly name: string;
  /** The number that programs print; unsigned. */
  readonly number?: number;
  /** Matches a text that contains it. */
  readonly pattern?: RegExp;
  readonly sentence: string;
  readonly saidBy: string;
  readonly causes: readonly string[];
  readonly hint?: string;
}

/** The most specific first: a major status of GSS-API says less than the minor status beside it. */
export function otherErrors(): readonly OtherError[] {
  return [...SERVICE_ERRORS, ...JAVA_ERRORS, ...WEB_ERRORS, ...LDAP_ERRORS, ...WINDOWS_ERRORS, ...GSS_ERRORS];
}
