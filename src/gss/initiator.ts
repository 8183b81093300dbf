import { type ApRequest, createApReq } from '../ap/initiator.ts';
import type { ApSession } from '../ap/session.ts';
import type { Key } from '../crypto/key.ts';
import { isAnonymous } from '../messages/anonymous.ts';
import { type Credential, isExpired } from '../messages/credential.ts';
import { KdcError, KrbError } from '../messages/krb-error.ts';
import { type Principal, toPrincipal } from '../messages/principal.ts';
import { Ticket } from '../messages/ticket.ts';
import type { AuthorizationDataElement } from '../messages/types.ts';
import { encodeGssChecksum, GSS_CHECKSUM } from './authenticator-checksum.ts';
import { hashBindings } from './channel-bindings.ts';
import type { ChannelBindings, ContextFlags, ContextInfo, SecurityContext } from './context.ts';
import { sealDelegation } from './delegation.ts';
import { frame, isFramed, TOK_AP_REP, TOK_AP_REQ, TOK_ERROR, unframe } from './framing.ts';
import { GssError } from './gss-error.ts';
import type { Conversation } from './iakerb/conversation.ts';
import { KerberosContext, type KerberosContextOptions, requireToken } from './kerberos-context.ts';
import { IAKERB, KRB5, KRB5_USER_TO_USER } from './oids.ts';
import { protectMessages } from './protect.ts';
import { INSPECT, shownInfo } from './shown.ts';

/** Flags that can be requested; the others follow from the credentials. */
export type RequestedFlags = Partial<Omit<ContextFlags, 'delegation' | 'anonymous'>>;

export interface InitiatorOptions extends KerberosContextOptions {
  /** All are true if not given, except `dceStyle` and `identify`. DCE style implies mutual authentication. */
  readonly flags?: RequestedFlags | undefined;
  /** Forwarded tickets to delegate to the acceptor. */
  readonly delegated?: readonly Credential[] | undefined;
  readonly channelBindings?: ChannelBindings | undefined;
  /** Additional authorization data for the authenticator. */
  readonly authorizationData?: readonly AuthorizationDataElement[] | undefined;
  /** The KDC's clock minus ours in milliseconds, where a cache remembers it. */
  readonly kdcOffset?: number | undefined;
}

/**
 * The initiator's side of a context of the Kerberos mechanism (RFC 4121) with a ticket for the acceptor. A user-to-user
 * ticket makes it a user-to-user context.
 */
export function createInitiator(credential: Credential, options: InitiatorOptions = {}): SecurityContext {
  return new Initiator(credential, options);
}

/** The same after an IAKERB exchange, whose tokens it proves to be those that it has seen. */
export function createIntroducedInitiator(
  credential: Credential,
  options: InitiatorOptions,
  conversation: Conversation,
): SecurityContext {
  return new Initiator(credential, options, conversation);
}

class Initiator extends KerberosContext {
  private readonly credential: Credential;
  private readonly options: InitiatorOptions;
  private readonly flags: ContextFlags;
  private readonly mechanism: string;
  private readonly conversation: Conversation | undefined;
  private request: ApRequest | undefined;

  constructor(credential: Credential, options: InitiatorOptions, conversation?: Conversation) {
    super(options);
    this.conversation = conversation;
    this.credential = credential;
    this.options = options;
    this.flags = flagsOf(credential, options);
    const plain = credential.isSkey ? KRB5_USER_TO_USER : KRB5;
    this.mechanism = conversation === undefined ? plain : IAKERB;
  }

  protected advance(token: Uint8Array | undefined): Uint8Array | undefined {
    if (this.request === undefined) return this.ask(token);
    const session = this.request.verify(this.apRepOf(requireToken(token)));
    this.agree(session);
    return this.flags.dceStyle ? this.request.third(session) : undefined;
  }

