import { askKeyHints } from '../../client/key-hints.ts';
import { hexToBytes, textToBytes } from '../../codec/text.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { importKey } from '../../crypto/key.ts';
import { stringToKey } from '../../crypto/string-to-key.ts';
import { CodecError, KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { principalOf } from '../../local/session.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { toEncryptionKey } from '../../messages/seal.ts';
import type { EncryptionKey } from '../../messages/types.ts';
import { defaultSalt, type KeyHints } from '../../preauth/hints.ts';
import { type Arguments, UsageError } from '../command.ts';
import { warnOfWeak } from '../input-warnings.ts';
import { openSession, type Session } from '../session.ts';
import { showWaits } from '../terminal/waiting.ts';
import type { Io } from '../terminal.ts';
import { enctypesOf } from './enctypes.ts';
import { countKeys, keytabOf, kvnoOf, storedJson, storeEntries } from './keytab.ts';
import { liveKvno } from './live.ts';
import { checkSources, readSecret } from './secret.ts';

const name = 'ktutil add';

interface Keys {
  readonly kvno: number;
  readonly keys: readonly EncryptionKey[];
}

/** Makes the keys and adds them to the keytab; resolves to the exit status. */
export async function addKeys(args: Arguments, io: Io): Promise<number> {
  checkArguments(args);
  const session = openSession(io, { follow: showWaits });
  const principal = await during(`parsing principal name ${args.operands[0]}`, () =>
    principalOf(args.operands[0]!, session),
  );
  const keytab = keytabOf(args, session);
  const { kvno, keys } = args.has('key')
    ? await givenKey(principal, args, io)
    : await passwordKeys(principal, args, session);
  const timestamp = io.now();
  const entries = keys.map(key => ({ principal, timestamp, kvno, key }));
  const stored = await storeEntries(keytab, entries);
  const { added, known } = stored;
  if (args.has('json')) io.out(await storedJson(keytab, entries, stored));
  else if (!args.has('quiet')) {
    const before = known === 0 ? '' : `; ${countKeys(known)} ${known === 1 ? 'was' : 'were'} already there`;
    io.out(
      `Added ${countKeys(added)} of ${formatPrincipal(principal)}, kvno ${kvno}, to ${keytab.name}${before}\n`,
    );
  }
  return 0;
}

function checkArguments(args: Arguments): void {
  if (args.operands.length !== 1) throw new UsageError(`${name}: name one principal`);
  checkSources(args, name);
  const kvno = kvnoOf(args, name);
  const enctypes = enctypesOf(args, name);
  if (args.has('key') && (kvno === undefined || enctypes?.length !== 1 || args.has('salt'))) {
    throw new UsageError(`${name}: --key requires --kvno and one encryption type, and no --salt`);
  }
  if (args.has('offline') && kvno === undefined) {
    throw new UsageError(`${name}: --offline requires --kvno`);
  }
}

async function givenKey(principal: Principal, args: Arguments, io: Io): Promise<Keys> {
  const [etype] = enctypesOf(args, name)!;
  warnOfWeak('ktutil', [etype!], io);
  return during('reading key', async () => {
    const digits = await readSecret(args, `Key for ${formatPrincipal(principal)} (hex): `, io);
    return { kvno: kvnoOf(args, name)!, keys: [toEncryptionKey(importKey(etype!, hexKey(digits.trim())))] };
  });
}

function hexKey(digits: string): Uint8Array {
  try {
    return hexToBytes(digits);
  } catch (error) {
    // The error message must not quote the key.
    throw error instanceof CodecError ? new KerberosError('KEY_LENGTH', 'The key is not hexadecimal') : error;
  }
}

async function passwordKeys(principal: Principal, args: Arguments, session: Session): Promise<Keys> {
  const given = kvnoOf(args, name);
  const named = enctypesOf(args, name);
  warnOfWeak('ktutil', named ?? [], session.io);
  const enctypes = named ?? defaultTktEnctypes(session.config);
  const hints = await hintsFor(principal, enctypes, args, session);
  const password = await during('reading password', () =>
    readSecret(args, `Password for ${formatPrincipal(principal)}: `, session.io),
  );
  const kvno = given ?? (await versionOf(principal, password, { session, enctypes }));
  return { kvno, keys: passwordToKeys(password, hints) };
}

/** The keys that the KDC derives from a password, according to its hints. */
export function passwordToKeys(password: string, hints: readonly KeyHints[]): readonly EncryptionKey[] {
  const bytes = textToBytes(password);
  return hints.map(({ etype, salt, s2kparams }) =>
    toEncryptionKey(stringToKey(etype, bytes, salt, s2kparams)),
  );
}

async function hintsFor(
  principal: Principal,
  enctypes: readonly number[],
  args: Arguments,
  session: Session,
): Promise<readonly KeyHints[]> {
  const salt = args.value('salt');
  const salted = salt === undefined ? undefined : textToBytes(salt);
  if (args.has('offline')) {
    const own = salted ?? textToBytes(defaultSalt(principal));
    return enctypes.map(etype => ({ etype, salt: own, s2kparams: undefined }));
  }
  const hints = await during('asking for the salt', () =>
    askKeyHints(principal, {
      ...exchangeOptions(session, defaultTktEnctypes(session.config)),
      keyEnctypes: enctypes,
    }),
  );
  return salted === undefined ? hints : hints.map(hint => ({ ...hint, salt: salted }));
}

/** The version of the KDC's keys; the password is verified in the process. */
async function versionOf(
  principal: Principal,
  password: string,
  options: Parameters<typeof liveKvno>[2],
): Promise<number> {
  return during('asking for the key version', async () => {
    const kvno = await liveKvno(principal, { password: async () => password }, options);
    if (kvno !== undefined) return kvno;
    throw new KerberosError('KEYTAB_NO_KEY', 'The KDC does not give the key version: use --kvno');
  });
}
