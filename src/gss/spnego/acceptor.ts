import { textToBytes } from '../../codec/text.ts';
import { secondsOf } from '../../messages/seconds.ts';
import { type AcceptorOptions, createAcceptor } from '../acceptor.ts';
import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { KRB5, KRB5_USER_TO_USER } from '../oids.ts';
import { asGssError } from '../status.ts';
import { type Negotiation, negotiatedContext } from './context.ts';
import { findMechanism, KRB5_NAMES, type NegotiableMechanism } from './mechanisms.ts';
import {
  ACCEPT_COMPLETED,
  ACCEPT_INCOMPLETE,
  decodeNegTokenInit,
  encodeNegTokenInit2,
  InitialToken,
  MechTypeList,
  NegotiationResponse,
  type NegTokenInit,
  type NegTokenResp,
  REJECT,
  REQUEST_MIC,
  SPNEGO,
} from './messages.ts';
import { MechListMic } from './mic.ts';

/** Bytes of DER, enough for some forty mechanisms; no initiator offers ten. */
const MAX_MECH_TYPES = 512;
/** The hint of an acceptor that has none to give (MS-SPNG §2.2.1). */
const NO_HINT = 'not_defined_in_RFC4178@please_ignore';

/**
 * Accepts a context of Kerberos, through SPNEGO (RFC 4178) or without it. Throws TypeError if the clock skew is not a
 * number.
 */
export function createSpnegoAcceptor(options: AcceptorOptions): SecurityContext {
  secondsOf('clockskew', options.clockskew, 300);
  const oids = options.tgt === undefined ? KRB5_NAMES : [...KRB5_NAMES, KRB5_USER_TO_USER];
  return acceptNegotiation([{ oids, create: () => createAcceptor(options) }]);
}

/**
 * Accepts a context of one of `mechanisms` through SPNEGO (RFC 4178), or by one of their own tokens without it. A first
 * step without a token returns the message of an acceptor that speaks first.
 */
export function acceptNegotiation(mechanisms: readonly NegotiableMechanism[]): SecurityContext {
  return negotiatedContext(new AcceptorNegotiation(mechanisms));
}

/** What the initiator's first message has decided. */
interface Agreement {
  /** The mechanism's name as the initiator gave it. */
  readonly oid: string;
  readonly context: SecurityContext;
  readonly mic: MechListMic;
}

class AcceptorNegotiation implements Negotiation {
  private readonly mechanisms: readonly NegotiableMechanism[];
  /** The context of a mechanism that is used without SPNEGO. */
  private bare: SecurityContext | undefined;
  private agreement: Agreement | undefined;
  private hinted = false;
  private replied = false;
  private awaitsMic = false;
  private done = false;

  constructor(mechanisms: readonly NegotiableMechanism[]) {
    this.mechanisms = mechanisms;
  }

  get result(): SecurityContext | undefined {
    if (this.bare !== undefined) return this.bare.established ? this.bare : undefined;
    return this.done ? this.agreement?.context : undefined;
  }

  async step(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const { bare, agreement } = this;
    if (bare !== undefined) return bare.step(token);
    if (agreement === undefined) return this.begin(token);
    return this.orReject(async () => {
      if (token === undefined) throw new GssError('DEFECTIVE_TOKEN', 'the initiator has sent no token');
      const { negState, responseToken, mechListMIC } = NegotiationResponse.decode(token);
      if (negState === REJECT) throw new GssError('FAILURE', 'the initiator has ended the negotiation');
      return this.proceed(agreement, responseToken, mechListMIC);
    });
  }

  private async begin(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (token === undefined || token.length === 0) return this.hint();
    const { mechanism, message } = nameToken(token);
    if (mechanism === SPNEGO) return this.orReject(async () => this.negotiate(decodeNegTokenInit(message)));
    const bare = findMechanism(this.mechanisms, mechanism)?.create();
    if (bare === undefined) throw new GssError('BAD_MECH', `a token of ${mechanism}`);
    this.bare = bare;
    return bare.step(token);
  }

