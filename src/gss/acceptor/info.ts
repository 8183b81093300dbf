import type { Credential } from '../../messages/credential.ts';
import type { Principal } from '../../messages/principal.ts';
import type { EncTicketPart } from '../../messages/ticket.ts';
import type { ContextFlags, ContextInfo } from '../context.ts';
import { INSPECT, shownInfo } from '../shown.ts';

/** What an acceptor's context knows; its form in JSON or in a log contains no keys. */
export class AcceptorInfo implements ContextInfo {
  readonly initiator: Principal;
  readonly acceptor: Principal;
  readonly flags: ContextFlags;
  readonly mechanism: string;
  readonly endtime: Date;
  readonly ticket: EncTicketPart | undefined;
  readonly evidence: Credential | undefined;
  readonly delegated: readonly Credential[] | undefined;

  constructor(info: ContextInfo) {
    this.initiator = info.initiator;
    this.acceptor = info.acceptor;
    this.flags = info.flags;
    this.mechanism = info.mechanism;
    this.endtime = info.endtime;
    this.ticket = info.ticket;
    this.evidence = info.evidence;
    this.delegated = info.delegated;
  }

  toJSON(): object {
    return shownInfo(this);
  }

  [INSPECT](): object {
    return this.toJSON();
  }
}
