import { KDC_ERR_BADOPTION } from '../messages/error-codes.ts';
import {
  ALLOW_POSTDATE,
  FORWARDABLE,
  FORWARDED,
  INVALID,
  MAY_POSTDATE,
  POSTDATED,
  PROXIABLE,
  PROXY,
  RENEW,
  RENEWABLE,
  REQUEST_ANONYMOUS,
  VALIDATE,
} from '../messages/flags.ts';
import { refuse } from './refusal.ts';

/** Options that are known but not supported; undefined ones are ignored. */
const NOT_OFFERED = REQUEST_ANONYMOUS;

/** Options for flags of the same bits, which a ticket can have only if the one that it rests on has them. */
const PASSED_ON = FORWARDABLE | PROXIABLE;

/** The flag that a ticket needs for what an option asks to do with it (RFC 4120 §3.3.3). */
const NEEDS: readonly { readonly option: number; readonly flag: number; readonly status: string }[] = [
  { option: FORWARDED, flag: FORWARDABLE, status: 'TGT_NOT_FORWARDABLE' },
  { option: PROXY, flag: PROXIABLE, status: 'TGT_NOT_PROXIABLE' },
  { option: ALLOW_POSTDATE | POSTDATED, flag: MAY_POSTDATE, status: 'TGT_NOT_POSTDATABLE' },
  { option: RENEW, flag: RENEWABLE, status: 'TICKET_NOT_RENEWABLE' },
  { option: VALIDATE, flag: INVALID, status: 'TICKET_NOT_INVALID' },
];

/** Refuses options that a ticket with these flags does not allow. */
export function checkTgsOptions(kdcOptions: number, flags: number, forTgs: boolean): void {
  if (kdcOptions & NOT_OFFERED) refuse(KDC_ERR_BADOPTION, 'INVALID_TGS_OPTIONS');
  for (const { option, flag, status } of NEEDS) {
    if (kdcOptions & option && !(flags & flag)) refuse(KDC_ERR_BADOPTION, status);
  }
  // A proxy ticket is for one service, and a ticket-granting ticket would be good for all.
  if (kdcOptions & PROXY && forTgs) refuse(KDC_ERR_BADOPTION, 'CANNOT_PROXY_TGT');
}

/**
 * The options without those for flags that a ticket with `flags` cannot pass on. Clients that always ask for a
 * forwardable ticket get one that is not, as from MIT's KDC and Active Directory.
 */
export function grantableOptions(kdcOptions: number, flags: number): number {
  return kdcOptions & ~(PASSED_ON & ~flags);
}
