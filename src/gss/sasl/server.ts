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
import { createSaslLayer, isPossible, type SaslLayer, type SaslProtection } from './layer.ts';

/** The server's side of a SASL exchange. */
export interface SaslServer extends SaslExchange {
  /** As whom the client wants to act, if it says so; the application must decide whether it may. */
  readonly authzid: string | undefined;
}

/**
 * The server of an exchange over `context`, which accepts Kerberos for GSSAPI and SPNEGO for GSS-SPNEGO. What `step`
 * resolves to once the exchange is complete is sent with the report of success.
 */
export function createSaslServer(
  mechanism: SaslMechanism,
  context: SecurityContext,
  options: SaslOptions = {},
): SaslServer {
  const terms = withUsual(options);
  const { protections, maximum } = terms;
  let offered: readonly SaslProtection[] | undefined;
  let layer: SaslLayer | undefined;
  let authzid: string | undefined;

  function offer(): Uint8Array {
    offered = protections.filter(name => isPossible(context, name));
    if (offered.length === 0) throw new GssError('BAD_QOP', 'the context gives no layer that is wanted');
    const layers = offered.some(name => name !== 'none');
    return wrapChoice(context, { protections: offered, maximum: layers ? maximum : 0 });
  }

  function take(token: Uint8Array): undefined {
    const choice = unwrapChoice(context, token);
    const [protection, ...others] = choice.protections;
    if (protection === undefined || others.length > 0 || !offered?.includes(protection)) {
      throw new GssError('BAD_QOP', 'the client has chosen no layer of those offered');
    }
    // npm's kerberos and programs like it repeat the server's size although they want no layer, where RFC 4752 demands
    // zero.
    layer = createSaslLayer(context, protection, { peerMaximum: choice.maximum, ownMaximum: maximum });
    authzid = choice.authzid;
    return undefined;
  }

  return loggable({
    async step(response) {
      if (layer !== undefined) return afterwards(response);
      if (offered !== undefined) return take(response ?? new Uint8Array(0));
      if (context.established) {
        afterwards(response);
        return offer();
      }
      // The client begins, and has not sent anything yet.
      if (response === undefined || response.length === 0) return new Uint8Array(0);
      const token = await context.step(response);
      if (!context.established) return token ?? new Uint8Array(0);
      if (mechanism === 'GSSAPI') return token ?? offer();
      layer = layerOfFlags(context, terms);
      return token;
    },
    get layer() {
      return established(layer);
    },
    get complete() {
      return layer !== undefined;
    },
    get authzid() {
      return authzid;
    },
  });
}
