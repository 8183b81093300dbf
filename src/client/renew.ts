import type { Credential } from '../messages/credential.ts';
import { FORWARDABLE, PROXIABLE, RENEW, RENEWABLE, VALIDATE } from '../messages/flags.ts';
import type { ExchangeOptions } from './options.ts';
import { exchangeTgs } from './tgs.ts';

export interface RenewOptions extends ExchangeOptions {
  /** Whether the realm uses FAST, as its cache records; the exchange then does so, too. */
  readonly fast?: boolean | undefined;
}

/**
 * Renews a renewable ticket: returns the same ticket with a later end (RFC 4120 §2.3, §3.3). Throws what `exchangeTgs`
 * throws; the KDC answers KDC_ERR_BADOPTION to a ticket that is not renewable.
 */
export function renewCredential(credential: Credential, options: RenewOptions): Promise<Credential> {
  return again(credential, RENEW, options);
}

/** Validates a postdated ticket whose start has come (RFC 4120 §2.2). Throws what `exchangeTgs` throws. */
export function validateCredential(credential: Credential, options: RenewOptions): Promise<Credential> {
  return again(credential, VALIDATE, options);
}

function again(credential: Credential, option: number, options: RenewOptions): Promise<Credential> {
  const kept = credential.flags & (FORWARDABLE | PROXIABLE | RENEWABLE);
  // The end is up to the KDC: a renewed ticket lives as long as the original one.
  const kdcOptions = (option | kept) >>> 0;
  const { addresses, server } = credential;
  const request = { kdcOptions, till: new Date(0), addresses, fast: options.fast };
  return exchangeTgs(credential, server, request, options);
}
