import type { ConnectionOptions } from 'node:tls';
import type { ChannelBindings, ContextInfo, SecurityContext } from '../gss/context.ts';

/** Whether credentials are delegated: never, where the KDC trusts the service with them (ok-as-delegate), or always. */
export type Delegation = 'none' | 'policy' | 'always';

/** The host and the connection for which a context is to be opened. */
export interface ContextRequest {
  /** The host's name, without its port; the service is `HTTP` on that host. */
  readonly host: string;
  readonly delegation: Delegation;
  readonly channelBindings?: ChannelBindings | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens an initiator's context; `openFromCache` makes one. */
export type OpenContext = (request: ContextRequest) => Promise<SecurityContext>;

/** Makes connections, as `http.Agent` does. */
export interface ConnectionMaker {
  createConnection(options: object, callback?: (error: Error | null, stream: never) => void): unknown;
}

export interface NegotiateOptions {
  readonly open: OpenContext;
  /**
   * The hosts to authenticate to: names, `*.domain` for every name below a domain, or a function that decides. If not
   * given, the host of the first URL, but no host that it redirects to.
   */
  readonly hosts?: readonly string[] | ((url: URL) => boolean) | undefined;
  /**
   * Whether a successful response must prove that it comes from the service, once the service has asked for
   * authentication, or always with `preemptive`; `required` if not given.
   */
  readonly mutual?: 'required' | 'optional' | undefined;
  /** `none` if not given. */
  readonly delegation?: Delegation | undefined;
  /** Authenticates before the server asks for it, which saves a round trip. */
  readonly preemptive?: boolean | undefined;
  /** Whether contexts over TLS are bound to the server's certificate; true if not given. */
  readonly channelBindings?: boolean | undefined;
  /**
   * How many bytes of a streamed body are held back until it is known whether the server asks for authentication; 1 MiB
   * if not given.
   */
  readonly bodyLimit?: number | undefined;
  /** The proxy for every URL, or a function that returns the one for a URL; none if not given. */
  readonly proxy?: string | URL | ((url: URL) => string | URL | undefined) | undefined;
  /** TLS options for the connections. */
  readonly tls?: ConnectionOptions | undefined;
  /** An `http.Agent` and an `https.Agent` that make the connections instead of `node:net` and `node:tls`. */
  readonly agents?: { readonly http?: ConnectionMaker; readonly https?: ConnectionMaker } | undefined;
}

/** The client and the service of an authenticated response. */
export interface Negotiated extends Pick<ContextInfo, 'initiator' | 'acceptor' | 'mechanism' | 'flags'> {
  /** Whether the service has authenticated itself. */
  readonly mutual: boolean;
}

const outcomes = new WeakMap<object, Negotiated>();

/** Who authenticated to whom for a response; undefined if nobody did. */
export function negotiated(response: object): Negotiated | undefined {
  return outcomes.get(response);
}

/** Records it for a response. */
export function noteNegotiated(response: object, outcome: Negotiated | undefined): void {
  if (outcome !== undefined) outcomes.set(response, outcome);
}
