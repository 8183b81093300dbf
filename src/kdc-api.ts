/**
 * A realm for a test and a ticket of it: of the public API what starts fastest, all of it in one file.
 *
 * @module krb5kit/kdc
 */

export { getInitialCredential, type InitialOptions, type InitialResult } from './client/initial.ts';
export * from './errors.ts';
export type { NamedPolicy, OtpToken } from './kdc/policy.ts';
export { type RealmOptions, type RunningKdc, type StartKdcOptions, startKdc } from './kdc/start.ts';
export type { Trouble } from './kdc/trouble.ts';
export { KdcError } from './messages/krb-error.ts';
export { formatPrincipal, type Principal, parsePrincipal } from './messages/principal.ts';
