import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const RESOLV_CONF = '/etc/resolv.conf';

/**
 * The domains that the system's resolver looks for short names in, the host's own first: those of LOCALDOMAIN, else of the
 * last `search` or `domain` in resolv.conf, else that of the host's name. None on systems without such a file.
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

/** What `search` or `domain` say, empty where neither is there; undefined without the file. */
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
