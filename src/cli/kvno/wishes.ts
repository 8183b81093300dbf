import type { S4uUser } from '../../client/s4u.ts';
import { during } from '../../local/activity.ts';
import { namedCache } from '../../local/caches/named-cache.ts';
import { principalOf } from '../../local/session.ts';
import { NT_ENTERPRISE } from '../../messages/numbers.ts';
import type { Principal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import type { Session } from '../session.ts';

/** Throws UsageError for the first mistake among the options, in MIT's words. */
export function checkArguments(args: Arguments): void {
  const any = (...names: readonly string[]): boolean => names.some(name => args.has(name));
  const seen = new Set<string>();
  for (const each of args.given) {
    if ('mistake' in each) throw new UsageError(each.mistake);
    if (each.option === 'h') throw new UsageError('');
    seen.add(each.option);
    if (seen.has('u') && seen.has('S')) throw new UsageError('Options -u and -S are mutually exclusive');
  }
  if (args.has('u2u') && any('I', 'U', 'F')) {
    throw new UsageError('Options --u2u and -I|-U|-F are mutually exclusive');
  }
  if (args.has('P') && !any('I', 'U', 'F')) {
    throw new UsageError('Option -P (constrained delegation) requires option -I|-U|-F (protocol transition)');
  }
  if (args.operands.length === 0) throw new UsageError('');
}

/** The user that -U, -I and -F name; undefined without them. */
export async function readUser(args: Arguments, session: Session): Promise<S4uUser | undefined> {
  const enterprise = args.has('U');
  const text = enterprise ? args.value('U') : args.value('I');
  const file = args.value('F');
  if (text === undefined && file === undefined) return undefined;
  const name = text === undefined ? undefined : await readName(text, enterprise, session);
  if (file === undefined) return { name };
  const { readCertificate } = await import('./certificate.ts');
  const certificate = await during(`reading certificate file ${file}`, () => readCertificate(file));
  return { name, certificate };
}

function readName(text: string, enterprise: boolean, session: Session): Promise<Principal> {
  const options = enterprise ? { nameType: NT_ENTERPRISE } : {};
  return during(`parsing principal name ${text}`, () => principalOf(text, session, options));
}

/** The ticket-granting ticket in the cache that --u2u names; undefined without it. */
export async function readPeerTicket(args: Arguments, session: Session): Promise<Uint8Array | undefined> {
  const name = args.value('u2u');
  if (name === undefined) return undefined;
  const activity = `getting user-to-user ticket from ${name}`;
  const cache = await namedCache(name, session, activity);
  const { findPeerTgt } = await import('../../client/user-to-user.ts');
  const options = { now: () => session.io.now(), clockskew: session.config.libdefaults.clockskew };
  return during(activity, async () => (await findPeerTgt(cache, options)).ticket);
}
