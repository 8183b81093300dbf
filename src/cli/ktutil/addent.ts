import { askKeyHints } from '../../client/key-hints.ts';
import { hexToBytes, textToBytes } from '../../codec/text.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { isSupported } from '../../crypto/enctype-list.ts';
import { ENCTYPE_NAMES } from '../../crypto/enctype-names.ts';
import { stringToKey } from '../../crypto/string-to-key.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { principalOf } from '../../local/session.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { toEncryptionKey } from '../../messages/seal.ts';
import type { EncryptionKey } from '../../messages/types.ts';
import { defaultSalt, type KeyHints } from '../../preauth/hints.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { leadingInteger } from './line.ts';
import type { Workbench } from './workbench.ts';

/** The options of the request; what is none is passed over, as MIT's does. */
interface AddOptions {
  readonly principal?: string;
  readonly kvno?: number;
  readonly enctype?: string;
  readonly salt?: string;
  readonly fetch: boolean;
  /** How many of `-key` and `-password`. */
  readonly keys: number;
  readonly passwords: number;
}

/** add_entry: a key, given in hexadecimal digits or made from a password, goes to the end of the list. */
export async function addEntry(words: readonly string[], bench: Workbench): Promise<void> {
  const { io, session } = bench;
  const options = readOptions(words);
  const { principal: name, kvno, fetch, enctype, salt } = options;
  const wrong = options.keys + options.passwords !== 1 || (fetch && salt !== undefined);
  if (name === undefined || kvno === undefined || wrong) {
    const usage = '(-key | -password) -p principal -k kvno [-e enctype] [-f|-s salt]';
    io.err(`usage: ${words[0]} ${usage}\n`);
    return;
  }
  if (!fetch && enctype === undefined) {
    io.err('enctype must be specified if not using -f\n');
    return;
  }
  await during('adding new entry', async () => {
    const principal = await principalOf(name, session);
    const etype = enctype === undefined ? undefined : enctypeOf(enctype);
    const timestamp = io.now();
    // As in MIT's, a key in digits has the type 0 where none is named.
    const key =
      options.keys > 0
        ? await readKey(principal, etype ?? 0, io)
        : await passwordKey(principal, { etype, fetch, salt }, session);
    if (key === undefined) return;
    bench.list = [...bench.list, { principal, timestamp, kvno: kvno >>> 0, key }];
  });
}

function readOptions(words: readonly string[]): AddOptions {
  let read: AddOptions = { fetch: false, keys: 0, passwords: 0 };
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    const value = words[i + 1];
    if (word === '-key') read = { ...read, keys: read.keys + 1 };
    else if (word === '-password') read = { ...read, passwords: read.passwords + 1 };
    else if (word === '-f') read = { ...read, fetch: true };
    else if (value !== undefined && ['-p', '-k', '-e', '-s'].includes(word)) {
      read = { ...read, ...valued(word, value) };
      i++;
    }
  }
  return read;
}

function valued(word: string, value: string): Partial<AddOptions> {
  if (word === '-p') return { principal: value };
  if (word === '-k') return { kvno: leadingInteger(value) };
  return word === '-e' ? { enctype: value } : { salt: value };
}

function enctypeOf(text: string): number {
  const wanted = text.toLowerCase();
  const found = ENCTYPE_NAMES.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (found !== undefined) return found.etype;
  throw new KerberosError('ENCTYPE_UNSUPPORTED', 'Bad encryption type');
}

interface KeyWishes {
  readonly etype: number | undefined;
  /** Whether the KDC is asked for the salt, and for the best enctype where none is given. */
  readonly fetch: boolean;
  readonly salt: string | undefined;
}

async function passwordKey(
  principal: Principal,
  { etype, fetch, salt }: KeyWishes,
  session: Session,
): Promise<EncryptionKey> {
  const password = await session.io.readPassword(`Password for ${formatPrincipal(principal)}: `);
  const hints = fetch
    ? await hintsOf(principal, etype, session)
    : { etype: etype!, salt: textToBytes(salt ?? defaultSalt(principal)), s2kparams: undefined };
  if (!isSupported(hints.etype)) throw new KerberosError('ENCTYPE_UNSUPPORTED', 'Bad encryption type');
  return toEncryptionKey(stringToKey(hints.etype, textToBytes(password), hints.salt, hints.s2kparams));
}

/** What the KDC says of the key of that enctype, or of the one that is best. */
async function hintsOf(principal: Principal, etype: number | undefined, session: Session): Promise<KeyHints> {
  const enctypes = etype === undefined ? defaultTktEnctypes(session.config) : [etype];
  const [best] = await askKeyHints(principal, exchangeOptions(session, enctypes));
  return best!;
}

/** Undefined, and told, where there is no key. */
async function readKey(principal: Principal, keytype: number, io: Io): Promise<EncryptionKey | undefined> {
  io.out(`Key for ${formatPrincipal(principal)} (hex): `);
  const digits = (await io.readLine()) ?? '';
  if (digits === '') {
    io.err('addent: Error reading key.\n');
    return undefined;
  }
  // MIT's fills up an odd number of digits in the place of the end of the line.
  const even = digits.length % 2 === 0 ? digits : `${digits}0`;
  if (!/^[0-9a-f]*$/i.test(even)) {
    io.err('addent: Illegal character in key.\n');
    return undefined;
  }
  return { keytype, keyvalue: hexToBytes(even) };
}
