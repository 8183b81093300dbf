import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { LARGEST_BUFFER, PROTECTIONS, USUAL_BUFFER } from './choice.ts';
import { createSaslLayer, isPossible, type SaslLayer, type SaslProtection } from './layer.ts';

/** GSSAPI is Kerberos (RFC 4752); GSS-SPNEGO is the mechanism that Active Directory offers beside it. */
export type SaslMechanism = 'GSSAPI' | 'GSS-SPNEGO';

export interface SaslOptions {
  /** The protections to choose from, the preferred first; the strongest that both sides support if not given. */
  readonly protections?: readonly SaslProtection[] | undefined;
  /** The longest packet to accept, up to 16,777,215 bytes; 65,536 if not given. */
  readonly maximum?: number | undefined;
}

interface SaslTerms {
  readonly protections: readonly SaslProtection[];
  readonly maximum: number;
}

/** One side of a SASL exchange. Its methods throw GssError. */
export interface SaslExchange {
  /**
   * Takes the peer's message, if there is one; resolves to the message to send, which may be empty, or to undefined
   * when this side has finished. The server's last message may be sent together with its report of success.
   */
  step(message?: Uint8Array): Promise<Uint8Array | undefined>;
  /** What was agreed on; throws NO_CONTEXT before that. */
  readonly layer: SaslLayer;
  readonly complete: boolean;
}

/** The options with defaults filled in. Throws TypeError for a maximum that does not fit three octets. */
export function withUsual(options: SaslOptions): SaslTerms {
  const { protections = PROTECTIONS, maximum = USUAL_BUFFER } = options;
  if (Number.isInteger(maximum) && maximum >= 0 && maximum <= LARGEST_BUFFER) return { protections, maximum };
  throw new TypeError(`maximum must be a number of bytes up to ${LARGEST_BUFFER}`);
}

/**
 * The layer that GSS-SPNEGO implies without negotiating one. Throws GssError BAD_QOP where it is not among those
 * wanted.
 */
export function layerOfFlags(context: SecurityContext, { protections, maximum }: SaslTerms): SaslLayer {
  const protection = PROTECTIONS.find(name => isPossible(context, name)) ?? 'none';
  if (!protections.includes(protection))
    throw new GssError('BAD_QOP', `the context’s layer is ${protection}`);
  return createSaslLayer(context, protection, { peerMaximum: LARGEST_BUFFER, ownMaximum: maximum });
}

export function established(layer: SaslLayer | undefined): SaslLayer {
  if (layer === undefined) throw new GssError('NO_CONTEXT', 'the exchange is not complete');
  return layer;
}

/** The report of success may be accompanied by an empty message, but by no other. */
export function afterwards(message: Uint8Array | undefined): undefined {
  if (message === undefined || message.length === 0) return undefined;
  throw new GssError('DEFECTIVE_TOKEN', 'a message after the exchange');
}

/** The same exchange, which can be written to a log at any time: the getter of a layer that is not there yet throws. */
export function loggable<T extends SaslExchange>(exchange: T): T {
  const toJSON = (): object =>
    exchange.complete ? { complete: true, protection: exchange.layer.protection } : { complete: false };
  return Object.defineProperty(exchange, 'toJSON', { value: toJSON });
}
