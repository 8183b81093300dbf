import type { InitialResult } from '../../client/initial.ts';
import { askKeyHints } from '../../client/key-hints.ts';
import type { Secret } from '../../client/secret.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { randomBytes } from '../../crypto/random.ts';
import { KerberosError, TransportError } from '../../errors.ts';
import { keysOf } from '../../keytab/find.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import type { PasswordTicket } from '../../local/password.ts';
import { principalOf } from '../../local/session.ts';
import { NT_SRV_INST } from '../../messages/numbers.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { warnOfWeak } from '../input-warnings.ts';
import { setPassword } from '../password-change.ts';
import { openSession, type Session } from '../session.ts';
import { showWaits } from '../terminal/waiting.ts';
import type { Io } from '../terminal.ts';
import { passwordToKeys } from './add-keys.ts';
import { enctypesOf } from './enctypes.ts';
import { countKeys, isSame, isSameSlot, keysJson, keytabOf, storeEntries } from './keytab.ts';
import { isRefused, liveKvno, proveSecret } from './live.ts';
import { ageOf, isSuperseded } from './remove.ts';
import { checkSources, readSecret } from './secret.ts';

const name = 'ktutil rotate';

/** What is rotated, and where. */
interface Rotation {
  readonly principal: Principal;
  readonly keytab: Keytab;
  readonly enctypes: readonly number[];
  readonly session: Session;
}

/** Rotates the keys of a principal; resolves to the exit status. */
export async function rotateKeys(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length !== 1) throw new UsageError(`${name}: name one principal`);
  checkSources(args, name);
  const age = ageOf(args, name);
  const session = openSession(io, { follow: showWaits });
  const principal = await principalOf(args.operands[0]!, session);
  const keytab = keytabOf(args, session);
  const named = enctypesOf(args, name);
  warnOfWeak('ktutil', named ?? [], io);
  const enctypes = named ?? defaultTktEnctypes(session.config);
  const rotation = { principal, keytab, enctypes, session };
  const before = await entriesIn(rotation, { mayLack: args.has('admin') });
  const changer = await changerOf(rotation, before, args);
  const entries = await rotate(rotation, changer);
  const removed = await removeSuperseded(rotation, age);
  const kept = keysOf(await entriesIn(rotation), principal).length - entries.length;
  if (args.has('json')) io.out(await keysJson(keytab.name, 'keys', entries, { kept, removed }));
  else if (!args.has('quiet')) {
    const old = `kept ${kept} old, removed ${removed}`;
    const count = `${countKeys(entries.length)} of ${formatPrincipal(principal)}, kvno ${entries[0]!.kvno}`;
    io.out(`New in ${keytab.name}: ${count}; ${old}\n`);
  }
  return 0;
}

/** The keys in the keytab; an administrator does not need any. */
async function entriesIn({ keytab }: Rotation, { mayLack = false } = {}): Promise<readonly KeytabEntry[]> {
  try {
    return await keytab.entries();
  } catch (error) {
    if (mayLack && error instanceof KerberosError && error.code === 'KEYTAB_NOT_FOUND') return [];
    return during(`reading ${keytab.name}`, () => Promise.reject(error));
  }
}

/** The principal that changes the password. */
interface Changer {
  /** For the password server. */
  readonly ticket: PasswordTicket;
  /** The version of the principal's keys before the change. */
  readonly kvno: number;
}

async function changerOf(
  { principal, enctypes, session }: Rotation,
  before: readonly KeytabEntry[],
  args: Arguments,
): Promise<Changer> {
  const admin = args.value('admin');
  const client = admin === undefined ? principal : await principalOf(admin, session);
  const prompt = `Password for ${formatPrincipal(client)}: `;
  const server = { nameType: NT_SRV_INST, components: ['kadmin', 'changepw'], realm: principal.realm };
  const options = { session, enctypes, server };
  return during('getting initial ticket', async () => {
    if (admin !== undefined) {
      const secret: Secret = { password: () => readSecret(args, prompt, session.io) };
      const { result } = await proveSecret(client, secret, options);
      const { credential, kdcOffset } = result;
      return { ticket: { credential, kdcOffset, target: principal }, kvno: newestKvno(before, principal) };
    }
    const { keytab, result } = await proveKeytab(principal, before, options);
    const { credential, kdcOffset } = result;
    const kvno = await liveKvno(principal, { keytab }, { session, enctypes });
    return { ticket: { credential, kdcOffset }, kvno: kvno ?? newestKvno(keytab, principal) };
  });
}

/**
 * Logs in with the newest keys or, if they are refused, those before them: an earlier rotation may have left keys that
 * the KDC never got.
 */
async function proveKeytab(
  principal: Principal,
  keytab: readonly KeytabEntry[],
  options: Parameters<typeof proveSecret>[2],
): Promise<{ readonly keytab: readonly KeytabEntry[]; readonly result: InitialResult }> {
  try {
    return { keytab, ...(await proveSecret(principal, { keytab }, options)) };
  } catch (error) {
    const newest = newestKvno(keytab, principal);
    const older = keysOf(keytab, principal).filter(({ kvno }) => kvno !== newest);
    if (older.length === 0 || !isRefused(error)) throw error;
    return { keytab: older, ...(await proveSecret(principal, { keytab: older }, options)) };
  }
}

