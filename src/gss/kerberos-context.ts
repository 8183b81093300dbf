import { requireBytes } from '../crypto/require-bytes.ts';
import type { ContextInfo, PrfOptions, SecurityContext, Unwrapped, WrapOptions } from './context.ts';
import { GssError } from './gss-error.ts';
import type { MessageProtection } from './message-protection.ts';
import { INSPECT, shownContext } from './shown.ts';
import { asGssError } from './status.ts';

export interface KerberosContextOptions {
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /**
   * Whether messages are refused once the ticket has expired, as RFC 2743 demands; false if not given, as in the
   * reference implementation, whose connections outlive their tickets.
   */
  readonly expires?: boolean | undefined;
}

/** What both sides of the Kerberos mechanism have in common: steps until the context is established, then messages. */
export abstract class KerberosContext implements SecurityContext {
  protected readonly clock: () => Date;
  private readonly expires: boolean;
  private result: ContextInfo | undefined;
  private protection: MessageProtection | undefined;
  private protect: (() => MessageProtection) | undefined;
  /** A step that failed has broken the context; so has one that was started while another was running. */
  private broken = false;

  constructor({ now = () => new Date(), expires = false }: KerberosContextOptions) {
    this.clock = now;
    this.expires = expires;
  }

  get established(): boolean {
    return this.result !== undefined;
  }

  get info(): ContextInfo {
    if (this.result === undefined) throw notEstablished();
    return this.result;
  }

  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    if (token !== undefined) requireBytes(token, 'a token');
    if (this.broken) throw new GssError('NO_CONTEXT', 'the context has failed');
    if (this.established) throw new GssError('DEFECTIVE_TOKEN', 'a token for an established context');
    this.broken = true;
    try {
      const made = this.advance(token);
      // Awaiting a value that is already there would cost a turn.
      const reply = made instanceof Promise ? await made : made;
      this.broken = false;
      return reply;
    } catch (error) {
      throw asGssError(error, () => this.errorToken(error));
    }
  }

  wrap(message: Uint8Array, options?: WrapOptions): Uint8Array {
    requireBytes(message, 'a message');
    return this.messages().wrap(message, options);
  }

  unwrap(token: Uint8Array): Unwrapped {
    requireBytes(token, 'a token');
    return this.messages().unwrap(token);
  }

  mic(message: Uint8Array): Uint8Array {
    requireBytes(message, 'a message');
    return this.messages().mic(message);
  }

  verifyMic(message: Uint8Array, token: Uint8Array): void {
    requireBytes(message, 'a message');
    requireBytes(token, 'a token');
    this.messages().verifyMic(message, token);
  }

  wrapSizeLimit(size: number, options?: WrapOptions): number {
    return this.messages().wrapSizeLimit(size, options);
  }

  prf(input: Uint8Array, length: number, options?: PrfOptions): Uint8Array {
    requireBytes(input, 'the input');
    return this.messages().prf(input, length, options);
  }

  /** What may be shown: neither keys nor tickets, of which the options are full. */
  toJSON(): object {
    return shownContext(this.result);
  }

  [INSPECT](): object {
    return this.toJSON();
  }

  /** One step. Throws GssError, or a KerberosError that becomes one. */
  protected abstract advance(
    token: Uint8Array | undefined,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>;

  /** The error token for the peer, if it is to be told of an error. */
  protected errorToken(_error: unknown): Uint8Array | undefined {
    return undefined;
  }

  /** Many contexts never carry a message, so the protection and its keys are made for the first one. */
  protected establish(info: ContextInfo, protect: () => MessageProtection): void {
    this.result = info;
    this.protect = protect;
  }

  private messages(): MessageProtection {
    if (this.expires && this.clock() >= this.info.endtime) {
      throw new GssError('CONTEXT_EXPIRED', 'the ticket of the context has ended');
    }
    this.protection ??= this.protect?.();
    if (this.protection === undefined) throw notEstablished();
    return this.protection;
  }
}

/** The token of a step. Throws GssError DEFECTIVE_TOKEN if it is missing. */
export function requireToken(token: Uint8Array | undefined): Uint8Array {
  if (token === undefined || token.length === 0) throw new GssError('DEFECTIVE_TOKEN', 'no token');
  return token;
}

function notEstablished(): GssError {
  return new GssError('NO_CONTEXT', 'the context is not established');
}
