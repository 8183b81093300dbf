import type { Socket } from 'node:net';
import { bareHost, connectTo, secureTo } from './connect.ts';
import { Line } from './line.ts';
import type { NegotiateOptions } from './options.ts';
import { Party } from './party.ts';
import { bindingsOf } from './tls-bindings.ts';
import { openTunnel } from './tunnel.ts';

/** How many idle connections to keep for one host. */
const MAX_IDLE = 8;

/** The connections of one client, kept for a while after their use. */
export class Lines {
  private readonly options: NegotiateOptions;
  private readonly kept = new Map<string, Line[]>();

  constructor(options: NegotiateOptions) {
    this.options = options;
  }

  /** A connection to a URL's host, or to its proxy. */
  async take(url: URL, proxy: URL | undefined, signal?: AbortSignal): Promise<Line> {
    const key = keyOf(url, proxy);
    const known = this.kept.get(key) ?? [];
    for (let line = known.pop(); line !== undefined; line = known.pop()) if (line.idle) return line;
    this.kept.delete(key);
    return new Line(await this.connect(url, proxy, signal), line => this.forget(key, line));
  }

  /** Returns a connection that is idle. */
  give(url: URL, proxy: URL | undefined, line: Line): void {
    const key = keyOf(url, proxy);
    const known = this.kept.get(key) ?? [];
    this.kept.set(key, known);
    if (known.length < MAX_IDLE) known.push(line);
    else line.close();
  }

  /** The proxy that sees a plain-text request; a tunnel has authenticated to its proxy already. */
  party(proxy: URL, socketBindings: Line['bindings'], signal?: AbortSignal): Party {
    const { open, channelBindings = true } = this.options;
    return new Party({
      name: `The proxy ${proxy.host}`,
      // Proxies have no common way of authenticating themselves (RFC 4559 defines none at all).
      mutual: 'optional',
      open: () =>
        open({
          host: bareHost(proxy),
          delegation: 'none',
          ...(channelBindings && { channelBindings: socketBindings }),
          signal,
        }),
    });
  }

  /** A connection to a URL's host through a proxy, not yet secure. */
  tunnel(url: URL, proxy: URL, signal?: AbortSignal): Promise<Socket> {
    return openTunnel(url, {
      connect: () => connectTo(proxy, this.options, signal),
      proxy: socket => this.party(proxy, bindingsOf(socket, 'client'), signal),
      signal,
    });
  }

  private async connect(url: URL, proxy: URL | undefined, signal?: AbortSignal): Promise<Socket> {
    if (proxy === undefined) return connectTo(url, this.options, signal);
    if (url.protocol !== 'https:') return connectTo(proxy, this.options, signal);
    return secureTo(url, await this.tunnel(url, proxy, signal), this.options, signal);
  }

  private forget(key: string, line: Line): void {
    const left = this.kept.get(key)?.filter(other => other !== line) ?? [];
    if (left.length > 0) this.kept.set(key, left);
    else this.kept.delete(key);
  }
}

function keyOf(url: URL, proxy: URL | undefined): string {
  return proxy === undefined ? url.origin : `${url.origin} by ${proxy.origin}`;
}
