import { NT_SRV_HST } from '../messages/numbers.ts';
import { type Principal, parsePrincipal, samePrincipal } from '../messages/principal.ts';
import type { Ccache } from './ccache.ts';
import { globMatcher } from './glob.ts';
import { type CacheHead, readableHead } from './head.ts';

/** A line of a `.k5identity` file: the client to use for matching services. */
export interface IdentityRule {
  readonly client: Principal;
  matches(server: Principal): boolean;
}

export interface IdentityOptions {
  /** The text of the user's `.k5identity`, if there is one. */
  readonly rules?: string | undefined;
  /** The realm of names without one. */
  readonly defaultRealm?: string | undefined;
}

/** The identity chosen for a service. */
export interface ChosenIdentity {
  readonly client: Principal;
  /** Absent if a rule names a client without a cache. */
  readonly cache: Ccache | undefined;
}

/**
 * Parses a `.k5identity` file: lines `PRINCIPAL FIELD=PATTERN …` with the fields `realm`, `service` and `host`. Blank
 * lines, those that begin with `#` and those with an invalid principal are ignored; unknown fields never match.
 */
export function parseIdentities(text: string, defaultRealm?: string): readonly IdentityRule[] {
  return text
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([name = '']) => name !== '' && !name.startsWith('#'))
    .flatMap(([name = '', ...fields]) => {
      const client = parseQuietly(name, defaultRealm);
      if (client === undefined) return [];
      const conditions = fields.map(parseField);
      return [{ client, matches: (server: Principal) => conditions.every(condition => condition(server)) }];
    });
}

function parseQuietly(name: string, defaultRealm: string | undefined): Principal | undefined {
  try {
    return parsePrincipal(name, { defaultRealm });
  } catch {
    return undefined;
  }
}

/**
 * The client to use for a service, and its cache, from a collection whose primary cache is the first one: by the first
 * matching rule, else the first cache of the service's realm. Undefined if neither applies.
 */
export async function selectIdentity(
  server: Principal,
  caches: readonly Ccache[],
  { rules = '', defaultRealm }: IdentityOptions,
): Promise<ChosenIdentity | undefined> {
  const rule = parseIdentities(rules, defaultRealm).find(({ matches }) => matches(server));
  if (rule !== undefined) {
    const { client } = rule;
    const found = await findCache(caches, ({ principal }) => samePrincipal(principal, client));
    return { client, cache: found?.cache };
  }
  return server.realm === ''
    ? undefined
    : findCache(caches, ({ principal }) => principal.realm === server.realm);
}

async function findCache(
  caches: readonly Ccache[],
  fits: (head: CacheHead) => boolean,
): Promise<ChosenIdentity | undefined> {
  for (const cache of caches) {
    const head = await readableHead(cache);
    if (head !== undefined && fits(head)) return { client: head.principal, cache };
  }
  return undefined;
}

/** A field's condition; that of an unknown field is never met. */
function parseField(field: string): (server: Principal) => boolean {
  const [, name, pattern = ''] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
  const fits = globMatcher(pattern);
  switch (name) {
    case 'realm':
      return server => fits(server.realm);
    case 'service':
      return server => isHostBased(server) && fits(server.components[0]!);
    case 'host':
      return server => isHostBased(server) && fits(server.components[1]!.toLowerCase());
    default:
      return () => false;
  }
}

function isHostBased({ nameType, components }: Principal): boolean {
  return nameType === NT_SRV_HST && components.length === 2;
}
