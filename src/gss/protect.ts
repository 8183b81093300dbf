import type { ApSession } from '../ap/session.ts';
import type { Key } from '../crypto/key.ts';
import { CfxTokens } from './cfx.ts';
import type { ContextFlags, PrfOptions, Unwrapped, WrapOptions } from './context.ts';
import type { MessageProtection } from './message-protection.ts';
import { gssPrf } from './prf.ts';
import { Rfc1964Tokens } from './rfc1964.ts';
import { SequenceWindow } from './sequence-window.ts';
import type { Side, TokenContext, TokenFormat } from './token-format.ts';

/** The enctypes that do not use the tokens of RFC 4121. */
const formats: ReadonlyMap<number, new (context: TokenContext) => TokenFormat> = new Map([
  [23, Rfc1964Tokens],
]);

/** Protects the messages of an established context, on behalf of `side`. */
export function protectMessages(session: ApSession, side: Side, flags: ContextFlags): MessageProtection {
  return new ProtectedMessages(session, side, flags);
}

class ProtectedMessages implements MessageProtection {
  private readonly format: TokenFormat;
  private readonly window: SequenceWindow;
  private next: bigint;
  private readonly fullKey: Key;
  private readonly partialKey: Key;

  constructor(session: ApSession, side: Side, flags: ContextFlags) {
    const acceptorSubkey = chosenByAcceptor(session, flags);
    this.partialKey = session.initiatorSubkey ?? session.sessionKey;
    this.fullKey = acceptorSubkey ?? this.partialKey;
    const context = {
      key: this.fullKey,
      side,
      acceptorSubkey: acceptorSubkey !== undefined,
      dceStyle: flags.dceStyle,
    };
    this.format = new (formats.get(this.fullKey.etype) ?? CfxTokens)(context);
    const { initiator, acceptor } = firstNumbers(session);
    this.next = side === 'initiator' ? initiator : acceptor;
    const theirs = side === 'initiator' ? acceptor : initiator;
    this.window = new SequenceWindow(theirs, this.format.sequenceBits, flags);
  }

  wrap(message: Uint8Array, { seal = true }: WrapOptions = {}): Uint8Array {
    return this.format.wrap(message, seal, this.takeNumber());
  }

  unwrap(token: Uint8Array): Unwrapped {
    const { message, sealed, sequence } = this.format.unwrap(token);
    this.window.admit(sequence);
    return { message, sealed };
  }

  mic(message: Uint8Array): Uint8Array {
    return this.format.mic(message, this.takeNumber());
  }

  verifyMic(message: Uint8Array, token: Uint8Array): void {
    this.window.admit(this.format.verifyMic(message, token));
  }

  wrapSizeLimit(size: number, { seal = true }: WrapOptions = {}): number {
    let limit = size - this.format.wrappedLength(0, seal);
    // The overhead may grow by a few bytes with the message.
    while (limit > 0 && this.format.wrappedLength(limit, seal) > size) limit--;
    return Math.max(limit, 0);
  }

  prf(input: Uint8Array, length: number, { partial = false }: PrfOptions = {}): Uint8Array {
    return gssPrf(partial ? this.partialKey : this.fullKey, input, length);
  }

  private takeNumber(): bigint {
    const number = this.next;
    this.next = BigInt.asUintN(this.format.sequenceBits, number + 1n);
    return number;
  }
}

/**
 * The acceptor's subkey, where it is to be used. RFC 1964 knows none: peers ignore one that only replaces an RC4 key by
 * another, except in DCE style.
 */
function chosenByAcceptor(session: ApSession, flags: ContextFlags): Key | undefined {
  const { acceptorSubkey } = session;
  const before = session.initiatorSubkey ?? session.sessionKey;
  const counts = flags.dceStyle || !formats.has(before.etype) || acceptorSubkey?.etype !== before.etype;
  return counts ? acceptorSubkey : undefined;
}

/** The first sequence numbers: an acceptor that was not asked for one begins with the initiator's, as peers do. */
function firstNumbers(session: ApSession): { readonly initiator: bigint; readonly acceptor: bigint } {
  const { initiatorSequence = 0, acceptorSequence } = session;
  const acceptor = acceptorSequence ?? (session.mutual ? 0 : initiatorSequence);
  return { initiator: BigInt(initiatorSequence), acceptor: BigInt(acceptor) };
}
