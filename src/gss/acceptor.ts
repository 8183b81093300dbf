import type { AcceptedServer } from '../ap/accepted-server.ts';
import { type ApAccepted, acceptApReq, type SubkeyRequest } from '../ap/acceptor.ts';
import type { OpenedTickets } from '../ap/opened-tickets.ts';
import type { ReplayCache } from '../ap/replay-cache.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { isAnonymous } from '../messages/anonymous.ts';
import type { Credential } from '../messages/credential.ts';
import { secondsOf } from '../messages/seconds.ts';
import type { HostAddress } from '../messages/types.ts';
import { AcceptorInfo } from './acceptor/info.ts';
import { refusalToken } from './acceptor/refusal.ts';
import { type Asked, askedOf, isDceStyle } from './acceptor/request.ts';
import type { ChannelBindings, SecurityContext } from './context.ts';
import { openDelegation } from './delegation.ts';
import { frame, isFramed, TOK_AP_REP, TOK_AP_REQ, TOK_TGT_REP, TOK_TGT_REQ, unframe } from './framing.ts';
import { GssError } from './gss-error.ts';
import type { Conversation } from './iakerb/conversation.ts';
import { KerberosContext, type KerberosContextOptions, requireToken } from './kerberos-context.ts';
import { IAKERB, KRB5, KRB5_USER_TO_USER } from './oids.ts';
import { protectMessages } from './protect.ts';
import { KerbTgtReply, KerbTgtRequest } from './user-to-user-messages.ts';

export interface AcceptorOptions extends KerberosContextOptions {
  /**
   * The service's keys, or a function that returns them: it is called for each context, so that keys may change in
   * between.
   */
  readonly keytab: readonly KeytabEntry[] | (() => readonly KeytabEntry[] | Promise<readonly KeytabEntry[]>);
  /** The principal or service to accept contexts for; any principal of the keytab if not given. */
  readonly server?: AcceptedServer | readonly AcceptedServer[] | undefined;
  /**
   * Whether to accept tickets for names or key versions that the keytab lacks, or for names that `server` excludes, if a
   * key of an accepted principal opens them, as MIT's library does: in Active Directory, one account may have many names,
   * and keytabs often have another version. The acceptor's name is then that in the keytab. False if not given.
   */
  readonly acceptAliases?: boolean | undefined;
  /** Where authenticators are remembered; without one, detecting replays is up to the application. */
  readonly replayCache?: ReplayCache | undefined;
  /** Where opened tickets are remembered, with their session keys; nothing is kept if not given. */
  readonly openedTickets?: OpenedTickets | undefined;
  /** The channel bindings that an initiator's must match, if it sends any. */
  readonly channelBindings?: ChannelBindings | undefined;
  /** Whether to refuse initiators that send no channel bindings. */
  readonly requireBindings?: boolean | undefined;
  /** The service's own ticket-granting ticket, for user-to-user authentication. */
  readonly tgt?: Credential | undefined;
  /** The initiator's address; without it, tickets that are bound to addresses are accepted from anywhere. */
  readonly address?: HostAddress | undefined;
  /** Enctypes of tickets and keys to accept; `DEFAULT_ENCTYPES` if not given. */
  readonly permittedEnctypes?: readonly number[] | undefined;
  /** Seconds two clocks may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
}

/**
 * The acceptor's side of a context of the Kerberos mechanism (RFC 4121), for one initiator. Throws TypeError if there
 * are no keys, or if the clock skew is not a number.
 */
export function createAcceptor(options: AcceptorOptions): SecurityContext {
  return createIntroducedAcceptor(options, undefined);
}

/** The same after an IAKERB exchange, if there is a conversation; its initiator must have seen the same tokens. */
export function createIntroducedAcceptor(
  options: AcceptorOptions,
  conversation: Conversation | undefined,
): SecurityContext {
  const { keytab, clockskew } = options;
  secondsOf('clockskew', clockskew, 300);
  if (typeof keytab !== 'function' && !Array.isArray(keytab)) {
    throw new TypeError("the keys of an acceptor are a keytab's entries, or a function that gives them");
  }
  return new Acceptor(options, conversation);
}

/** RFC 1964 tokens of RC4 do not say which key protects them. */
const RC4_HMAC = 23;

/** A context that waits for the third leg of DCE style. */
interface Pending {
  readonly accepted: ApAccepted;
  readonly asked: Asked;
}

class Acceptor extends KerberosContext {
  private readonly options: AcceptorOptions;
  private readonly conversation: Conversation | undefined;
  private mechanism = KRB5;
  private keytab: readonly KeytabEntry[] = [];
  /** The AP-REQ being judged, which names whom its error token is to come from. */
  private apReq: Uint8Array | undefined;
  private pending: Pending | undefined;
  private gaveTgt = false;

