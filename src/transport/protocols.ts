import type { StopSignal } from './stop-signal.ts';
import { exchangeUdp } from './udp.ts';

/** The protocols that carry a message to a KDC. */
export type ProtocolName = 'udp' | 'tcp' | 'unix' | 'https';

/** One KDC over one protocol. */
export interface Target {
  readonly protocol: ProtocolName;
  /** A host name or address as configured, the path of a socket, or a URL. */
  readonly host: string;
  readonly port: number;
  /** The address of `host`; absent until the name is resolved. */
  readonly address?: string;
  /** How it was found, such as `kdc, /etc/krb5.conf:14`. */
  readonly found?: string | undefined;
  /** What a KDC proxy needs in addition: the realm, and `http_anchors`, which may be empty. */
  readonly proxy?: { readonly realm: string; readonly anchors: readonly string[] };
}

export interface ExchangeOptions {
  /** Ends the attempt and closes what it opened. */
  readonly signal: StopSignal;
  /** After how many seconds, each counted from the previous sending, a datagram is sent again. */
  readonly resendAfter: readonly number[];
  /** Whether a datagram may be sent again now; it may if not given. */
  readonly mayResend?: (() => boolean) | undefined;
  /** Called before a datagram is sent again. */
  readonly onResend?: (() => void) | undefined;
  /** Called when a stream is connected, over which the server gets the request. */
  readonly onConnect?: (() => void) | undefined;
  /** Whether a datagram may be the answer; any may if not given. */
  readonly isReply?: (datagram: Uint8Array) => boolean;
}

/**
 * One attempt: sends `request`, resolves to the first reply, which may be of any kind if no better one comes, and
 * rejects when there can be none.
 */
export type Exchange = (target: Target, request: Uint8Array, options: ExchangeOptions) => Promise<Uint8Array>;

export interface Protocol {
  /** Whether `host` is a name to resolve before an attempt. */
  readonly resolves: boolean;
  readonly exchange: Exchange;
}

// All but the most common protocol are loaded when first used.
const tcp: Exchange = async (...attempt) => (await import('./tcp.ts')).exchangeTcp(...attempt);

/** Every protocol. */
export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  udp: { resolves: true, exchange: exchangeUdp },
  tcp: { resolves: true, exchange: tcp },
  unix: { resolves: false, exchange: tcp },
  https: {
    resolves: false,
    exchange: async (...attempt) => (await import('./https.ts')).exchangeHttps(...attempt),
  },
};

/** A target in words, such as `udp 127.0.0.1:88` or `tcp [::1]:88`. */
export function describeTarget({ protocol, host, port, address = host }: Target): string {
  if (!PROTOCOLS[protocol].resolves) return protocol === 'unix' ? `unix ${host}` : host;
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Whether `host` is an IPv4 or IPv6 address, which needs no resolving. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}
