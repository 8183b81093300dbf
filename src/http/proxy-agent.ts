import { Agent, type AgentOptions } from 'node:https';
import { type ConnectionOptions, connect } from 'node:tls';
import { Lines } from './lines.ts';
import type { NegotiateOptions } from './options.ts';

export interface ProxyAgentOptions
  extends Pick<NegotiateOptions, 'open' | 'channelBindings' | 'tls' | 'agents'> {
  /** The options of the agent itself, such as `keepAlive`; `tls` is for a connection to the proxy. */
  readonly agent?: AgentOptions | undefined;
}

type Target = ConnectionOptions & { readonly host: string; readonly port: number };
type Done = (error: unknown, socket?: unknown) => void;

/**
 * An `https.Agent` whose connections are tunnels through a proxy that asks for authentication by Negotiate, for every
 * client of node:https. The requests fail with KerberosError HTTP if the proxy refuses, and with what opening a context
 * throws.
 */
export function negotiateProxyAgent(proxy: string | URL, options: ProxyAgentOptions): Agent {
  const address = new URL(proxy);
  const lines = new Lines(options);
  const createConnection = (target: Target, done: Done): void => {
    const host = target.host.includes(':') ? `[${target.host}]` : target.host;
    const url = new URL(`https://${host}:${target.port}`);
    lines.tunnel(url, address).then(socket => done(null, connect({ ...target, socket })), done);
  };
  return Object.assign(new Agent(options.agent), { createConnection });
}
