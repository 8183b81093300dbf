import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { type Negotiation, negotiatedContext } from './context.ts';
import { findMechanism, KRB5_NAMES, type NegotiableMechanism } from './mechanisms.ts';
import {
  ACCEPT_COMPLETED,
  ACCEPT_INCOMPLETE,
  decodeNegTokenInit2,
  encodeNegTokenInit,
  MechTypeList,
  NegotiationResponse,
  type NegTokenResp,
  REJECT,
  REQUEST_MIC,
} from './messages.ts';
import { MechListMic } from './mic.ts';

export interface SpnegoInitiatorOptions {
  /**
   * The object identifiers to offer the mechanism by, the preferred first; Kerberos's own and that of Windows if not
   * given.
   */
  readonly oids?: readonly string[] | undefined;
}

/**
 * Initiates a context of `mechanism` through SPNEGO (RFC 4178). If the acceptor speaks first, the first step takes its
 * token. It is established when the acceptor says so, which may be one token later than `mechanism` itself.
 */
export function createSpnegoInitiator(
  mechanism: SecurityContext,
  options: SpnegoInitiatorOptions = {},
): SecurityContext {
  return initiateNegotiation([{ oids: options.oids ?? KRB5_NAMES, create: () => mechanism }]);
}

/**
 * Initiates a context of one of `mechanisms`, the preferred first; the first token of that one is sent before the
 * acceptor has chosen.
 */
export function initiateNegotiation(mechanisms: readonly NegotiableMechanism[]): SecurityContext {
  const [preferred] = mechanisms;
  if (preferred === undefined) throw new TypeError('no mechanism to negotiate');
  return negotiatedContext(new InitiatorNegotiation(mechanisms, preferred));
}

class InitiatorNegotiation implements Negotiation {
  private readonly mechanisms: readonly NegotiableMechanism[];
  private readonly preferred: NegotiableMechanism;
  private context: SecurityContext;
  /** From the offer on. */
  private mic: MechListMic | undefined;
  private chosen = false;
  private done = false;

  constructor(mechanisms: readonly NegotiableMechanism[], preferred: NegotiableMechanism) {
    this.mechanisms = mechanisms;
    this.preferred = preferred;
    this.context = preferred.create();
  }

  get result(): SecurityContext | undefined {
    return this.done ? this.context : undefined;
  }

  async step(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (this.mic === undefined) return this.offer(token);
    if (token === undefined) throw new GssError('DEFECTIVE_TOKEN', 'the acceptor has sent no token');
    return this.answer(NegotiationResponse.decode(token), this.mic);
  }

  private async offer(hint: Uint8Array | undefined): Promise<Uint8Array> {
    // Nothing protects the hint: it may end the negotiation, but changes nothing in it.
    if (hint !== undefined && hint.length > 0) this.checkHint(hint);
    const mechTypes = MechTypeList.encode(this.mechanisms.flatMap(({ oids }) => oids));
    this.mic = new MechListMic(mechTypes);
    return encodeNegTokenInit({ mechTypes, mechToken: await this.context.step() });
  }

  private checkHint(hint: Uint8Array): void {
    const { mechTypes } = decodeNegTokenInit2(hint);
    if (mechTypes.some(oid => findMechanism(this.mechanisms, oid))) return;
    throw new GssError('BAD_MECH', 'the acceptor has none of the mechanisms');
  }

  private async answer(message: NegTokenResp, mic: MechListMic): Promise<Uint8Array | undefined> {
    if (message.negState === REJECT) return this.refused(message);
    const token = this.chosen ? await this.proceed(message) : await this.choose(message, mic);
    const completed = message.negState === ACCEPT_COMPLETED;
    if (!this.context.established) {
      if (completed) throw new GssError('DEFECTIVE_TOKEN', 'completed before the mechanism is');
      return this.reply(token);
    }
    const ours = mic.exchange(this.context, mechListMicOf(message));
    const silent = token === undefined && ours === undefined;
    if (mic.isPending(this.context)) {
      if (completed || silent) throw new GssError('DEFECTIVE_TOKEN', 'the mechListMIC is missing');
      return this.reply(token, ours);
    }
    if (silent && isWaiting(message)) {
      throw new GssError('DEFECTIVE_TOKEN', 'the acceptor waits for a token that is not to come');
    }
    // An acceptor that does not report its state with the mechanism's last token has nothing more to say. One that has
    // completed accepts no further token but the mechanism's own.
    this.done = completed || token === undefined;
    return silent || (completed && token === undefined) ? undefined : this.reply(token, ours);
  }

  /** Takes the acceptor's choice from its first message. */
  private async choose(message: NegTokenResp, mic: MechListMic): Promise<Uint8Array | undefined> {
    this.chosen = true;
    const { supportedMech, negState } = message;
    // Acceptors in Java do not name the mechanism whose token they have accepted.
    const choice =
      supportedMech === undefined ? this.preferred : findMechanism(this.mechanisms, supportedMech);
    if (choice === undefined) throw new GssError('DEFECTIVE_TOKEN', `${supportedMech} was not offered`);
    mic.required = negState === REQUEST_MIC || choice !== this.preferred;
    if (choice === this.preferred) return this.proceed(message);
    if (message.responseToken !== undefined) throw spurious();
    this.context = choice.create();
    return this.context.step();
  }

  private async proceed({ responseToken }: NegTokenResp): Promise<Uint8Array | undefined> {
    if (!this.context.established) {
      if (responseToken === undefined) throw new GssError('DEFECTIVE_TOKEN', 'the responseToken is missing');
      return this.context.step(responseToken);
    }
    // Old versions of IIS send an empty token where the mechanism has none to send.
    if (responseToken !== undefined && responseToken.length > 0) throw spurious();
    return undefined;
  }

  /** The mechanism's own error, if its token reports one. */
  private async refused({ responseToken }: NegTokenResp): Promise<never> {
    if (responseToken !== undefined && !this.context.established) await this.context.step(responseToken);
    throw new GssError('FAILURE', 'the acceptor has ended the negotiation');
  }

  private reply(responseToken: Uint8Array | undefined, mechListMIC?: Uint8Array): Uint8Array {
    const negState = this.done ? ACCEPT_COMPLETED : ACCEPT_INCOMPLETE;
    return NegotiationResponse.encode({ negState, responseToken, mechListMIC });
  }
}

/** Whether an acceptor waits for more without having sent anything itself. */
function isWaiting({ negState, responseToken, mechListMIC }: NegTokenResp): boolean {
  return negState === ACCEPT_INCOMPLETE && responseToken === undefined && mechListMIC === undefined;
}

/** Windows 2000 repeats the responseToken in the place of the MIC. */
function mechListMicOf({ mechListMIC, responseToken }: NegTokenResp): Uint8Array | undefined {
  if (mechListMIC === undefined || responseToken === undefined) return mechListMIC;
  return Buffer.compare(mechListMIC, responseToken) === 0 ? undefined : mechListMIC;
}

function spurious(): GssError {
  return new GssError('DEFECTIVE_TOKEN', 'a responseToken that the mechanism has no use for');
}
