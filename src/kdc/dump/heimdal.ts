import { bytesToText } from '../../codec/text.ts';
import { isSupported } from '../../crypto/enctype-list.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../../messages/principal.ts';
import type { PrincipalEntry } from '../database.ts';
import type { PrincipalPolicy } from '../policy.ts';
import { type ForeignDump, type ForeignKey, foreignEntry } from './entry.ts';
import { type HeimdalExtensions, type HeimdalKey, readExtensions } from './heimdal-extensions.ts';
import { decryptUnder, type ForeignMasterKey } from './master.ts';
import { dumpLines, inLine, malformed } from './mit-line.ts';

/** Heimdal's key usage for keys under the master key; its oldest releases used 0. */
const USAGES = [0x484442, 0];

/** The bits of Heimdal's flags. */
const INITIAL = 1 << 0;
const FORWARDABLE = 1 << 1;
const PROXIABLE = 1 << 2;
const RENEWABLE = 1 << 3;
const POSTDATE = 1 << 4;
const SERVER = 1 << 5;
const INVALID = 1 << 7;
const REQUIRES_PREAUTH = 1 << 8;
const CHANGE_PASSWORD = 1 << 9;
const REQUIRES_HARDWARE = 1 << 10;
const OK_AS_DELEGATE = 1 << 11;
const TRUSTED_FOR_DELEGATION = 1 << 14;
const LOCKED_OUT = 1 << 17;
const REQUIRES_PASSWORD_CHANGE = 1 << 18;

/**
 * Reads the output of Heimdal's `kadmin -l dump`. Throws KerberosError DUMP_FORMAT with the line, and DATABASE_KEY if
 * none of the master keys opens sealed keys.
 */
export function readHeimdalDump(bytes: Uint8Array, masters: readonly ForeignMasterKey[]): ForeignDump {
  const remarks: string[] = [];
  const entries: PrincipalEntry[] = [];
  for (const [number, line] of dumpLines(bytes)) {
    const entry = inLine(number, () => entryOf(line, masters, remarks));
    entries.push(entry);
  }
  return { entries, policies: {}, remarks };
}

function entryOf(line: string, masters: readonly ForeignMasterKey[], remarks: string[]): PrincipalEntry {
  const fields = line.split(/\s+/);
  const [name = '', keyField = '', , , start, end, passwordEnd, life, renew, flags, , extensionField] =
    fields;
  if (fields.length < 11) throw malformed('it has too few fields');
  const principal = parsePrincipal(name, { defaultRealm: '' });
  const extensions = readExtensions(extensionField ?? '-');
  const keys = [...keysOf(keyField), ...extensions.keys]
    .filter(({ etype }) => isSupported(etype))
    .map(key => openedKey(key, masters));
  if (time(start) !== undefined) remarks.push(`${name} loses the time from which it is valid`);
  if ((wholeNumber(flags) & REQUIRES_HARDWARE) !== 0)
    remarks.push(`${name} is locked, as it had to log in by hardware`);
  const flagged = policyOfFlags(wholeNumber(flags));
  const expired = (wholeNumber(flags) & REQUIRES_PASSWORD_CHANGE) !== 0 ? new Date(1000) : undefined;
  const policy: PrincipalPolicy = {
    ...flagged,
    ...given('maxLife', limit(life)),
    ...given('maxRenewableLife', limit(renew)),
    ...given('expiration', time(end)),
    ...given('passwordExpiration', expired ?? time(passwordEnd)),
    ...policyOfExtensions(principal, extensions),
  };
  return foreignEntry(principal, policy, keys);
}

function policyOfFlags(flags: number): PrincipalPolicy {
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const policy: PrincipalPolicy = {
    requiresPreauth: has(REQUIRES_PREAUTH),
    ...(!has(FORWARDABLE) && { disallowForwardable: true }),
    ...(!has(PROXIABLE) && { disallowProxiable: true }),
    ...(!has(RENEWABLE) && { disallowRenewable: true }),
    ...(!has(POSTDATE) && { disallowPostdated: true }),
    ...(!has(SERVER) && { disallowServer: true }),
    ...(has(INITIAL) && { disallowTgsBased: true }),
    // Hardware authentication is not supported here, so a principal that requires it is locked rather than let in with
    // a password alone.
    ...((has(INVALID) || has(LOCKED_OUT) || has(REQUIRES_HARDWARE)) && { locked: true }),
    ...(has(CHANGE_PASSWORD) && { passwordChangeService: true }),
    ...(has(OK_AS_DELEGATE) && { okAsDelegate: true }),
    ...(has(TRUSTED_FOR_DELEGATION) && { okToAuthAsDelegate: true }),
  };
  return policy;
}

function policyOfExtensions({ realm }: Principal, found: HeimdalExtensions): PrincipalPolicy {
  // Aliases in other realms cannot be represented here.
  const aliases = found.aliases.filter(alias => alias.realm === realm);
  return {
    ...(aliases.length > 0 && { aliases: aliases.map(alias => formatPrincipal(alias, { realm: false })) }),
    ...(found.delegatesTo.length > 0 && {
      delegatesTo: found.delegatesTo.map(name => formatPrincipal(name)),
    }),
    ...given('passwordChanged', found.passwordChanged),
  };
}

/** `kvno:mkvno:enctype:key:salt:mkvno:enctype:…`. */
function keysOf(field: string): HeimdalKey[] {
  const [kvno, ...parts] = field.split(':');
  if (parts.length % 4 !== 0) throw malformed('a key is not whole');
  const keys: HeimdalKey[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const [masterKvno = '', etype, hex = '', salt = '-'] = parts.slice(i, i + 4);
    keys.push({
      kvno: wholeNumber(kvno),
      masterKvno: masterKvno === '' ? undefined : wholeNumber(masterKvno),
      etype: wholeNumber(etype),
      bytes: Uint8Array.from(Buffer.from(hex, 'hex')),
      salt: salt === '-' ? undefined : saltBytes(salt),
    });
  }
  return keys;
}

/** `type/"text"` or `type/hex`. */
function saltBytes(salt: string): Uint8Array {
  const [, quoted, hex = ''] = /^\d+\/(?:"([^"]*)"|([0-9A-Fa-f]*))$/.exec(salt) ?? [];
  return Uint8Array.from(quoted === undefined ? Buffer.from(hex, 'hex') : Buffer.from(quoted));
}

function openedKey(
  { kvno, masterKvno, etype, bytes, salt }: HeimdalKey,
  masters: readonly ForeignMasterKey[],
): ForeignKey {
  const opened =
    masterKvno === undefined ? bytes : decryptUnder(masters, { kvno: masterKvno, usages: USAGES }, bytes);
  // Without a salt, the default one applies.
  return { kvno, etype, bytes: opened, salt: salt && bytesToText(salt) };
}

function time(field: string | undefined): Date | undefined {
  if (field === undefined || field === '-') return undefined;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(field);
  if (match === null) throw malformed('a time is none');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** Seconds, where `-` and 0 stand for no limit. */
function limit(field: string | undefined): number | undefined {
  return field === undefined || field === '-' ? undefined : wholeNumber(field) || undefined;
}

function wholeNumber(field: string | undefined): number {
  const number = Number(field);
  if (field === undefined || !/^\d+$/.test(field) || number > 0xffffffff) throw malformed('a number is none');
  return number;
}

function given<K extends keyof PrincipalPolicy>(key: K, value: PrincipalPolicy[K]): PrincipalPolicy {
  return value === undefined ? {} : { [key]: value };
}
