import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { unwrapChoice, wrapChoice } from './choice.ts';
import {
  afterwards,
  established,
  layerOfFlags,
  loggable,
  type SaslExchange,
  type SaslMechanism,
  type SaslOptions,
  withUsual,
} from './exchange.ts';
import { createSaslLayer, isPossible, type SaslLayer } from './layer.ts';

export interface SaslClientOptions extends SaslOptions {
  /** The authorization identity, if it is not the client that the context authenticates. */
  readonly authzid?: string | undefined;
}

/**
 * The client of an exchange over `context`, which must be a Kerberos context for GSSAPI and an SPNEGO context for
 * GSS-SPNEGO. For the latter, the context's flags decide on the layer, and `authzid` is not sent.
 */
export function createSaslClient(
  mechanism: SaslMechanism,
  context: SecurityContext,
  options: SaslClientOptions = {},
): SaslExchange {
  const terms = withUsual(options);
  const { protections, maximum } = terms;
  let layer: SaslLayer | undefined;
  let chosen = false;

  function choose(token: Uint8Array): Uint8Array {
    chosen = true;
    const offer = unwrapChoice(context, token);
    const protection = protections.find(
      name => offer.protections.includes(name) && isPossible(context, name),
    );
    if (protection === undefined) throw new GssError('BAD_QOP', 'no layer that both sides can do');
    layer = createSaslLayer(context, protection, { peerMaximum: offer.maximum, ownMaximum: maximum });
    return wrapChoice(context, {
      protections: [protection],
      maximum: protection === 'none' ? 0 : maximum,
      authzid: options.authzid,
    });
  }

  return loggable({
    async step(challenge) {
      // Dovecot lets the client of GSS-SPNEGO choose a layer, too.
      const isOffer =
        mechanism === 'GSS-SPNEGO' && !chosen && challenge !== undefined && challenge.length > 0;
      if (layer !== undefined && !isOffer) return afterwards(challenge);
      if (context.established) return choose(challenge ?? new Uint8Array(0));
      // A server that waits for the client's first message sends an empty challenge.
      const token = await context.step(challenge?.length === 0 ? undefined : challenge);
      if (mechanism === 'GSSAPI') return token ?? new Uint8Array(0);
      if (context.established) layer = layerOfFlags(context, terms);
      return token;
    },
    get layer() {
      return established(layer);
    },
    get complete() {
      return layer !== undefined;
    },
  });
}
