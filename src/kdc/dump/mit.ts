import { textToBytes } from '../../codec/text.ts';
import { enctypeName } from '../../crypto/enctype-names.ts';
import { profileOf } from '../../crypto/enctypes.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { defaultSalt } from '../../preauth/hints.ts';
import type { PrincipalEntry } from '../database.ts';
import { type KeyVersion, saltOf } from '../key-version.ts';
import type { PrincipalPolicy, RealmPolicy } from '../policy.ts';
import { encryptUnder, masterPrincipal, type SealingMasterKey } from './master.ts';
import { attributesOfPolicy, DISALLOW_ALL_TICKETS, LOCKDOWN_KEYS, REQUIRES_PREAUTH } from './mit-flags.ts';
import { formatMitPrincipal, MIT_HEADER, type MitKey, type MitTagged } from './mit-line.ts';
import { encodeAdminData, formatMitPolicy } from './mit-policy.ts';

/** Types of MIT's tagged data. */
export const TAG_PASSWORD_CHANGED = 1;
const TAG_MODIFIED = 2;
export const TAG_ADMIN_DATA = 3;
export const TAG_MASTER_KVNO = 8;
const TAG_ACTIVE_MASTER_KVNO = 9;
export const TAG_STRINGS = 11;

/** The string attributes that have a meaning here. */
export const SESSION_ENCTYPES = 'session_enctypes';
export const REQUIRE_AUTH = 'require_auth';

/** A salt that is not derived from the name. */
export const SALT_SPECIAL = 4;

interface MitDumpOptions {
  readonly realm: string;
  readonly policy: RealmPolicy;
  readonly master: SealingMasterKey;
  readonly now: Date;
}

/** A dump for `kdb5_util load`, and what it cannot express. */
interface MitDump {
  readonly bytes: Uint8Array;
  /** How many principals it contains. */
  readonly count: number;
  readonly remarks: readonly string[];
}

/** Dumps principals with their keys, and the master key that seals them, sealed under itself. */
export function formatMitDump(entries: Iterable<PrincipalEntry>, options: MitDumpOptions): MitDump {
  const remarks: string[] = [];
  const lines = [MIT_HEADER, masterLine(options)];
  let count = 0;
  for (const entry of entries) {
    if (samePrincipal(entry.principal, masterPrincipal(options.realm))) {
      remarks.push(`${formatPrincipal(entry.principal)} is left out, as MIT's master key has that name`);
      continue;
    }
    count++;
    lines.push(principalLine(entry, options));
    remarks.push(...losses(entry));
  }
  for (const [name, policy] of Object.entries(options.policy.policies ?? {})) {
    lines.push(formatMitPolicy(name, policy));
  }
  return { bytes: textToBytes(`${lines.join('\n')}\n`), count, remarks };
}

function masterLine({ realm, policy, master, now }: MitDumpOptions): string {
  const active = Buffer.alloc(8);
  active.writeUInt16LE(1);
  active.writeUInt16LE(master.kvno, 2);
  return formatMitPrincipal({
    name: formatPrincipal(masterPrincipal(realm)),
    attributes: DISALLOW_ALL_TICKETS | REQUIRES_PREAUTH | LOCKDOWN_KEYS,
    maxLife: policy.maxLife,
    maxRenewableLife: policy.maxRenewableLife,
    expiration: 0,
    passwordExpiration: 0,
    tagged: [
      { type: TAG_ACTIVE_MASTER_KVNO, bytes: active },
      { type: TAG_MASTER_KVNO, bytes: uint16(master.kvno) },
      modified(realm, now),
    ],
    keys: [{ kvno: master.kvno, etype: master.key.etype, sealed: sealedKey(master.key.bytes, master) }],
  });
}

