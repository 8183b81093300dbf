import { globMatcher } from '../ccache/glob.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';

/**
 * Tests whether a service matches one of some patterns with shell wildcards, such as `HTTP/*` or `*@B.TEST`; a pattern
 * without `@` is compared with the name without its realm. Without patterns, every service matches.
 */
export function serviceMatcher(patterns: readonly string[]): (server: Principal) => boolean {
  const rows = patterns.map(pattern => ({ fits: globMatcher(pattern), realm: pattern.includes('@') }));
  return server =>
    rows.length === 0 || rows.some(({ fits, realm }) => fits(formatPrincipal(server, { realm })));
}
