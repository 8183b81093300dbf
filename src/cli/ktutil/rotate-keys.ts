import { askKeyHints } from '../../client/key-hints.ts';
import type { Secret } from '../../client/secret.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { randomBytes } from '../../crypto/random.ts';
import { KerberosError } from '../../errors.ts';
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
import { countKeys, isSame, keysJson, keytabOf, storeEntries } from './keytab.ts';
import { liveKvno, proveSecret } from './live.ts';
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
  const before = await entriesBefore(rotation, args.has('admin'));
  const changer = await changerOf(rotation, before, args);
  const entries = await rotate(rotation, before, changer);
  const removed = await removeSuperseded(rotation, age);
  const kept = before.length - removed;
  if (args.has('json')) io.out(await keysJson(keytab.name, 'keys', entries, { kept, removed }));
  else if (!args.has('quiet')) {
    const old = `kept ${kept} old, removed ${removed}`;
    const count = `${countKeys(entries.length)} of ${formatPrincipal(principal)}, kvno ${entries[0]!.kvno}`;
    io.out(`New in ${keytab.name}: ${count}; ${old}\n`);
  }
  return 0;
}

/** The keys in the keytab; an administrator does not need any. */
async function entriesBefore({ keytab, principal }: Rotation, mayLack: boolean): Promise<KeytabEntry[]> {
  try {
    return (await keytab.entries()).filter(entry => samePrincipal(entry.principal, principal));
  } catch (error) {
    if (mayLack && error instanceof KerberosError && error.code === 'KEYTAB_NOT_FOUND') return [];
    return during(`reading ${keytab.name}`, () => Promise.reject(error));
  }
}

/** The principal that changes the password. */
interface Changer {
  /** For the password server. */
  readonly ticket: PasswordTicket;
  /** The current version of the principal's keys, if it authenticates itself. */
  readonly kvno: number | undefined;
}

async function changerOf(
  { principal, enctypes, session }: Rotation,
  before: readonly KeytabEntry[],
  args: Arguments,
): Promise<Changer> {
  const admin = args.value('admin');
  const client = admin === undefined ? principal : await principalOf(admin, session);
  const prompt = `Password for ${formatPrincipal(client)}: `;
  const secret: Secret =
    admin === undefined ? { keytab: before } : { password: () => readSecret(args, prompt, session.io) };
  const server = { nameType: NT_SRV_INST, components: ['kadmin', 'changepw'], realm: principal.realm };
  return during('getting initial ticket', async () => {
    const { result } = await proveSecret(client, secret, { session, enctypes, server });
    const { credential, kdcOffset } = result;
    if (admin !== undefined) return { ticket: { credential, kdcOffset, target: principal }, kvno: undefined };
    const kvno = await liveKvno(principal, secret, { session, enctypes });
    return { ticket: { credential, kdcOffset }, kvno };
  });
}

/** Changes the password; resolves to the new entries. */
async function rotate(
  rotation: Rotation,
  before: readonly KeytabEntry[],
  changer: Changer,
): Promise<readonly KeytabEntry[]> {
  const { keytab, principal, session } = rotation;
  // It contains all classes of characters that a policy may require.
  const password = `Aa1=${Buffer.from(randomBytes(32)).toString('base64')}`;
  const last = changer.kvno ?? Math.max(0, ...before.map(({ kvno }) => kvno));
  // They are in the keytab before the KDC has them: whatever happens to us, no ticket arrives that it cannot open.
  const foreseen = await entriesFor(rotation, password, last + 1);
  await storeEntries(keytab, foreseen);
  const withdraw = (): Promise<number> =>
    during(`writing ${keytab.name}`, () =>
      keytab.remove(entry => foreseen.some(other => isSame(entry, other))),
    );
  try {
    await change(changer, password, session);
  } catch (error) {
    if (!(await isTaken(rotation, password))) {
      // If the answer was lost, the KDC may have accepted the password, while another of its servers does not know it
      // yet.
      if (isRefusal(error)) await withdraw();
      throw error;
    }
  }
  const secret = { password: async () => password };
  const live = await during('proving the new password', () => liveKvno(principal, secret, rotation));
  const actual = await entriesFor(rotation, password, live ?? last + 1);
  await storeEntries(keytab, actual);
  const mistaken = foreseen.filter(entry => !actual.some(other => isSame(entry, other)));
  if (mistaken.length > 0) {
    await keytab.remove(entry => mistaken.some(other => isSame(entry, other)));
  }
  return actual;
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
    askKeyHints(principal, exchangeOptions(session, enctypes)),
  );
  return passwordToKeys(password, hints).map(key => ({ principal, timestamp, kvno, key }));
}

/** Whether a failure means that the password is unchanged. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof ActivityError ? error.cause : error;
  return cause instanceof KerberosError && ['PASSWORD_NOT_CHANGED', 'REALM_UNKNOWN'].includes(cause.code);
}

/** Whether the KDC is known to have the new password. */
async function isTaken(rotation: Rotation, password: string): Promise<boolean> {
  try {
    await proveSecret(rotation.principal, { password: async () => password }, rotation);
    return true;
  } catch {
    return false;
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
