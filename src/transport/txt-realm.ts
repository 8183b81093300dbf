import type { Trace } from '../trace.ts';
import { resolveRecords } from './resolver.ts';
import { StopController, type StopSignal } from './stop-signal.ts';

/**
 * Resolves to the TXT records of a name, each as its strings, none if it has none; rejects when DNS does not answer.
 */
export type TxtLookup = (name: string, signal: StopSignal) => Promise<readonly (readonly string[])[]>;

export interface TxtRealmOptions {
  /** DNS look-ups; those of the system's resolver if not given. */
  readonly lookupTxt?: TxtLookup | undefined;
  readonly trace?: Trace | undefined;
  readonly signal?: StopSignal | undefined;
}

/** Errors of Node's resolver after which the next query would not be answered, either. */
const SILENCE: readonly string[] = ['ETIMEOUT', 'ECONNREFUSED'];
/** The maximum length of a name in DNS. */
const MAX_NAME_LENGTH = 253;

/** Look-ups by the system's DNS servers or by `servers`, as `address:port`. */
export function createTxtLookup(servers?: readonly string[]): TxtLookup {
  return (name, signal) => resolveRecords(resolver => resolver.resolveTxt(name), { signal, servers });
}

/**
 * The realm that TXT records assign to a host: `_kerberos` at its own name, else at the nearest domain around it.
 * Undefined if there are none, or if DNS does not answer.
 */
export async function findTxtRealm(host: string, options: TxtRealmOptions = {}): Promise<string | undefined> {
  return firstTxtRealm(domainsOf(host), options);
}

/** The realm of the first of some domains with such a record. */
export async function firstTxtRealm(
  domains: readonly string[],
  { lookupTxt = createTxtLookup(), trace, signal = new StopController() }: TxtRealmOptions = {},
): Promise<string | undefined> {
  for (const domain of domains) {
    const query = `_kerberos.${domain}`;
    if (query.length > MAX_NAME_LENGTH) continue;
    try {
      const realm = realmIn(await lookupTxt(query, signal));
      const outcome = realm === undefined ? 'not found' : `found: ${realm}`;
      const answers = realm === undefined ? [] : [realm];
      trace?.(`TXT record ${query}. ${outcome}`, { kind: 'lookup', query, answers });
      if (realm !== undefined) return realm;
    } catch (error) {
      const { code = '', message: failure } = error as NodeJS.ErrnoException;
      trace?.(`TXT record ${query}. not found: ${failure}`, { kind: 'lookup', query, answers: [], failure });
      if (signal.aborted || SILENCE.includes(code)) return undefined;
    }
  }
  return undefined;
}

/** A host's name and the domains around it, innermost first. */
function domainsOf(host: string): readonly string[] {
  const labels = host.split('.').filter(label => label !== '');
  return labels.map((_, i) => labels.slice(i).join('.'));
}

/** The realm in the first record; many end with a dot. Undefined for what cannot be a realm. */
function realmIn([record]: readonly (readonly string[])[]): string | undefined {
  const realm = record?.[0]?.replace(/\.$/, '') ?? '';
  return /^[!#-~]+$/.test(realm) ? realm : undefined;
}
