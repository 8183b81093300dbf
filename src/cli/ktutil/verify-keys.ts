import { runErrand } from '../../client/service.ts';
import { requestService } from '../../client/service-request.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { isSupported } from '../../crypto/enctype-list.ts';
import { IntegrityError, KerberosError } from '../../errors.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { cacheOf } from '../../local/caches/named-caches.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { KDC_ERR_ETYPE_NOSUPP } from '../../messages/error-codes.ts';
import { KdcError } from '../../messages/krb-error.ts';
import { KU_TICKET } from '../../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { toKey, unseal } from '../../messages/seal.ts';
import { EncTicketPart, Ticket } from '../../messages/ticket.ts';
import type { EncryptedData } from '../../messages/types.ts';
import type { Session } from '../session.ts';
import { isRefused, liveKvno, proveSecret } from './live.ts';

/**
 * The state of a key compared with the KDC: `current`, verified and of its version; `unproven`, of its version, but not
 * verifiable; `old`; `ahead` of it; `wrong`, another key of its version; `misnumbered`, the right key under another
 * version; `not-at-kdc`, of an enctype for which the KDC has no key; `unasked`, if the KDC did not answer.
 */
export type KeyState =
  | 'current'
  | 'unproven'
  | 'old'
  | 'ahead'
  | 'wrong'
  | 'misnumbered'
  | 'not-at-kdc'
  | 'unasked';

/** What was found out about one key. */
export interface Finding {
  readonly entry: KeytabEntry;
  readonly state: KeyState;
  /** The KDC's version, if it was found out. */
  readonly live: number | undefined;
}

/** Compares the keys of one principal with the KDC's. Throws the error if the KDC cannot be asked. */
export async function checkKeys(
  own: readonly KeytabEntry[],
  cache: string | undefined,
  session: Session,
): Promise<readonly Finding[]> {
  const { principal } = own[0]!;
  const seen = await during(`verifying the keys of ${formatPrincipal(principal)}`, async () => {
    let asClient: Seen;
    try {
      asClient = await seenAsClient(own, session);
    } catch (error) {
      if (!(error instanceof KdcError)) throw error;
      return seenInTicket(principal, own, { cache, session, refusal: error });
    }
    const { live, states, refusal } = asClient;
    if (refusal === undefined || live !== undefined) return asClient;
    try {
      const inTicket = await seenInTicket(principal, own, { cache, session, refusal });
      return { live: inTicket.live, states: new Map([...states, ...inTicket.states]) };
    } catch (error) {
      // It would only have told which version the KDC has.
      if (error instanceof KerberosError) return asClient;
      throw error;
    }
  });
  return own.map(entry => ({ entry, state: stateOf(entry, seen), live: seen.live }));
}

/** What was found out about the keys of one principal. */
interface Seen {
  readonly live: number | undefined;
  readonly states: ReadonlyMap<KeytabEntry, 'right' | 'wrong' | 'not-at-kdc'>;
  /** Why a key is wrong, if one is. */
  readonly refusal?: KerberosError | undefined;
}

function stateOf(entry: KeytabEntry, { live, states }: Seen): KeyState {
  const state = states.get(entry);
  const isLive = live === undefined || isVersion(entry, live);
  if (state === 'not-at-kdc') return state;
  if (state === 'right') return isLive ? 'current' : 'misnumbered';
  if (isLive) return state ?? 'unproven';
  return entry.kvno < live ? 'old' : 'ahead';
}

/** Old keytabs have the low 8 bits only. */
function isVersion({ kvno }: KeytabEntry, live: number): boolean {
  return kvno === live || kvno === (live & 0xff);
}

/** Tries each of the newest keys in a login as the client. */
async function seenAsClient(own: readonly KeytabEntry[], session: Session): Promise<Seen> {
  const newest = Math.max(...own.map(({ kvno }) => kvno));
  const states = new Map<KeytabEntry, 'right' | 'wrong' | 'not-at-kdc'>();
  let live: number | undefined;
  for (const entry of own.filter(({ kvno, key }) => kvno === newest && isSupported(key.keytype))) {
    try {
      const options = { session, enctypes: [entry.key.keytype] };
      // One key reveals the version of all of them.
      if (live !== undefined) await proveSecret(entry.principal, { keytab: [entry] }, options);
      else live = await liveKvno(entry.principal, { keytab: [entry] }, options);
      states.set(entry, 'right');
    } catch (error) {
      if (isKeyAbsent(error)) {
        states.set(entry, 'not-at-kdc');
        continue;
      }
      if (!isRefused(error)) throw error;
      states.set(entry, 'wrong');
      // More attempts might have the account locked.
      return { live, states, refusal: error };
    }
  }
  return { live, states };
}

/** Whether the KDC has no key of the enctype that was asked for first, or wants a key of another one. */
function isKeyAbsent(error: unknown): boolean {
  if (error instanceof KdcError) return error.errorCode === KDC_ERR_ETYPE_NOSUPP;
  return error instanceof KerberosError && error.code === 'KEYTAB_NO_KEY';
}

interface TicketSource {
  readonly cache: string | undefined;
  readonly session: Session;
  /** Why the principal cannot be a client, which is reported if there is no other way. */
  readonly refusal: KerberosError;
}

/** Tries the keys on a new ticket for the principal, requested with the user's own ticket. */
async function seenInTicket(
  principal: Principal,
  own: readonly KeytabEntry[],
  { cache: name, session, refusal }: TicketSource,
): Promise<Seen> {
  const cache = await cacheOf(name, session);
  try {
    await cache.load();
  } catch {
    throw refusal;
  }
  const errand = {
    realm: principal.realm,
    // A ticket in the cache might be older than the key.
    find: () => undefined,
    request: (...[tgt, options]: Parameters<Parameters<typeof runErrand>[1]['request']>) =>
      requestService(tgt, principal, options),
  };
  const options = { ...exchangeOptions(session, defaultTgsEnctypes(session.config)), noStore: true };
  const { ticket } = await runErrand(cache, errand, options);
  const { encPart } = Ticket.decode(ticket);
  const tried = own.filter(
    entry =>
      entry.key.keytype === encPart.etype && (encPart.kvno === undefined || isVersion(entry, encPart.kvno)),
  );
  return {
    live: encPart.kvno,
    states: new Map(tried.map(entry => [entry, opens(entry, encPart) ? 'right' : 'wrong'])),
  };
}

function opens({ key }: KeytabEntry, sealed: EncryptedData): boolean {
  try {
    unseal(EncTicketPart, sealed, toKey(key), KU_TICKET);
    return true;
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  }
}
