import { type CacheContents, ccacheName } from '../ccache/ccache.ts';
import { type ExchangeOptions, shifted } from '../client/options.ts';
import { renewCredential } from '../client/renew.ts';
import { KerberosError } from '../errors.ts';
import { type Credential, startOf } from '../messages/credential.ts';
import { INVALID, RENEWABLE } from '../messages/flags.ts';
import { isTgs } from '../messages/principal.ts';
import type { Soon } from './soon.ts';
import type { AgentStore } from './store.ts';

export interface RenewalOptions extends ExchangeOptions {
  readonly now: () => Date;
  /** Called once for each ticket that cannot be renewed. */
  readonly log: (line: string) => void;
}

export interface Renewal {
  /** Makes it check soon: there may be another ticket. */
  wake(): void;
  stop(): void;
}

/** Seconds between two checks of the tickets, unless one is due sooner. */
const LONGEST_PAUSE = 30;
const SHORTEST_PAUSE = 0.5;
/** Seconds until a ticket that could not be renewed is tried again, at the earliest. */
const RETRY = 60;
const NEVER = Number.POSITIVE_INFINITY;

interface Failure {
  readonly ticket: Uint8Array;
  /** In milliseconds since 1970; not tried again before. */
  readonly until: number;
}

/** Renews the renewable ticket-granting tickets of a store after half of their lifetime, until it is stopped. */
export function startRenewal(store: AgentStore, options: RenewalOptions): Renewal {
  const stopping = new AbortController();
  const failures = new Map<string, Failure>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  /** When to check next, on the monotonic clock. */
  let next = 0;
  void look();
  return {
    wake() {
      // Many changes in a row must not postpone it for ever.
      if (performance.now() + SHORTEST_PAUSE * 1000 < next) lookAfter(SHORTEST_PAUSE);
    },
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
  };

  function lookAfter(seconds: number): void {
    if (looking || stopping.signal.aborted) return;
    clearTimeout(timer);
    next = performance.now() + seconds * 1000;
    timer = setTimeout(() => void look(), seconds * 1000);
  }

  async function look(): Promise<void> {
    looking = true;
    let due = NEVER;
    // The user is not asked to unlock the keychain for this.
    const members = (await quietly(() => store.peek()))?.members ?? new Map<string, CacheContents>();
    for (const name of failures.keys()) if (!members.has(name)) failures.delete(name);
    for (const [name, contents] of members) {
      due = Math.min(due, await visit(name, contents));
    }
    looking = false;
    const wait = (due - options.now().getTime()) / 1000;
    lookAfter(Math.min(Math.max(wait, SHORTEST_PAUSE), LONGEST_PAUSE));
  }

  /** Renews what is due in one cache; resolves to the time of the next renewal, in milliseconds since 1970. */
  async function visit(name: string, contents: CacheContents): Promise<number> {
    const offset = options.kdcOffset ?? contents.kdcOffset ?? 0;
    const now = shifted(options.now, offset);
    const tgt = contents.credentials.find(credential => isRenewable(credential, now));
    if (tgt === undefined) return NEVER;
    const failure = failures.get(name);
    const failedBefore = failure !== undefined && sameBytes(failure.ticket, tgt.ticket);
    const half = (startOf(tgt).getTime() + tgt.endtime.getTime()) / 2;
    const due = failedBefore ? Math.max(half, failure.until) : half;
    if (now.getTime() < due) return due - offset;
    try {
      const renewed = await renewCredential(tgt, { ...options, kdcOffset: offset, signal: stopping.signal });
      await replace(store, name, tgt, renewed);
      failures.delete(name);
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      if (stopping.signal.aborted) return NEVER;
      failures.set(name, { ticket: tgt.ticket, until: retryAt(now.getTime(), tgt) });
      const cache = ccacheName({ type: 'KCM', residual: name });
      if (!failedBefore) options.log(`Cannot renew the ticket in ${cache}: ${error.message}`);
    }
    return options.now().getTime();
  }
}

/**
 * After half of what is left. Also if the KDC has refused it: it may be starting, or one of the clocks may be wrong for
 * a while after the machine has slept.
 */
function retryAt(now: number, tgt: Credential): number {
  return now + Math.max(RETRY * 1000, (tgt.endtime.getTime() - now) / 2);
}

/** Whether a credential is a valid ticket-granting ticket of the client's own realm whose end can be extended. */
function isRenewable({ client, server, flags, endtime, renewTill }: Credential, now: Date): boolean {
  const own = isTgs(server) && server.components[1] === server.realm && server.realm === client.realm;
  const lasts = now < endtime && renewTill !== undefined && endtime < renewTill;
  return own && lasts && (flags & RENEWABLE) !== 0 && (flags & INVALID) === 0;
}

/** Unless the ticket has been replaced meanwhile. */
async function replace(store: AgentStore, name: string, old: Credential, renewed: Credential): Promise<void> {
  await store.change(caches => {
    const contents = caches.members.get(name);
    const at = contents?.credentials.findIndex(({ ticket }) => sameBytes(ticket, old.ticket)) ?? -1;
    if (contents === undefined || at < 0) return { caches, value: undefined };
    const credentials = contents.credentials.with(at, renewed);
    return {
      caches: { ...caches, members: new Map(caches.members).set(name, { ...contents, credentials }) },
      value: undefined,
    };
  });
}

async function quietly<T>(work: () => Soon<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