function newestKvno(entries: readonly KeytabEntry[], principal: Principal): number {
  return Math.max(0, ...keysOf(entries, principal).map(({ kvno }) => kvno));
}

/** Changes the password; resolves to the new entries. */
async function rotate(rotation: Rotation, changer: Changer): Promise<readonly KeytabEntry[]> {
  const { keytab, principal } = rotation;
  // It contains all classes of characters that a policy may require.
  const password = `Aa1=${Buffer.from(randomBytes(32)).toString('base64')}`;
  const kvno = changer.kvno + 1;
  // They are in the keytab before the KDC has them: whatever happens to us, no ticket arrives that it cannot open.
  const foreseen = (await entriesFor(rotation, password, kvno)).map(unconfirmed);
  await storeEntries(keytab, foreseen);
  try {
    await change(changer, password, rotation.session);
  } catch (error) {
    const isTaken = await takes(rotation, password);
    if (isTaken !== true) {
      await settle(rotation, foreseen, isRefusal(error, isTaken));
      throw error;
    }
  }
  const secret = { password: async () => password };
  const live = await during('proving the new password', () => liveKvno(principal, secret, rotation));
  const actual = await entriesFor(rotation, password, live ?? kvno);
  await during(`writing ${keytab.name}`, async () => {
    // Added first, so that there is a key at any time.
    await keytab.add(actual);
    await keytab.remove(
      entry =>
        [...foreseen, ...actual].some(other => isSameSlot(entry, other)) &&
        (isUnconfirmed(entry) || !actual.some(other => isSame(entry, other))),
    );
  });
  return actual;
}

/** The end of the time that a keytab can hold: `isSuperseded` must not take the keys for newer ones yet. */
const NEVER = new Date(0xffffffff * 1000);

/** An entry that the KDC may never get. */
function unconfirmed(entry: KeytabEntry): KeytabEntry {
  return { ...entry, timestamp: NEVER };
}

function isUnconfirmed({ timestamp }: KeytabEntry): boolean {
  return timestamp.getTime() === NEVER.getTime();
}

async function change({ ticket }: Changer, password: string, session: Session): Promise<void> {
  await during('changing password', async () => {
    const { changed, sentence } = await setPassword(ticket, password, session);
    if (!changed) throw new KerberosError('PASSWORD_NOT_CHANGED', sentence.replaceAll('\n', ' '));
  });
}

/** The entries for a password, according to what the KDC says now. */
async function entriesFor(
  { principal, enctypes, session }: Rotation,
  password: string,
  kvno: number,
): Promise<readonly KeytabEntry[]> {
  const timestamp = session.io.now();
  const hints = await during('asking for the salt', () =>
    askKeyHints(principal, {
      ...exchangeOptions(session, defaultTktEnctypes(session.config)),
      keyEnctypes: enctypes,
    }),
  );
  return passwordToKeys(password, hints).map(key => ({ principal, timestamp, kvno, key }));
}

/** After a failure: the new keys leave the keytab, unless the KDC might still have them or get them. */
async function settle(
  { keytab, session }: Rotation,
  foreseen: readonly KeytabEntry[],
  refused: boolean,
): Promise<void> {
  if (refused) {
    await during(`writing ${keytab.name}`, () =>
      keytab.remove(entry => foreseen.some(other => isSame(entry, other))),
    );
    return;
  }
  const left = `the new keys, kvno ${foreseen[0]!.kvno}, stay in ${keytab.name}`;
  session.io.err(
    `${name}: warning: the password may have been changed, or may still be: ${left}; rotate again, or remove them with 'ktutil remove --kvno'\n`,
  );
}

/** Whether a failure means that the password is unchanged, and remains so. */
function isRefusal(error: unknown, isTaken: boolean | undefined): boolean {
  const cause = error instanceof ActivityError ? error.cause : error;
  if (cause instanceof TransportError) {
    // Where no server is known, what was tried are queries to DNS.
    const unknown = cause.code === 'REALM_UNKNOWN';
    return isTaken === false && (unknown || cause.attempts.every(({ undelivered }) => undelivered));
  }
  return cause instanceof KerberosError && cause.code === 'PASSWORD_NOT_CHANGED';
}

/** Whether the KDC has the new password, as far as can be found out: another of its servers may get it later. */
async function takes(rotation: Rotation, password: string): Promise<boolean | undefined> {
  try {
    await proveSecret(rotation.principal, { password: async () => password }, rotation);
    return true;
  } catch (error) {
    return isRefused(error) ? false : undefined;
  }
}

async function removeSuperseded({ principal, keytab, session }: Rotation, age: number): Promise<number> {
  const entries = await keytab.entries();
  const now = session.io.now();
  return during(`writing ${keytab.name}`, () =>
    keytab.remove(
      entry => samePrincipal(entry.principal, principal) && isSuperseded(entry, entries, { age, now }),
    ),
  );
}
