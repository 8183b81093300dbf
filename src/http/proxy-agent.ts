import { Agent, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { KerberosError } from '../errors.ts';
import { Lines } from './lines.ts';
import type { NegotiateOptions } from './options.ts';

export interface ProxyAgentOptions
  extends Pick<NegotiateOptions, 'open' | 'channelBindings' | 'tls' | 'agents'> {
  /** The options of the agent itself, such as `keepAlive`; `tls` is for a connection to the proxy. */
  readonly agent?: AgentOptions | undefined;
}

type Target = ConnectionOptions & { readonly host: string; readonly port: number; readonly timeout?: number };
/** Milliseconds that a proxy has for a tunnel, if the request sets no `timeout`: Node aborts no request before it. */
const PATIENCE = 60_000;

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
    const signal = AbortSignal.timeout(target.timeout || PATIENCE);
    lines
      .tunnel(url, address, signal)
      .then(socket => secured(socket, target))
      .then(
        socket => done(null, socket),
        error => done(signal.aborted ? silent(address, error) : error),
      );
  };
  return Object.assign(new Agent(options.agent), { createConnection });
}

function silent({ host }: URL, cause: unknown): KerberosError {
  return new KerberosError('HTTP', `The proxy ${host} does not answer`, { cause });
}

/** TLS in a tunnel. Throws what is wrong with the options, such as a key. */
function secured(socket: Socket, target: Target): Socket {
  try {
    return connect({ ...target, socket });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
