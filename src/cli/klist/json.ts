import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { cacheOf, cachesAround, isAbsent, readableContents } from '../../local/caches/named-caches.ts';
import { cacheJson, cacheSummaryJson, type MoreOfTicket } from '../cache/json.ts';
import type { Arguments } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { keytabJson } from '../keytab-json.ts';
import { tellShortly } from '../run-command.ts';
import type { Session } from '../session.ts';
import { indicatorsWith } from './indicators.ts';
import { chosenKeytab } from './keytab.ts';

/** Prints klist's listing as one line of JSON; resolves to the exit status. */
export async function listInJson(args: Arguments, session: Session): Promise<number> {
  const { io } = session;
  const [name] = args.operands;
  if (args.has('l')) return listCaches(name, session);
  const more = await indicatorsOf(args.value('I'), session);
  if (args.has('A')) return listAll(args, session, more);
  if (args.has('k')) {
    const keytab = chosenKeytab(name, session, { client: args.has('i') });
    const entries = await during('starting keytab scan', () => keytab.entries());
    io.out(lineOfJson(keytabJson(keytab, entries, { withKeys: args.has('K') })));
    return 0;
  }
  const cache = await cacheOf(name, session);
  io.out(lineOfJson(await cacheJson(cache, await cache.load(), { now: io.now(), more })));
  return 0;
}

async function indicatorsOf(keytab: string | undefined, session: Session): Promise<MoreOfTicket | undefined> {
  if (keytab === undefined) return undefined;
  const find = await indicatorsWith(keytab, session);
  return credential => ({ authenticationIndicators: find(credential) });
}

async function listCaches(name: string | undefined, session: Session): Promise<number> {
  const { io } = session;
  const now = io.now();
  const caches: object[] = [];
  for (const cache of await cachesAround(name, session)) {
    const contents = await readableContents(cache);
    if (contents !== undefined) caches.push(cacheSummaryJson(cache, contents, now));
  }
  io.out(lineOfJson({ caches }));
  return caches.length > 0 ? 0 : 1;
}

async function listAll(args: Arguments, session: Session, more: MoreOfTicket | undefined): Promise<number> {
  const { io } = session;
  const now = io.now();
  const caches: object[] = [];
  for (const cache of await cachesAround(args.operands[0], session)) {
    try {
      caches.push(await cacheJson(cache, await cache.load(), { now, more }));
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      if (!isAbsent(error)) await tellShortly({ program: 'klist', error, exitStatus: 1 }, args, io);
    }
  }
  io.out(lineOfJson({ caches }));
  return caches.length > 0 ? 0 : 1;
}