function principalLine(
  entry: PrincipalEntry,
  { realm, policy: ofRealm, master, now }: MitDumpOptions,
): string {
  const { principal, policy, keys } = entry;
  return formatMitPrincipal({
    name: formatPrincipal(principal),
    // On a service, the flag would keep out clients who need not pre-authenticate; those have random keys.
    attributes: attributesOfPolicy(policy, ofRealm.requiresPreauth && keys[0]?.origin !== undefined),
    maxLife: policy.maxLife ?? ofRealm.maxLife,
    maxRenewableLife: policy.maxRenewableLife ?? ofRealm.maxRenewableLife,
    expiration: seconds(policy.expiration),
    passwordExpiration: seconds(policy.passwordExpiration),
    tagged: [
      ...taggedPolicy(policy),
      { type: TAG_MASTER_KVNO, bytes: uint16(master.kvno) },
      modified(realm, now),
    ],
    keys: keys.flatMap(version => keyRows(principal, version, master)),
  });
}

function taggedPolicy(all: PrincipalPolicy): MitTagged[] {
  const { policy, passwordChanged } = all;
  const tagged: MitTagged[] = [];
  if (passwordChanged !== undefined) {
    tagged.push({ type: TAG_PASSWORD_CHANGED, bytes: uint32(seconds(passwordChanged)) });
  }
  if (policy !== undefined) tagged.push({ type: TAG_ADMIN_DATA, bytes: encodeAdminData(policy) });
  const strings = stringsOf(all);
  if (strings !== '') tagged.push({ type: TAG_STRINGS, bytes: textToBytes(strings) });
  return tagged;
}

/** MIT's string attributes: names and values, each ended by a zero octet. */
function stringsOf({ sessionEnctypes, requiresIndicators = [] }: PrincipalPolicy): string {
  const names = sessionEnctypes?.map(etype => enctypeName(etype) ?? etype).join(' ');
  const enctypes = names === undefined ? '' : `${SESSION_ENCTYPES}\0${names}\0`;
  return requiresIndicators.length === 0
    ? enctypes
    : `${enctypes}${REQUIRE_AUTH}\0${requiresIndicators.join(' ')}\0`;
}

function keyRows(principal: Principal, version: KeyVersion, master: SealingMasterKey): MitKey[] {
  const { kvno, origin } = version;
  const usual = defaultSalt(principal);
  return version.rows().map(({ etype, bytes }) => {
    const salt = origin === undefined ? usual : saltOf(etype, origin);
    return {
      kvno,
      etype,
      sealed: sealedKey(bytes, master),
      salt: salt === usual ? undefined : { type: SALT_SPECIAL, bytes: textToBytes(salt) },
    };
  });
}

function sealedKey(bytes: Uint8Array, master: SealingMasterKey): Uint8Array {
  return Buffer.concat([uint16(bytes.length), encryptUnder(master, bytes)]);
}

function modified(realm: string, now: Date): MitTagged {
  const by = formatPrincipal({ nameType: 1, components: ['krb5kit'], realm });
  return { type: TAG_MODIFIED, bytes: Buffer.concat([uint32(seconds(now)), textToBytes(`${by}\0`)]) };
}

/** What cannot be stored in MIT's database, of its default kind. */
function losses({ principal, policy, keys }: PrincipalEntry): string[] {
  const unusual = keys[0]!.origin?.iterations !== undefined && keys[0]!.etypes.some(hasIterations);
  const lost = [
    unusual ? 'the count of iterations, without which the password does not work' : undefined,
    policy.aliases?.length ? 'aliases' : undefined,
    policy.delegatesTo?.length || policy.acceptsDelegationFrom?.length ? 'delegation rights' : undefined,
    policy.otp ? 'the one-time password token' : undefined,
  ].filter(word => word !== undefined);
  return lost.length === 0 ? [] : [`${formatPrincipal(principal)} loses ${lost.join(', ')}`];
}

function hasIterations(etype: number): boolean {
  return profileOf(etype).defaultIterations > 0;
}

/** A later time is the latest that MIT's 32 bits can hold, in 2106: it must not wrap to one in the past. */
const LATEST = 0xffffffff;

function seconds(time: Date | undefined): number {
  return time === undefined ? 0 : Math.min(LATEST, Math.max(1, Math.floor(time.getTime() / 1000)));
}

function uint16(number: number): Uint8Array {
  return Uint8Array.of(number, number >>> 8);
}

function uint32(number: number): Uint8Array {
  return Uint8Array.of(number, number >>> 8, number >>> 16, number >>> 24);
}
