import type { ConnectionOptions } from 'node:tls';
import type { ChannelBindings, ContextInfo, SecurityContext } from '../gss/context.ts';

/** Whether credentials are passed on: never, where the KDC trusts the service with them (ok-as-delegate), or always. */
export type Delegation = 'none' | 'policy' | 'always';

/** What a context is to be opened for. */
export interface ContextRequest {
  /** The host's name, without its port: the service is `HTTP` there. */
  readonly host: string;
  readonly delegation: Delegation;
  readonly channelBindings?: ChannelBindings | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens an initiator's context; `openFromCache` makes one. */
export type OpenContext = (request: ContextRequest) => Promise<SecurityContext>;

/** What makes connections as `http.Agent` does. */
export interface ConnectionMaker {
  createConnection(options: object, callback?: (error: Error | null, stream: never) => void): unknown;
}

export interface NegotiateOptions {
  readonly open: OpenContext;
  /**
   * The hosts that may be authenticated to: names, `*.domain` for every name below one, or a function that decides. If
   * not given, the host that is asked for is, and those that it redirects to are not.
   */
  readonly hosts?: readonly string[] | ((url: URL) => boolean) | undefined;
  /**
   * Whether a response of success must prove that it comes from the service, once that has asked who we are, or always
   * with `preemptive`: `required` if not given.
   */
  readonly mutual?: 'required' | 'optional' | undefined;
  /** `none` if not given. */
  readonly delegation?: Delegation | undefined;
  /** Authenticates before the server asks for it, which saves the way there and back. */
  readonly preemptive?: boolean | undefined;
  /** Whether contexts over TLS are bound to the server's certificate; true if not given. */
  readonly channelBindings?: boolean | undefined;
  /** Bytes of a streamed body that are held back, lest it be sent before the server asks who it is from; 1 MiB if not given. */
  readonly bodyLimit?: number | undefined;
  /** The proxy for a URL: one for all, or a function; none if not given. */
  readonly proxy?: string | URL | ((url: URL) => string | URL | undefined) | undefined;
  /** For connections over TLS. */
  readonly tls?: ConnectionOptions | undefined;
  /** An `http.Agent` and an `https.Agent` that make the connections instead of `node:net` and `node:tls`. */
  readonly agents?: { readonly http?: ConnectionMaker; readonly https?: ConnectionMaker } | undefined;
}

/** Who authenticated to whom for a response. */
export interface Negotiated extends Pick<ContextInfo, 'initiator' | 'acceptor' | 'mechanism' | 'flags'> {
  /** Whether the service has proved who it is. */
  readonly mutual: boolean;
}

const outcomes = new WeakMap<object, Negotiated>();

/** Who authenticated to whom for a response; undefined where nobody did. */
export function negotiated(response: object): Negotiated | undefined {
  return outcomes.get(response);
}

/** Remembers it. */
export function noteNegotiated(response: object, outcome: Negotiated | undefined): void {
  if (outcome !== undefined) outcomes.set(response, outcome);
}