  constructor(options: AcceptorOptions, conversation: Conversation | undefined) {
    super(options);
    this.conversation = conversation;
    this.options = options;
  }

  protected advance(given: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const token = requireToken(given);
    if (this.pending !== undefined) return this.end(token, this.pending);
    if (!isFramed(token)) return this.accept(token, false);
    const { mechanism, tokenId, message } = unframe(token);
    if (mechanism === IAKERB && this.conversation === undefined) {
      throw new GssError('BAD_MECH', 'a token of IAKERB');
    }
    this.mechanism = mechanism;
    if (tokenId === TOK_AP_REQ) return this.accept(message, true);
    if (tokenId === TOK_TGT_REQ && mechanism === KRB5_USER_TO_USER) return this.giveTgt(message);
    throw new GssError('DEFECTIVE_TOKEN', 'not a token to begin with');
  }

  protected override errorToken(error: unknown): Uint8Array | undefined {
    const { mechanism, apReq, keytab, options } = this;
    return refusalToken(error, { mechanism, apReq, keytab, tgt: options.tgt, now: this.clock() });
  }

  private async accept(apReq: Uint8Array, framed: boolean): Promise<Uint8Array | undefined> {
    this.apReq = apReq;
    const { options } = this;
    const { keytab } = options;
    this.keytab = typeof keytab === 'function' ? await keytab() : keytab;
    const accepted = await acceptApReq(apReq, {
      server: options.server,
      acceptAliases: options.acceptAliases,
      replayCache: options.replayCache,
      openedTickets: options.openedTickets,
      address: options.address,
      permittedEnctypes: options.permittedEnctypes,
      clockskew: options.clockskew,
      keytab: this.keytab,
      tgt: options.tgt,
      subkey: givesSubkey,
      sequenceNumber: true,
      now: this.clock,
    });
    const asked = askedOf(accepted, this.options);
    this.conversation?.verify(asked.finished, accepted.session.initiatorSubkey);
    // Only in DCE style may the frame be missing.
    if (!framed && !asked.flags.dceStyle) throw new GssError('DEFECTIVE_TOKEN', 'an AP-REQ without a frame');
    if (asked.flags.dceStyle) {
      this.pending = { accepted, asked };
      return accepted.reply();
    }
    this.agree({ accepted, asked });
    if (!asked.flags.mutual) return undefined;
    return frame({ mechanism: this.mechanism, tokenId: TOK_AP_REP, message: accepted.reply() });
  }

  private end(token: Uint8Array, pending: Pending): undefined {
    pending.accepted.verifyThird(isFramed(token) ? apRepOf(token) : token);
    this.agree(pending);
  }

  private giveTgt(message: Uint8Array): Uint8Array {
    KerbTgtRequest.decode(message);
    const { tgt } = this.options;
    if (tgt === undefined) throw new GssError('NO_CRED', 'no ticket-granting ticket for user-to-user');
    if (this.gaveTgt) throw new GssError('DEFECTIVE_TOKEN', 'the ticket-granting ticket was given before');
    this.gaveTgt = true;
    const reply = KerbTgtReply.encode({ ticket: tgt.ticket });
    return frame({ mechanism: this.mechanism, tokenId: TOK_TGT_REP, message: reply });
  }

  private agree({ accepted, asked: { flags, delegation } }: Pending): void {
    const { session, ticket, credential: evidence } = accepted;
    const { client: initiator, server: acceptor, endtime, initiatorSubkey, sessionKey } = session;
    const keys = initiatorSubkey === undefined ? [sessionKey] : [initiatorSubkey, sessionKey];
    const delegated = delegation && openDelegation(delegation, keys);
    // An initiator that gets no answer learns nothing of what we chose.
    const agreed =
      flags.mutual || !session.mutual
        ? session
        : { ...session, mutual: false, acceptorSubkey: undefined, acceptorSequence: undefined };
    const anonymous = isAnonymous(initiator);
    const info = new AcceptorInfo({
      initiator,
      acceptor,
      flags: flags.anonymous === anonymous ? flags : { ...flags, anonymous },
      mechanism: this.mechanism,
      endtime,
      ticket,
      evidence,
      delegated,
    });
    this.establish(info, () => protectMessages(agreed, 'acceptor', flags));
  }
}

function givesSubkey({ etype, checksum }: SubkeyRequest): boolean {
  return etype !== RC4_HMAC || isDceStyle(checksum);
}

function apRepOf(token: Uint8Array): Uint8Array {
  const { tokenId, message } = unframe(token);
  if (tokenId !== TOK_AP_REP) throw new GssError('DEFECTIVE_TOKEN', 'not the last leg of DCE style');
  return message;
}
