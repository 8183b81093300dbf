/** The names of an encryption type, apart from its cryptosystem. */
interface EnctypeName {
  readonly etype: number;
  /** The canonical name, as MIT prints it. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** The name of its group in lists of enctypes. */
  readonly family: string;
  /** `deprecated` types can be requested by name, `weak` ones also need allow_weak_crypto; neither are defaults. */
  readonly strength: 'strong' | 'deprecated' | 'weak';
  /** Known for messages and listings only: there is no cryptosystem for it here. */
  readonly nameOnly?: boolean;
}

/** Every enctype with a name, a family's members in MIT's order of preference. */
export const ENCTYPE_NAMES: readonly EnctypeName[] = [
  {
    etype: 18,
    name: 'aes256-cts-hmac-sha1-96',
    aliases: ['aes256-cts', 'aes256-sha1'],
    family: 'aes',
    strength: 'strong',
  },
  {
    etype: 17,
    name: 'aes128-cts-hmac-sha1-96',
    aliases: ['aes128-cts', 'aes128-sha1'],
    family: 'aes',
    strength: 'strong',
  },
  {
    etype: 20,
    name: 'aes256-cts-hmac-sha384-192',
    aliases: ['aes256-sha2'],
    family: 'aes',
    strength: 'strong',
  },
  {
    etype: 19,
    name: 'aes128-cts-hmac-sha256-128',
    aliases: ['aes128-sha2'],
    family: 'aes',
    strength: 'strong',
  },
  {
    etype: 26,
    name: 'camellia256-cts-cmac',
    aliases: ['camellia256-cts'],
    family: 'camellia',
    strength: 'strong',
  },
  {
    etype: 25,
    name: 'camellia128-cts-cmac',
    aliases: ['camellia128-cts'],
    family: 'camellia',
    strength: 'strong',
  },
  {
    etype: 23,
    name: 'arcfour-hmac',
    aliases: ['rc4-hmac', 'arcfour-hmac-md5'],
    family: 'rc4',
    strength: 'deprecated',
  },
  {
    etype: 16,
    name: 'des3-cbc-sha1',
    aliases: ['des3-hmac-sha1', 'des3-cbc-sha1-kd'],
    family: 'des3',
    strength: 'deprecated',
    nameOnly: true,
  },
  {
    etype: 24,
    name: 'arcfour-hmac-exp',
    aliases: ['rc4-hmac-exp', 'arcfour-hmac-md5-exp'],
    family: '',
    strength: 'weak',
    nameOnly: true,
  },
];

/** The row of a type, even if it is only known by name; undefined for other types. */
export function findEnctypeName(etype: number): EnctypeName | undefined {
  return ENCTYPE_NAMES.find(row => row.etype === etype);
}

/** MIT's canonical name, also of types that are only known by name; undefined for other types. */
export function enctypeName(etype: number): string | undefined {
  return findEnctypeName(etype)?.name;
}

/** Whether the type is deprecated or weak, so that only an explicit request may select it. */
export function isWeak(etype: number): boolean {
  const row = findEnctypeName(etype);
  return row !== undefined && row.strength !== 'strong';
}
