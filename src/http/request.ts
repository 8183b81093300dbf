import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { createExchange } from './exchange.ts';
import type { NegotiateOptions } from './options.ts';

export interface RequestInit {
  /** `GET` if not given. */
  readonly method?: string | undefined;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: string | Uint8Array | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request as `http.request` and `https.request` make it; resolves to the response, whatever its status. */
export type NegotiatedRequest = (url: string | URL, init?: RequestInit) => Promise<IncomingMessage>;

/**
 * A client that authenticates by Negotiate (RFC 4559) where a server or a proxy asks for it. It follows no redirects.
 * The requests throw GssError, KerberosError MUTUAL_FAILED and HTTP, what opening a context throws, and Node's own
 * errors.
 */
export function negotiateRequest(options: NegotiateOptions): NegotiatedRequest {
  const exchange = createExchange(options);
  return (url, { method = 'GET', headers = {}, body, signal } = {}) =>
    exchange({
      url: new URL(url),
      method,
      headers,
      body: typeof body === 'string' ? Buffer.from(body) : body,
      signal,
    });
}
