import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const RESOLV_CONF = '/etc/resolv.conf';

/**
 * The domains in which the system's resolver looks up short names, the host's own first: those in LOCALDOMAIN, else in
 * the last `search` or `domain` line of resolv.conf, else that of the host's name. None on systems without such a file.
 */
export function searchDomains(
  env: Readonly<Record<string, string | undefined>>,
  file = RESOLV_CONF,
): readonly string[] {
  const configured = env.LOCALDOMAIN ?? lastSearch(file);
  if (configured === undefined) return [];
  const [, ...own] = hostname().split('.');
  const domains = configured.split(/[ \t]+/).filter(domain => domain !== '' && domain !== '.');
  return domains.length > 0 ? domains.map(domain => domain.replace(/\.$/, '')) : ownOnly(own.join('.'));
}

/** The value of the last `search` or `domain` line, empty without one; undefined without the file. */
function lastSearch(file: string): string | undefined {
  try {
    const lines = readFileSync(file, 'utf8').matchAll(/^(?:search|domain)[ \t]+(.*)$/gm);
    return [...lines].at(-1)?.[1] ?? '';
  } catch {
    return undefined;
  }
}

function ownOnly(domain: string): readonly string[] {
  return domain === '' ? [] : [domain];
}
