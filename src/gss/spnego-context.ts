import type { SecurityContext } from './context.ts';
import { GssError } from './gss-error.ts';
import { asGssError } from './status.ts';

/** One side of a negotiation. */
export interface Negotiation {
  step(token: Uint8Array | undefined): Promise<Uint8Array | undefined>;
  /** The mechanism's context, once both the mechanism and the negotiation are through. */
  readonly result: SecurityContext | undefined;
}

/** A context that negotiates, and from then on is that of the mechanism which was agreed on. */
export function negotiatedContext(negotiation: Negotiation): SecurityContext {
  // A step that does not come to its end has broken the context; so has another that is taken meanwhile.
  let broken = false;

  function result(): SecurityContext {
    const context = negotiation.result;
    if (context === undefined) throw new GssError('NO_CONTEXT', 'the context is not established');
    return context;
  }

  return {
    async step(token) {
      if (broken) throw new GssError('NO_CONTEXT', 'the negotiation has failed');
      if (negotiation.result) throw new GssError('DEFECTIVE_TOKEN', 'a token for an established context');
      broken = true;
      try {
        const reply = await negotiation.step(token);
        broken = false;
        return reply;
      } catch (error) {
        throw asGssError(error, () => undefined);
      }
    },
    get established() {
      return negotiation.result !== undefined;
    },
    get info() {
      return result().info;
    },
    wrap: (message, options) => result().wrap(message, options),
    unwrap: token => result().unwrap(token),
    mic: message => result().mic(message),
    verifyMic: (message, token) => result().verifyMic(message, token),
    wrapSizeLimit: (size, options) => result().wrapSizeLimit(size, options),
    prf: (input, length, options) => result().prf(input, length, options),
  };
}
