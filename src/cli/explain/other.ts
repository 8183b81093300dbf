import { GO_ERRORS } from './go.ts';
import { GSS_ERRORS } from './gss.ts';
import { HEIMDAL_ERRORS } from './heimdal.ts';
import { JAVA_ERRORS, WEB_ERRORS } from './java.ts';
import { KEYCHAIN_ERRORS } from './keychain.ts';
import { LDAP_ERRORS } from './ldap.ts';
import { MIT_ERRORS } from './mit.ts';
import { NODE_ERRORS } from './node.ts';
import type { OtherError } from './other-error.ts';
import { SERVICE_ERRORS } from './service.ts';
import { WINDOWS_ERRORS } from './windows.ts';
import { WRAPPERS } from './wrappers.ts';

/** The most specific first: a major status of GSS-API says less than the minor status beside it. */
export function otherErrors(): readonly OtherError[] {
  return [
    ...SERVICE_ERRORS,
    ...MIT_ERRORS,
    ...HEIMDAL_ERRORS,
    ...KEYCHAIN_ERRORS,
    ...GO_ERRORS,
    ...JAVA_ERRORS,
    ...WEB_ERRORS,
    ...LDAP_ERRORS,
    ...WINDOWS_ERRORS,
    ...GSS_ERRORS,
    ...NODE_ERRORS,
    ...WRAPPERS,
  ];
}
