import { promises as dns } from 'node:dns';
import { readFileSync } from 'node:fs';
import { searchDomains } from './search-domains.ts';

interface CanonicalNameOptions {
  /** Whether to use the name of the host's address, if it has one. */
  readonly reverse: boolean;
  /** The environment, for the resolver's settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The system's hosts file. */
  readonly hostsFile?: string | undefined;
}

const HOSTS = '/etc/hosts';
/** A longer chain of aliases is a loop. */
const MAX_ALIASES = 8;
/** Milliseconds for one query to one DNS server, and the number of attempts. */
const QUERY = { timeout: 2000, tries: 2 };

/** The name by which the system's resolver knows a host; undefined for an unknown host. */
export async function canonicalName(
  host: string,
  { reverse, env, hostsFile = HOSTS }: CanonicalNameOptions,
): Promise<string | undefined> {
  const address = await addressOf(host);
  if (address === undefined) return undefined;
  const found = reverse ? await nameOf(address) : undefined;
  return found ?? listedName(host, hostsFile) ?? (await aliased(await qualified(host, env)));
}

async function addressOf(host: string): Promise<string | undefined> {
  try {
    return (await dns.lookup(host)).address;
  } catch {
    return undefined;
  }
}

async function nameOf(address: string): Promise<string | undefined> {
  try {
    const { hostname } = await dns.lookupService(address, 0);
    return hostname === address ? undefined : hostname;
  } catch {
    return undefined;
  }
}

/** The canonical name in the line of the hosts file that contains this one. */
function listedName(host: string, file: string): string | undefined {
  try {
    const wanted = host.toLowerCase();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (names.some(name => name.toLowerCase() === wanted)) return names[0];
    }
  } catch {
    // Not every system has the file.
  }
  return undefined;
}

/** The full name for a short one, in the first of the resolver's domains that has such a host. */
async function qualified(host: string, env: CanonicalNameOptions['env']): Promise<string> {
  if (host.includes('.')) return host;
  for (const domain of searchDomains(env)) {
    const full = `${host}.${domain}`;
    if ((await addressOf(`${full}.`)) !== undefined) return full;
  }
  return host;
}

/** The end of a chain of aliases. */
async function aliased(host: string): Promise<string> {
  const resolver = new dns.Resolver(QUERY);
  let name = host;
  try {
    for (let i = 0; i < MAX_ALIASES; i++) name = (await resolver.resolveCname(name))[0] ?? name;
  } catch {
    // The last name is not an alias.
  }
  return name;
}
