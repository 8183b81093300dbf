import { ApError } from '../../ap/ap-error.ts';
import { asApError } from '../../ap/refusal.ts';
import { KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { ApReq } from '../../messages/ap.ts';
import type { Credential } from '../../messages/credential.ts';
import {
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_USER_TO_USER_REQUIRED,
  KRB_ERR_GENERIC,
} from '../../messages/error-codes.ts';
import { type Principal, toPrincipal } from '../../messages/principal.ts';
import { Ticket } from '../../messages/ticket.ts';
import { frame, TOK_ERROR } from '../framing.ts';
import { GssError } from '../gss-error.ts';
import { KerbTgtReply } from '../user-to-user-messages.ts';

export interface RefusalContext {
  readonly mechanism: string;
  /** The AP-REQ that is refused, if one was read. */
  readonly apReq: Uint8Array | undefined;
  readonly keytab: readonly KeytabEntry[];
  readonly tgt: Credential | undefined;
  readonly now: Date;
}

const NOBODY: Principal = { nameType: 0, components: [], realm: '' };

/**
 * The error token that tells an initiator why it is refused (RFC 4121 §4.1); undefined where the reason is none of its
 * business.
 */
export function refusalToken(error: unknown, context: RefusalContext): Uint8Array | undefined {
  const { mechanism, apReq, keytab, tgt, now } = context;
  if (!(error instanceof KerberosError) || apReq === undefined) return undefined;
  const told = error instanceof GssError ? new ApError(KRB_ERR_GENERIC) : (asApError(error) as ApError);
  const server = serverOf(apReq) ?? keytab[0]?.principal ?? NOBODY;
  // A service without keys may still be reached through its ticket-granting ticket.
  const toUser = told.errorCode === KRB_AP_ERR_NOT_US && keytab.length === 0 ? tgt : undefined;
  const message =
    toUser === undefined
      ? told.toKrbError(server, now)
      : new ApError(KRB_AP_ERR_USER_TO_USER_REQUIRED).toKrbError(
          server,
          now,
          KerbTgtReply.encode({ ticket: toUser.ticket }),
        );
  return frame({ mechanism, tokenId: TOK_ERROR, message });
}

function serverOf(apReq: Uint8Array): Principal | undefined {
  try {
    const { sname, realm } = Ticket.decode(ApReq.decode(apReq).ticket);
    return toPrincipal(sname, realm);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
