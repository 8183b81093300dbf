import { bytesToText } from '../../codec/text.ts';
import { isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import { type Principal, parsePrincipal } from '../../messages/principal.ts';
import { defaultSalt } from '../../preauth/hints.ts';
import type { PrincipalEntry } from '../database.ts';
import type { NamedPolicy, PrincipalPolicy } from '../policy.ts';
import { type ForeignDump, foreignEntry } from './entry.ts';
import { decryptUnder, type ForeignMasterKey } from './master.ts';
import {
  REQUIRE_AUTH,
  SALT_SPECIAL,
  SESSION_ENCTYPES,
  TAG_ADMIN_DATA,
  TAG_MASTER_KVNO,
  TAG_PASSWORD_CHANGED,
  TAG_STRINGS,
} from './mit.ts';
import { policyOfAttributes, REQUIRES_HARDWARE, REQUIRES_PASSWORD_CHANGE } from './mit-flags.ts';
import {
  dumpLines,
  FieldReader,
  inLine,
  type MitPrincipal,
  type MitTagged,
  malformed,
  parseMitPrincipal,
} from './mit-line.ts';
import { decodeAdminData, parseMitPolicy } from './mit-policy.ts';

const HEADER = /^(?:kdb5_util load_dump version [5-7]|ipropx? .*)$/;
/** Master keys, and principals that only kadmind uses. */
const INTERNAL = ['K/M', 'kadmin/history'];

/** Whether a file is such a dump, by its first line. */
export function isMitDump(bytes: Uint8Array): boolean {
  const end = bytes.subarray(0, 256).indexOf(0x0a);
  return HEADER.test(bytesToText(bytes.subarray(0, Math.max(0, end))));
}

/**
 * Reads the output of `kdb5_util dump`, in versions 5 to 7. Throws KerberosError DUMP_FORMAT with the line, and
 * DATABASE_KEY if none of the master keys opens the keys.
 */
export function readMitDump(bytes: Uint8Array, masters: readonly ForeignMasterKey[]): ForeignDump {
  const entries: PrincipalEntry[] = [];
  const policies: Record<string, NamedPolicy> = {};
  const remarks: string[] = [];
  for (const [number, line] of dumpLines(bytes)) {
    if (number === 1) continue;
    inLine(number, () => {
      if (line.startsWith('princ\t')) {
        const read = parseMitPrincipal(line);
        const principal = parsePrincipal(read.name, { defaultRealm: '' });
        if (INTERNAL.includes(principal.components.join('/'))) return;
        entries.push(entryOf(principal, read, masters));
        if (needsHardware(read)) remarks.push(`${read.name} is locked, as it had to log in by hardware`);
      } else if (line.startsWith('policy\t')) {
        const [name, policy] = parseMitPolicy(new FieldReader(line.slice('policy\t'.length)));
        policies[name] = policy;
      } else {
        throw malformed('this is neither a principal nor a policy');
      }
    });
  }
  return { entries, policies, remarks };
}

function entryOf(
  principal: Principal,
  read: MitPrincipal,
  masters: readonly ForeignMasterKey[],
): PrincipalEntry {
  const version = taggedBytes(read, TAG_MASTER_KVNO);
  const masterKvno = version?.length === 2 ? version[0]! | (version[1]! << 8) : undefined;
  const keys = read.keys
    .filter(({ etype }) => isSupported(etype))
    .map(({ kvno, etype, sealed, salt }) => {
      const [low, high] = sealed;
      if (low === undefined || high === undefined) throw malformed('a key has no length');
      const length = low | (high << 8);
      const plaintext = decryptUnder(masters, { kvno: masterKvno, usages: [0] }, sealed.subarray(2));
      if (plaintext.length < length) throw malformed('a key is too short');
      return { kvno, etype, bytes: plaintext.subarray(0, length), salt: salt && saltText(principal, salt) };
    });
  return foreignEntry(principal, policyOf(read), keys);
}

function saltText(principal: Principal, { type, bytes }: MitTagged): string {
  switch (type) {
    case 1: // as Kerberos 4 had it
      return '';
    case 2: // without the realm
      return principal.components.join('');
    case 3: // the realm alone
      return principal.realm;
    case SALT_SPECIAL:
      return bytesToText(bytes);
    default:
      return defaultSalt(principal);
  }
}

function policyOf(read: MitPrincipal): PrincipalPolicy {
  const changed = taggedBytes(read, TAG_PASSWORD_CHANGED);
  const admin = taggedBytes(read, TAG_ADMIN_DATA);
  const policy = admin && decodeAdminData(admin);
  const sessionEnctypes = sessionEnctypesOf(read);
  const requiresIndicators = stringOf(read, REQUIRE_AUTH)?.match(/\S+/g);
  // The password must be changed: here, it has expired.
  const mustChange = (read.attributes & REQUIRES_PASSWORD_CHANGE) !== 0;
  const passwordEnd = mustChange ? 1 : read.passwordExpiration;
  return {
    ...policyOfAttributes(read.attributes),
    ...(read.maxLife === 0 ? {} : { maxLife: read.maxLife }),
    maxRenewableLife: read.maxRenewableLife,
    ...(read.expiration === 0 ? {} : { expiration: new Date(read.expiration * 1000) }),
    ...(passwordEnd === 0 ? {} : { passwordExpiration: new Date(passwordEnd * 1000) }),
    ...(changed?.length === 4 && { passwordChanged: new Date(Buffer.from(changed).readUInt32LE() * 1000) }),
    ...(policy !== undefined && { policy }),
    ...(sessionEnctypes && { sessionEnctypes }),
    ...(requiresIndicators && { requiresIndicators: [...requiresIndicators] }),
    // Hardware authentication is not supported here, so a principal that requires it is locked rather than let in with
    // a password alone.
    ...(needsHardware(read) && { locked: true }),
  };
}

function taggedBytes({ tagged }: MitPrincipal, type: number): Uint8Array | undefined {
  return tagged.find(found => found.type === type)?.bytes;
}

function needsHardware({ attributes }: MitPrincipal): boolean {
  return (attributes & REQUIRES_HARDWARE) !== 0;
}

function sessionEnctypesOf(read: MitPrincipal): readonly number[] | undefined {
  const names = stringOf(read, SESSION_ENCTYPES);
  if (names === undefined) return undefined;
  const enctypes = parseEnctypeList(names, [], { allowWeak: true }).filter(isSupported);
  return enctypes.length === 0 ? undefined : enctypes;
}

function stringOf(read: MitPrincipal, name: string): string | undefined {
  const strings = bytesToText(taggedBytes(read, TAG_STRINGS) ?? new Uint8Array()).split('\0');
  const at = strings.findIndex((word, i) => i % 2 === 0 && word === name);
  return at < 0 ? undefined : (strings[at + 1] ?? '');
}
