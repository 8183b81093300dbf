import { KerberosError } from '../errors.ts';
import { aes128Sha1, aes256Sha1 } from './aes-sha1.ts';
import { aes128Sha2, aes256Sha2 } from './aes-sha2.ts';
import { camellia128, camellia256 } from './camellia.ts';
import type { Profile } from './profile.ts';
import { rc4Hmac } from './rc4.ts';

/** One encryption type. */
export interface Enctype {
  readonly etype: number;
  /** The canonical name, as MIT prints it. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** The name of the group it belongs to in a list of enctypes. */
  readonly family: string;
  /** `deprecated` may be asked for by name, `weak` needs allow_weak_crypto as well; neither is a default. */
  readonly strength: 'strong' | 'deprecated' | 'weak';
  /** Absent for a type that is only known by name. */
  readonly profile?: Profile;
}

/** Every enctype with a name, a family's members in MIT's order of preference. */
const ENCTYPES: readonly Enctype[] = [
  {
    etype: 18,
    name: 'aes256-cts-hmac-sha1-96',
    aliases: ['aes256-cts', 'aes256-sha1'],
    family: 'aes',
    strength: 'strong',
    profile: aes256Sha1,
  },
  {
    etype: 17,
    name: 'aes128-cts-hmac-sha1-96',
    aliases: ['aes128-cts', 'aes128-sha1'],
    family: 'aes',
    strength: 'strong',
    profile: aes128Sha1,
  },
  {
    etype: 20,
    name: 'aes256-cts-hmac-sha384-192',
    aliases: ['aes256-sha2'],
    family: 'aes',
    strength: 'strong',
    profile: aes256Sha2,
  },
  {
    etype: 19,
    name: 'aes128-cts-hmac-sha256-128',
    aliases: ['aes128-sha2'],
    family: 'aes',
    strength: 'strong',
    profile: aes128Sha2,
  },
  {
    etype: 26,
    name: 'camellia256-cts-cmac',
    aliases: ['camellia256-cts'],
    family: 'camellia',
    strength: 'strong',
    profile: camellia256,
  },
  {
    etype: 25,
    name: 'camellia128-cts-cmac',
    aliases: ['camellia128-cts'],
    family: 'camellia',
    strength: 'strong',
    profile: camellia128,
  },
  {
    etype: 23,
    name: 'arcfour-hmac',
    aliases: ['rc4-hmac', 'arcfour-hmac-md5'],
    family: 'rc4',
    strength: 'deprecated',
    profile: rc4Hmac,
  },
  {
    etype: 16,
    name: 'des3-cbc-sha1',
    aliases: ['des3-hmac-sha1', 'des3-cbc-sha1-kd'],
    family: 'des3',
    strength: 'deprecated',
  },
  {
    etype: 24,
    name: 'arcfour-hmac-exp',
    aliases: ['rc4-hmac-exp', 'arcfour-hmac-md5-exp'],
    family: '',
    strength: 'weak',
  },
];

const byNumber = new Map(ENCTYPES.map(enctype => [enctype.etype, enctype]));

/** The client's order of preference, MIT's without the deprecated types. */
export const DEFAULT_ENCTYPES: readonly number[] = [18, 17, 20, 19, 25, 26];

/** Whether keys of this type can be used here. */
export function isSupported(etype: number): boolean {
  return byNumber.get(etype)?.profile !== undefined;
}

/** Whether the type is deprecated or weak, so that only an explicit request may select it. */
export function isWeak(etype: number): boolean {
  const enctype = byNumber.get(etype);
  return enctype !== undefined && enctype.strength !== 'strong';
}

/** MIT's canonical name, also of types that are only known by name; otherwise undefined. */
export function enctypeName(etype: number): string | undefined {
  return byNumber.get(etype)?.name;
}

/** The cryptosystem of a type; throws `ENCTYPE_UNSUPPORTED`. */
export function profileOf(etype: number): Profile {
  const enctype = byNumber.get(etype);
  if (enctype?.profile !== undefined) return enctype.profile;
  throw new KerberosError(
    'ENCTYPE_UNSUPPORTED',
    `encryption type ${enctype?.name ?? etype} is not supported`,
  );
}

/**
 * A list of enctypes as krb5.conf has it: names, aliases, families and DEFAULT, each added, or removed where `-`
 * precedes it, in any case, between blanks or commas; names nobody knows are passed over.
 *
 * Types that are only known by name (des3) are returned too, so that the list reads as written: whoever selects from it
 * keeps those for which `isSupported`. `allowWeak` admits the weak ones; the deprecated RC4 needs only its name.
 */
export function parseEnctypeList(
  text: string,
  defaults: readonly number[],
  options: { readonly allowWeak?: boolean } = {},
): number[] {
  const list = new Set<number>();
  for (const word of text.split(/[\s,]+/)) {
    const remove = word.startsWith('-');
    const name = (remove || word.startsWith('+') ? word.slice(1) : word).toLowerCase();
    for (const etype of name === 'default' ? defaults : named(name)) {
      if (remove) list.delete(etype);
      else if (options.allowWeak === true || byNumber.get(etype)?.strength !== 'weak') list.add(etype);
    }
  }
  return [...list];
}

/** The types a lower-case name, alias or family stands for. */
function named(name: string): number[] {
  if (name === '') return [];
  const members = ENCTYPES.filter(
    enctype => enctype.family === name || enctype.name === name || enctype.aliases.includes(name),
  );
  return members.map(enctype => enctype.etype);
}