  private ask(token: Uint8Array | undefined): Uint8Array {
    if (token !== undefined && token.length > 0)
      throw new GssError('DEFECTIVE_TOKEN', 'nothing was asked yet');
    const { kdcOffset = 0, authorizationData } = this.options;
    if (isExpired(this.credential, new Date(this.clock().getTime() + kdcOffset))) {
      throw new GssError('CREDENTIALS_EXPIRED', 'Ticket expired');
    }
    const { mutual, dceStyle } = this.flags;
    const request = createApReq(this.credential, {
      mutual,
      subkey: true,
      sequenceNumber: true,
      checksum: subkey => ({ cksumtype: GSS_CHECKSUM, checksum: this.checksum(subkey!) }),
      authorizationData,
      now: this.clock,
      kdcOffset,
    });
    this.request = request;
    if (!mutual) this.agree(request.session);
    return dceStyle ? request.apReq : this.framed(request.apReq);
  }

  private checksum(subkey: Key): Uint8Array {
    const { delegated = [], channelBindings } = this.options;
    const { flags, credential, conversation } = this;
    const delegation = flags.delegation ? sealDelegation(delegated, credential) : undefined;
    const bindings = hashBindings(channelBindings);
    return encodeGssChecksum({ bindings, flags, delegation, finished: conversation?.finish(subkey) });
  }

  private framed(message: Uint8Array): Uint8Array {
    return frame({ mechanism: this.mechanism, tokenId: TOK_AP_REQ, message });
  }

  /** The AP-REP in a token, which in DCE style has no frame. Throws KdcError for an error token. */
  private apRepOf(token: Uint8Array): Uint8Array {
    if (this.flags.dceStyle && !isFramed(token)) return token;
    const { tokenId, message } = unframe(token);
    if (tokenId === TOK_ERROR) {
      const { client, ticket } = this.credential;
      throw new KdcError(KrbError.decode(message), 'SERVER_REFUSED', { client, server: acceptorOf(ticket) });
    }
    if (tokenId !== TOK_AP_REP) throw new GssError('DEFECTIVE_TOKEN', 'not an answer to an AP-REQ');
    return message;
  }

  private agree(session: ApSession): void {
    const { flags, mechanism, credential } = this;
    this.establish(new InitiatorInfo(session, flags, mechanism, credential.ticket), () =>
      protectMessages(session, 'initiator', flags),
    );
  }
}

/** A class, since a getter of an object's own has V8 keep what is behind it for long, of thousands of contexts. */
class InitiatorInfo implements ContextInfo {
  readonly initiator: Principal;
  readonly flags: ContextFlags;
  readonly mechanism: string;
  readonly endtime: Date;
  private readonly shown: Uint8Array;

  constructor({ client, endtime }: ApSession, flags: ContextFlags, mechanism: string, shown: Uint8Array) {
    this.initiator = client;
    this.flags = flags;
    this.mechanism = mechanism;
    this.endtime = endtime;
    this.shown = shown;
  }

  get acceptor(): Principal {
    return acceptorOf(this.shown);
  }

  toJSON(): object {
    return shownInfo(this);
  }

  [INSPECT](): object {
    return this.toJSON();
  }
}

/** The credential of a cache has the name that was asked for, which may be an alias or lack a realm. */
function acceptorOf(ticket: Uint8Array): Principal {
  const { sname, realm } = Ticket.decode(ticket);
  return toPrincipal(sname, realm);
}

function flagsOf({ client }: Credential, { flags = {}, delegated = [] }: InitiatorOptions): ContextFlags {
  const { dceStyle = false, identify = false } = flags;
  return {
    delegation: delegated.length > 0,
    mutual: dceStyle || (flags.mutual ?? true),
    replay: flags.replay ?? true,
    sequence: flags.sequence ?? true,
    confidentiality: flags.confidentiality ?? true,
    integrity: flags.integrity ?? true,
    anonymous: isAnonymous(client),
    dceStyle,
    identify,
  };
}
