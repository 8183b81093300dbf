import type { NegotiateOptions } from './options.ts';

/** Where a request came from, if another was redirected to it. */
export interface Redirected {
  /** The first URL that was asked for. */
  readonly first: URL;
  /** Whether a URL before was one of https. */
  readonly secure: boolean;
}

/** Whether a host may be authenticated to: never over http after https, and no host that only a redirect named. */
export function mayNegotiate(
  url: URL,
  { hosts }: Pick<NegotiateOptions, 'hosts'>,
  redirected?: Redirected,
): boolean {
  if (redirected?.secure && url.protocol !== 'https:') return false;
  if (typeof hosts === 'function') return hosts(url);
  if (hosts !== undefined) return hosts.some(pattern => fits(url.hostname, pattern));
  return redirected === undefined || url.hostname === redirected.first.hostname;
}

function fits(hostname: string, pattern: string): boolean {
  const [name, wanted] = [hostname, pattern].map(text => text.toLowerCase().replace(/\.$/, '')) as [
    string,
    string,
  ];
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
}
