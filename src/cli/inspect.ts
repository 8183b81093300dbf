import { hexToBytes } from '../codec/text.ts';
import { ENCTYPE_NAMES } from '../crypto/enctype-names.ts';
import { importKey, type Key } from '../crypto/key.ts';
import { systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { during } from '../local/activity.ts';
import { namedKeytab } from '../local/keytabs.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { inspectBytes } from './inspect/formats.ts';
import { InspectKeys } from './inspect/keys.ts';
import { treeText } from './inspect/node.ts';
import { lineOfJson } from './json.ts';
import type { Io } from './terminal.ts';
import { readWholeFile } from './whole-file.ts';

/** inspect: shows the contents of a cache, a keytab, a token, a message or a packet capture. */
export const inspect: Command = {
  name: 'krb5kit inspect',
  summary: 'Show the contents of a cache, keytab, token, message or capture.',
  operands: '[FILE|-]',
  usageStatus: 2,
  printsResult: true,
  options: [
    { flags: '-t, --keytab <keytab>', text: 'Decrypt with the keys of this keytab.' },
    { flags: '--password', text: 'Ask for a password, and decrypt with the keys derived from it.' },
    { flags: '--keys <file>', text: 'Decrypt with the keys in this file, in the form ENCTYPE:HEX.' },
    { flags: '--show-keys', text: 'Show keys, which are otherwise hidden.' },
    { flags: '--json', text: 'Print the contents as one line of JSON.' },
  ],
  run,
};

/** A quarter of it is enough for caches and keytabs; longer captures are more than anybody wants to see. */
const MAX_BYTES = 64 << 20;
/** More than anybody reads. */
const MAX_NODES = 100_000;

async function run(args: Arguments, io: Io): Promise<number> {
  const [file = '-', ...rest] = args.operands;
  if (rest.length > 0) throw new UsageError('krb5kit inspect: name one file');
  if (file === '-' && args.has('password')) {
    throw new UsageError('krb5kit inspect: with --password, name a file instead of the standard input');
  }
  const keys = await readKeys(args.value('keys'));
  const name = args.value('keytab');
  const keytab =
    name === undefined ? [] : await during('reading the keytab', () => namedKeytab(name).entries());
  if (args.operands.length === 0 && io.stdinIsTerminal && !args.has('quiet')) {
    io.err(
      'krb5kit inspect: type or paste a token or message, and end it with Ctrl-D on a line of its own\n',
    );
  }
  const place = file === '-' ? 'the standard input' : file;
  const bytes = await during(`reading ${place}`, () => readBytes(file, io));
  const password = args.has('password') ? await io.readPassphrase('Password: ') : undefined;
  const sources = new InspectKeys({ keytab, keys, ...(password !== undefined && { password }) });
  const nodes = await during(`inspecting ${place}`, () =>
    inspectBytes(bytes, { keys: sources, showKeys: args.has('showKeys'), left: MAX_NODES }),
  );
  const hasKeys = name !== undefined || password !== undefined || keys.length > 0;
  if (hasKeys && !sources.hasOpened)
    io.err('krb5kit inspect: nothing could be decrypted with the given keys\n');
  io.out(args.has('json') ? lineOfJson({ nodes }) : treeText(nodes));
  return 0;
}

/** Caches that are no files. */
const ELSEWHERE = /^(?:KEYCHAIN|DIR|KCM|KEYRING|MEMORY|API):/;

async function readBytes(file: string, io: Io): Promise<Uint8Array> {
  if (file === '-') return io.readInput(MAX_BYTES);
  if (ELSEWHERE.test(file)) {
    throw new UsageError(
      `krb5kit inspect: ${file} is not a file; krb5kit cache copy ${file} FILE:copy makes one`,
    );
  }
  // The type is accepted because klist prints the names of caches and keytabs with it.
  return readFile(file.replace(/^(WR)?FILE:/, ''), MAX_BYTES);
}

async function readFile(file: string, limit: number): Promise<Uint8Array> {
  const bytes = await tryRead(file, limit);
  if (bytes === undefined) throw new KerberosError('INPUT_TOO_LONG', `It is longer than ${limit} bytes`);
  return bytes;
}

async function tryRead(file: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    return await readWholeFile(file, limit);
  } catch (error) {
    throw new KerberosError('CACHE_IO', systemReason(error), { cause: error });
  }
}

/** More keys than a capture needs, and few enough to try. */
const MAX_KEY_BYTES = 64 << 10;

/** One key per line; on a command line, everybody could see them. */
async function readKeys(file: string | undefined): Promise<Key[]> {
  if (file === undefined) return [];
  return during(`reading ${file}`, async () => {
    const lines = Buffer.from(await readFile(file, MAX_KEY_BYTES))
      .toString('latin1')
      .split(/\s+/);
    return lines.filter(line => line !== '').map(readKey);
  });
}

/** `ENCTYPE:HEX`. */
function readKey(text: string): Key {
  const [, etype = '', hex = ''] = /^([^:]+):(.+)$/.exec(text) ?? [];
  try {
    return importKey(enctypeNumber(etype), hexToBytes(hex));
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    throw new UsageError('krb5kit inspect: a key is written as an enctype, a colon and hexadecimal digits');
  }
}

function enctypeNumber(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const row = ENCTYPE_NAMES.find(({ name, aliases }) => name === text || aliases.includes(text));
  return row?.etype ?? 0;
}
