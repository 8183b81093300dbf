/** The value of a `kdc =` relation. */
export type KdcAddress =
  | { readonly kind: 'host'; readonly host: string; readonly port: number; readonly protocol?: 'udp' | 'tcp' }
  | { readonly kind: 'https'; readonly url: string }
  | { readonly kind: 'unix'; readonly path: string };

const KDC_PORT = 88;
const MAX_PORT = 65535;

/**
 * Parses `host`, `host:port` or `[address]:port`, up to the first blank; a number alone is a port and leaves the host
 * undefined. Undefined for anything else.
 */
export function parseHostPort(
  text: string,
  defaultPort: number,
): { readonly host: string | undefined; readonly port: number } | undefined {
  const address = text.split(/[ \t]/, 1)[0]!;
  const match = /^(?:(\d+)|\[([^\]]+)\](?::(\d+))?|([^:[][^:]*)(?::(\d+))?)$/.exec(address);
  if (match === null) return undefined;
  const port = Number(match[1] ?? match[3] ?? match[5] ?? defaultPort);
  return port > MAX_PORT ? undefined : { host: match[2] ?? match[4], port };
}

/**
 * Parses a `kdc =` value: `host[:port]`, `udp/host` or `udp://host`, `tcp/host` or `tcp://host`, an https URL (MS-KKDCP)
 * or the path of a socket.
 */
export function parseKdc(text: string, defaultPort = KDC_PORT): KdcAddress | undefined {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  if (/^https:\/\//i.test(text)) return URL.canParse(text) ? { kind: 'https', url: text } : undefined;
  const prefix = /^(udp|tcp)(?:\/|:\/\/)(.*)$/i.exec(text);
  const address = parseHostPort(prefix?.[2] ?? text, defaultPort);
  if (address?.host === undefined) return undefined;
  const { host, port } = address;
  if (prefix === null) return { kind: 'host', host, port };
  return { kind: 'host', host, port, protocol: prefix[1]!.toLowerCase() === 'udp' ? 'udp' : 'tcp' };
}
