import type { ContextInfo, PrfOptions, SecurityContext, Unwrapped, WrapOptions } from './context.ts';
import { GssError } from './gss-error.ts';
import type { MessageProtection } from './message-protection.ts';
import { asGssError } from './status.ts';

export interface KerberosContextOptions {
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /**
   * Whether messages are refused once the ticket has ended, as RFC 2743 has it; false if not given, as with the
   * reference implementation, whose connections outlive their tickets.
   */
  readonly expires?: boolean | undefined;
}

/** What both sides of the Kerberos mechanism have in common: a context is made by steps, and then serves messages. */
export abstract class KerberosContext implements SecurityContext {
  protected readonly clock: () => Date;
  private readonly expires: boolean;
  private result: ContextInfo | undefined;
  private protection: MessageProtection | undefined;
  private protect: (() => MessageProtection) | undefined;
  /** A step that does not come to its end has broken the context; so has another that is taken meanwhile. */
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
    if (this.broken) throw new GssError('NO_CONTEXT', 'the context has failed');
    if (this.established) throw new GssError('DEFECTIVE_TOKEN', 'a token for an established context');
    this.broken = true;
    try {
      const made = this.advance(token);
      // What is there need not be waited for.
      const reply = made instanceof Promise ? await made : made;
      this.broken = false;
      return reply;
    } catch (error) {
      throw asGssError(error, () => this.errorToken(error));
    }
  }

  wrap(message: Uint8Array, options?: WrapOptions): Uint8Array {
    return this.messages().wrap(message, options);
  }

  unwrap(token: Uint8Array): Unwrapped {
    return this.messages().unwrap(token);
  }

  mic(message: Uint8Array): Uint8Array {
    return this.messages().mic(message);
  }

  verifyMic(message: Uint8Array, token: Uint8Array): void {
    this.messages().verifyMic(message, token);
  }

  wrapSizeLimit(size: number, options?: WrapOptions): number {
    return this.messages().wrapSizeLimit(size, options);
  }

  prf(input: Uint8Array, length: number, options?: PrfOptions): Uint8Array {
    return this.messages().prf(input, length, options);
  }

  /** One step. Throws GssError, or KerberosError for it to be made of. */
  protected abstract advance(
    token: Uint8Array | undefined,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>;

  /** What tells the peer of an error, if anything does. */
  protected errorToken(_error: unknown): Uint8Array | undefined {
    return undefined;
  }

  /** Many contexts never see a message: what protects them, and its keys, is made for the first. */
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

/** The token that a step takes. Throws GssError DEFECTIVE_TOKEN where there is none. */
export function requireToken(token: Uint8Array | undefined): Uint8Array {
  if (token === undefined || token.length === 0) throw new GssError('DEFECTIVE_TOKEN', 'no token');
  return token;
}

function notEstablished(): GssError {
  return new GssError('NO_CONTEXT', 'the context is not established');
}
