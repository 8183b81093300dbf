import { GSS_ERRORS } from './gss.ts';
import { JAVA_ERRORS, WEB_ERRORS } from './java.ts';
import { LDAP_ERRORS } from './ldap.ts';
import type { OtherError } from './other-error.ts';
import { SERVICE_ERRORS } from './service.ts';
import { WINDOWS_ERRORS } from './windows.ts';

/** The most specific first: a major status of GSS-API says less than the minor status beside it. */
export function otherErrors(): readonly OtherError[] {
  return [...SERVICE_ERRORS, ...JAVA_ERRORS, ...WEB_ERRORS, ...WINDOWS_ERRORS, ...LDAP_ERRORS, ...GSS_ERRORS];
}