  private hint(): Uint8Array {
    if (this.hinted) throw new GssError('DEFECTIVE_TOKEN', 'the initiator has sent no token');
    this.hinted = true;
    const mechTypes = this.mechanisms.flatMap(({ oids }) => oids);
    return encodeNegTokenInit2({ mechTypes, negHints: { hintName: NO_HINT } });
  }

  /** Chooses the first of the initiator's mechanisms that is available here. */
  private async negotiate({ mechTypes, mechToken, mechListMIC }: NegTokenInit) {
    if (mechTypes.length > MAX_MECH_TYPES) throw new GssError('DEFECTIVE_TOKEN', 'too many mechanisms');
    const offered = MechTypeList.decode(mechTypes);
    const at = offered.findIndex(oid => findMechanism(this.mechanisms, oid) !== undefined);
    const oid = offered[at];
    const context = oid === undefined ? undefined : findMechanism(this.mechanisms, oid)?.create();
    if (oid === undefined || context === undefined) {
      throw new GssError('BAD_MECH', `none of the mechanisms offered: ${offered.join(', ')}`);
    }
    const agreement = { oid, context, mic: new MechListMic(mechTypes.slice()) };
    this.agreement = agreement;
    if (at > 0) {
      // The token sent along belongs to the mechanism that the initiator prefers.
      agreement.mic.required = true;
      return this.reply({ negState: REQUEST_MIC });
    }
    if (mechToken === undefined) return this.reply({ negState: ACCEPT_INCOMPLETE });
    return this.proceed(agreement, mechToken, mechListMIC);
  }

  private async proceed(
    { context, mic }: Agreement,
    mechToken: Uint8Array | undefined,
    theirs: Uint8Array | undefined,
  ): Promise<Uint8Array | undefined> {
    const responseToken = await advance(context, mechToken);
    if (!context.established) return this.reply({ negState: ACCEPT_INCOMPLETE, responseToken });
    const mechListMIC = mic.exchange(context, theirs);
    if (mic.isPending(context)) {
      if (this.awaitsMic) throw new GssError('DEFECTIVE_TOKEN', 'the mechListMIC is missing');
      this.awaitsMic = true;
      return this.reply({ negState: ACCEPT_INCOMPLETE, responseToken, mechListMIC });
    }
    this.done = true;
    // An initiator that answers our MIC with its own has completed.
    return this.awaitsMic
      ? undefined
      : this.reply({ negState: ACCEPT_COMPLETED, responseToken, mechListMIC });
  }

  private reply(message: NegTokenResp): Uint8Array {
    const supportedMech = this.replied ? undefined : this.agreement?.oid;
    this.replied = true;
    return NegotiationResponse.encode({ ...message, supportedMech });
  }

  /** Adds a token to an error: a rejection, around the mechanism's own error token. */
  private async orReject<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = asGssError(thrown, () => undefined);
      if (!(error instanceof GssError)) throw error;
      const token = this.reply({ negState: REJECT, responseToken: error.token });
      throw new GssError(error.major, error.message, { cause: error.cause, token });
    }
  }
}

/** The mechanism's step, unless it has finished and there is none to take. */
async function advance(
  context: SecurityContext,
  mechToken: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  if (!context.established) {
    if (mechToken === undefined) throw new GssError('DEFECTIVE_TOKEN', 'the mechToken is missing');
    return context.step(mechToken);
  }
  if (mechToken === undefined || mechToken.length === 0) return undefined;
  throw new GssError('DEFECTIVE_TOKEN', 'a token that the mechanism has no use for');
}

const NTLMSSP = textToBytes('NTLMSSP\0');
const AP_REQ_TAG = 0x6e;

/** The mechanism of a first token. Throws GssError BAD_MECH for NTLM's, which names none, and CodecError. */
function nameToken(token: Uint8Array): { readonly mechanism: string; readonly message: Uint8Array } {
  if (Buffer.compare(token.subarray(0, NTLMSSP.length), NTLMSSP) === 0) {
    throw new GssError('BAD_MECH', 'a token of NTLM');
  }
  // Windows omits the frame in DCE style.
  if (token[0] === AP_REQ_TAG) return { mechanism: KRB5, message: token };
  const { mechanism, token: message } = InitialToken.decode(token);
  return { mechanism, message };
}
