import { requireBytes } from '../../crypto/require-bytes.ts';
import type { ContextInfo, PrfOptions, SecurityContext, Unwrapped, WrapOptions } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { INSPECT, shownContext } from '../shown.ts';
import { asGssError } from '../status.ts';

/** One side of a negotiation. */
export interface Negotiation {
  step(token: Uint8Array | undefined): Promise<Uint8Array | undefined>;
  /** The mechanism's context, once both it and the negotiation are complete. */
  readonly result: SecurityContext | undefined;
}

/** A context that negotiates a mechanism and afterwards behaves as the context of that mechanism. */
export function negotiatedContext(negotiation: Negotiation): SecurityContext {
  return new NegotiatedContext(negotiation);
}

class NegotiatedContext implements SecurityContext {
  private readonly negotiation: Negotiation;
  /** A step that failed has broken the context; so has one that was started while another was running. */
  private broken = false;

  constructor(negotiation: Negotiation) {
    this.negotiation = negotiation;
  }

  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    if (token !== undefined) requireBytes(token, 'a token');
    if (this.broken) throw new GssError('NO_CONTEXT', 'the negotiation has failed');
    if (this.established) throw new GssError('DEFECTIVE_TOKEN', 'a token for an established context');
    this.broken = true;
    try {
      const reply = await this.negotiation.step(token);
      this.broken = false;
      return reply;
    } catch (error) {
      throw asGssError(error, () => undefined);
    }
  }

  get established(): boolean {
    return this.negotiation.result !== undefined;
  }

  get info(): ContextInfo {
    return this.result().info;
  }

  wrap(message: Uint8Array, options?: WrapOptions): Uint8Array {
    return this.result().wrap(message, options);
  }

  unwrap(token: Uint8Array): Unwrapped {
    return this.result().unwrap(token);
  }

  mic(message: Uint8Array): Uint8Array {
    return this.result().mic(message);
  }

  verifyMic(message: Uint8Array, token: Uint8Array): void {
    this.result().verifyMic(message, token);
  }

  wrapSizeLimit(size: number, options?: WrapOptions): number {
    return this.result().wrapSizeLimit(size, options);
  }

  prf(input: Uint8Array, length: number, options?: PrfOptions): Uint8Array {
    return this.result().prf(input, length, options);
  }

  toJSON(): object {
    return shownContext(this.negotiation.result?.info);
  }

  [INSPECT](): object {
    return this.toJSON();
  }

  private result(): SecurityContext {
    const context = this.negotiation.result;
    if (context === undefined) throw new GssError('NO_CONTEXT', 'the context is not established');
    return context;
  }
}
