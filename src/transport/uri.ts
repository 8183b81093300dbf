import { parseKdc } from '../config/host-port.ts';
import { queryDns } from './dns-query.ts';
import type { ProtocolName } from './protocols.ts';
import type { StopSignal } from './stop-signal.ts';

/** One URI record (RFC 7553). */
export interface UriRecord {
  readonly priority: number;
  readonly weight: number;
  readonly target: string;
}

/** Resolves to the URI records of a name, none if it has none; rejects when DNS does not answer. */
export type UriLookup = (name: string, signal: StopSignal) => Promise<readonly UriRecord[]>;

/** The contents of a `krb5srv:` URI. */
export interface ServerUri {
  readonly primary: boolean;
  readonly host: string;
  readonly port: number;
  readonly protocol: ProtocolName;
}

const URI = 256;

/** Look-ups by the system's DNS servers or by `servers`, as `address:port`; Node's resolver does not know the type. */
export function createUriLookup(servers?: readonly string[]): UriLookup {
  return async (name, signal) => {
    const answers = await queryDns(name, URI, { signal, servers });
    return answers.flatMap(data => {
      if (data.length < 5) return [];
      const view = Buffer.from(data.buffer, data.byteOffset, data.length);
      return [
        { priority: view.readUInt16BE(0), weight: view.readUInt16BE(2), target: view.toString('latin1', 4) },
      ];
    });
  };
}

/** Parses `krb5srv:FLAGS:TRANSPORT:RESIDUAL`; undefined for anything else, and for an unknown transport. */
export function parseServerUri(text: string, defaultPort: number): ServerUri | undefined {
  const [, flags = '', transport = '', residual = ''] =
    /^krb5srv:([^:]*):(udp|tcp|kkdcp):(.+)$/is.exec(text) ?? [];
  const primary = /m/i.test(flags);
  const protocol = transport.toLowerCase();
  if (protocol === 'kkdcp') {
    const proxy = parseKdc(residual);
    return proxy?.kind === 'https' ? { primary, host: proxy.url, port: 0, protocol: 'https' } : undefined;
  }
  if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
  const server = parseKdc(residual, defaultPort);
  return server?.kind === 'host' ? { primary, host: server.host, port: server.port, protocol } : undefined;
}
