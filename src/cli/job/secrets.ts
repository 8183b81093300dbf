import type { CacheContents } from '../../ccache/ccache.ts';
import { CcacheFile, MAX_CACHE_BYTES } from '../../ccache/file/format.ts';
import type { Secret } from '../../client/secret.ts';
import type { Codec } from '../../codec/codec.ts';
import { systemReason } from '../../errno.ts';
import { CodecError, KerberosError, KeytabError } from '../../errors.ts';
import { KeytabFile, MAX_KEYTAB_BYTES } from '../../keytab/file-format.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { readSecret } from '../ktutil/secret.ts';
import type { Io } from '../terminal.ts';
import { descriptorNumber, isNodesOwn, readDescriptor } from './descriptor.ts';

const KEYTABS = ['keytabEnv', 'keytabFd'];
const CACHES = ['cacheEnv', 'cacheFd'];
const PASSWORDS = ['passwordStdin', 'passwordFile', 'passwordEnv', 'passwordFd'];
const SOURCES = [...KEYTABS, ...CACHES, ...PASSWORDS];

/** A secret, and what must be hidden. */
export interface JobSecret {
  /** Undefined if tickets are given instead. */
  readonly secret: Secret | undefined;
  /** The keys, if they are the secret. */
  readonly keytab: readonly KeytabEntry[] | undefined;
  readonly tickets: CacheContents | undefined;
  /** The environment variable that contains it, which child processes do not need. */
  readonly variable: string | undefined;
  /** Texts that must not appear in a log. */
  readonly texts: readonly string[];
}

/** Whether the command line names a source of secrets. Throws UsageError if it names two. */
export function namesSecret(args: Arguments): boolean {
  const named = SOURCES.filter(name => args.has(name));
  const others = ['k', 't', 'i'].filter(name => args.has(name));
  if (named.length > 1 || (named.length > 0 && others.length > 0)) {
    throw new UsageError('Only one source of keys, tickets or a password can be given');
  }
  if (named.length === 0 && args.has('mask'))
    throw new UsageError('--mask requires an option that gives a secret');
  return named.length > 0;
}

/** Reads the secret that the options name. Throws KeytabError, and KerberosError CACHE_IO, CODEC, INPUT_TOO_LONG or PASSWORD_UNREAD. */
export async function readJobSecret(args: Arguments, io: Io): Promise<JobSecret> {
  const variable = ['keytabEnv', 'cacheEnv', 'passwordEnv'].map(name => args.value(name)).find(Boolean);
  const nothing = { secret: undefined, keytab: undefined, tickets: undefined, variable };
  if (PASSWORDS.some(name => args.has(name))) {
    const fd = args.value('passwordFd');
    if (fd !== undefined && isNodesOwn(descriptorNumber(fd))) {
      throw new KerberosError(
        'PASSWORD_UNREAD',
        `Cannot read password: descriptor ${fd}: Bad file descriptor`,
      );
    }
    const password = await readSecret(args, '', io);
    return { ...nothing, secret: { password: async () => password }, texts: [password] };
  }
  const isKeytab = KEYTABS.some(name => args.has(name));
  const [env, fd] = isKeytab ? KEYTABS : CACHES;
  const kind = isKeytab ? KEYTAB : CACHE;
  const { bytes, place } = await readBytes(args.value(env!), args.value(fd!), kind, io);
  const { binary, texts } = unwrapped(bytes, place, kind);
  if (!isKeytab)
    return { ...nothing, tickets: whole(decoded(CcacheFile, binary, place, kind), place), texts };
  const keytab = decoded(KeytabFile, binary, place, kind);
  if (keytab.length === 0) throw new KeytabError('KEYTAB_NO_KEY', `There are no keys in ${place}`);
  return { ...nothing, secret: { keytab }, keytab, texts };
}

/** The same arguments, with the first principal of the secret if the command line names none. */
export function withOwner(args: Arguments, { keytab, tickets }: JobSecret): Arguments {
  const owner = keytab?.[0]?.principal ?? tickets?.principal;
  if (args.operands.length > 0 || args.has('n') || owner === undefined) return args;
  return { ...args, operands: [formatPrincipal(owner)], beforeDashes: 1 };
}

/** The given tickets, for the named principal. Throws KerberosError CREDENTIAL_NOT_FOUND if they belong to another. */
export function ticketsFor(principal: Principal, tickets: CacheContents): CacheContents {
  if (samePrincipal(principal, tickets.principal)) return tickets;
  const [named, owner] = [principal, tickets.principal].map(each => formatPrincipal(each));
  throw new KerberosError('CREDENTIAL_NOT_FOUND', `The tickets belong to ${owner}, not to ${named}`);
}

interface Kind {
  readonly name: string;
  readonly limit: number;
  failed(sentence: string, cause?: unknown): KerberosError;
}

const KEYTAB: Kind = {
  name: 'keytab',
  limit: MAX_KEYTAB_BYTES,
  failed: (sentence, cause) => new KeytabError('KEYTAB_FORMAT', sentence, { cause }),
};
const CACHE: Kind = {
  name: 'cache',
  limit: MAX_CACHE_BYTES,
  failed: (sentence, cause) => new KerberosError('CACHE_FORMAT', sentence, { cause }),
};

async function readBytes(variable: string | undefined, fd: string | undefined, kind: Kind, io: Io) {
  if (variable !== undefined) {
    const value = io.env[variable];
    // The user may have given the secret itself for the name, so it is not repeated.
    const none = `the variable that --${kind.name}-env names is not set, or empty`;
    if (!value) throw kind.failed(`Cannot read ${kind.name}: ${none}`);
    return { bytes: Buffer.from(value, 'latin1'), place: variable };
  }
  const number = descriptorNumber(fd!);
  try {
    // Twice as much and more is room for base64 with line breaks.
    return { bytes: await readDescriptor(number, 2 * kind.limit), place: `descriptor ${fd}` };
  } catch (error) {
    if (error instanceof KerberosError) throw error;
    throw kind.failed(`Cannot read ${kind.name}: descriptor ${fd}: ${systemReason(error)}`, error);
  }
}

/** The first byte of every keytab and cache file, which does not occur in base64. */
const FIRST_BYTE = 5;

function unwrapped(bytes: Buffer, place: string, kind: Kind) {
  if (bytes[0] === FIRST_BYTE) return { binary: bytes, texts: [bytes.toString('base64')] };
  const text = bytes.toString('latin1');
  const base64 = text.replace(/\s+/g, '');
  // A length of one more than a multiple of four means that something was cut off.
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64) || base64.replace(/=+$/, '').length % 4 === 1) {
    throw kind.failed(`${place} contains neither a ${kind.name} nor one in base64`);
  }
  const lines = text.split(/\s+/).filter(line => line !== '');
  return { binary: Buffer.from(base64, 'base64'), texts: [...new Set([...lines, base64])] };
}

/** Secrets are often cut off when they are pasted. */
function whole(contents: CacheContents, place: string): CacheContents {
  if (contents.truncated) throw CACHE.failed(`${place} contains a truncated cache`);
  return contents;
}

function decoded<T>(codec: Pick<Codec<T>, 'decode'>, bytes: Uint8Array, place: string, kind: Kind): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw kind.failed(`${place} does not contain a ${kind.name}: ${error.message}`, error);
  }
}
