import type { Credential } from '../messages/credential.ts';
import { type Principal, toPrincipalName } from '../messages/principal.ts';
import type { SecurityContext } from './context.ts';
import { frame, TOK_TGT_REP, TOK_TGT_REQ, unframe } from './framing.ts';
import { GssError } from './gss-error.ts';
import { createInitiator, type InitiatorOptions } from './initiator.ts';
import { KerberosContext, requireToken } from './kerberos-context.ts';
import { KRB5_USER_TO_USER } from './oids.ts';
import { KerbTgtReply, KerbTgtRequest } from './user-to-user-messages.ts';

/** Gets a ticket sealed in the session key of the acceptor's ticket-granting ticket, whose DER it is given. */
export type UserToUserTicket = (secondTicket: Uint8Array) => Promise<Credential>;

/**
 * The initiator's side of user-to-user authentication: it first asks the acceptor for its ticket-granting ticket, which
 * takes one more leg.
 */
export function createUserToUserInitiator(
  target: Principal,
  ticketFor: UserToUserTicket,
  options: InitiatorOptions = {},
): SecurityContext {
  return new UserToUserInitiator(target, ticketFor, options);
}

class UserToUserInitiator extends KerberosContext {
  private readonly target: Principal;
  private readonly ticketFor: UserToUserTicket;
  private readonly options: InitiatorOptions;
  private asked = false;
  private inner: SecurityContext | undefined;

  constructor(target: Principal, ticketFor: UserToUserTicket, options: InitiatorOptions) {
    super(options);
    this.target = target;
    this.ticketFor = ticketFor;
    this.options = options;
  }

  protected async advance(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (!this.asked) return this.askForTgt(token);
    const first = this.inner === undefined;
    this.inner ??= createInitiator(await this.ticketFor(tgtOf(requireToken(token))), this.options);
    const reply = await this.inner.step(first ? undefined : token);
    const { inner } = this;
    if (inner.established) this.establish(inner.info, () => inner);
    return reply;
  }

  private askForTgt(token: Uint8Array | undefined): Uint8Array {
    if (token !== undefined && token.length > 0)
      throw new GssError('DEFECTIVE_TOKEN', 'nothing was asked yet');
    this.asked = true;
    const { realm } = this.target;
    const message = KerbTgtRequest.encode({
      serverName: toPrincipalName(this.target),
      realm: realm === '' ? undefined : realm,
    });
    return frame({ mechanism: KRB5_USER_TO_USER, tokenId: TOK_TGT_REQ, message });
  }
}

function tgtOf(token: Uint8Array): Uint8Array {
  const { tokenId, message } = unframe(token);
  if (tokenId !== TOK_TGT_REP) throw new GssError('DEFECTIVE_TOKEN', 'not a ticket-granting ticket');
  return KerbTgtReply.decode(message).ticket;
}
