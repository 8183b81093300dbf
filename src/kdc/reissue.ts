import { KRB_AP_ERR_TKT_EXPIRED, KRB_AP_ERR_TKT_NYV } from '../messages/error-codes.ts';
import { INVALID, VALIDATE } from '../messages/flags.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { refuse } from './refusal.ts';

/** The flags and times of a ticket that is renewed or validated (RFC 4120 §3.3.3); `now` in whole seconds. */
export function reissued(
  part: EncTicketPart,
  kdcOptions: number,
  now: number,
): Pick<EncTicketPart, 'flags' | 'starttime' | 'endtime' | 'renewTill'> {
  return kdcOptions & VALIDATE ? validated(part, now) : renewed(part, now);
}

function validated(part: EncTicketPart, now: number): ReturnType<typeof reissued> {
  const { starttime = part.authtime, endtime, renewTill } = part;
  if (starttime.getTime() > now) refuse(KRB_AP_ERR_TKT_NYV, 'TICKET_NOT_YET_VALID');
  return { flags: (part.flags & ~INVALID) >>> 0, starttime, endtime, renewTill };
}

/** The new lifetime is that of the old ticket, limited by its renew-till time. */
function renewed(part: EncTicketPart, now: number): ReturnType<typeof reissued> {
  const { flags, starttime = part.authtime, renewTill = part.endtime } = part;
  if (renewTill.getTime() <= now) refuse(KRB_AP_ERR_TKT_EXPIRED, 'RENEWAL_EXPIRED');
  const life = part.endtime.getTime() - starttime.getTime();
  const end = Math.min(now + life, renewTill.getTime());
  return { flags, starttime: new Date(now), endtime: new Date(end), renewTill };
}
