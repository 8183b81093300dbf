import type { NegotiateOptions } from './options.ts';

/** Where a request came from, if another was redirected to it. */
export interface Redirected {
  /** The first URL of the chain of redirects. */
  readonly first: URL;
  /** Whether an earlier URL was one of https. */
  readonly secure: boolean;
}

/** Whether to authenticate to a host: never over http after https, and not to a host that only a redirect named. */
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
