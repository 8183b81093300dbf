import { ENCTYPE_NAMES } from '../../crypto/enctype-names.ts';

/**
 * What an argument is, so that a shell can propose values: something in the caches, a file, or one of a list of words.
 */
export type ArgumentKind =
  | CacheValue
  | 'files'
  | 'directories'
  | 'command'
  | 'nothing'
  | { readonly words: readonly string[] };

/** What can be found in the user's caches. */
type CacheValue = 'principals' | 'services' | 'host-services' | 'caches';

const enctypes: ArgumentKind = { words: ENCTYPE_NAMES.map(({ name }) => name) };

/** By the placeholder in an option's flags, and by the word in the operands if `byCommand` has no row. */
const byPlaceholder: Readonly<Record<string, ArgumentKind>> = {
  cache: 'caches',
  command: 'command',
  directory: 'directories',
  enctype: enctypes,
  file: 'files',
  'file|-': 'files',
  keytab: 'files',
  list: enctypes,
  principal: 'principals',
  service: 'services',
  'service@host': 'host-services',
  user: 'principals',
};

/** By option, if its placeholder is not specific enough. */
const byOption: Readonly<Record<string, ArgumentKind>> = {
  '--delegate <when>': { words: ['policy', 'always'] },
  '--format <format>': { words: ['mit'] },
  '-k, --keytab <name>': 'files',
  '--mech <name>': { words: ['krb5', 'spnego'] },
  '--service <name>': 'services',
  '-X <attribute>': { words: ['X509_user_identity=', 'X509_anchors=', 'disable_freshness'] },
};

/** The operands of commands whose placeholders are not specific enough. */
const byCommand: Readonly<Record<string, readonly ArgumentKind[]>> = {
  'cache copy': ['caches', 'caches', 'services'],
  'cache export': ['files', 'services'],
  'cache move': ['caches', 'caches', 'services'],
  'cache remove': ['services'],
  'kdc run': ['command'],
  completion: [{ words: ['bash', 'zsh', 'fish', 'powershell'] }],
  klist: ['caches'],
  'ktutil copy': ['files', 'files', 'principals'],
  'ktutil diff': ['files', 'files'],
  'ktutil merge': ['files'],
  'ktutil purge': ['principals'],
  'ktutil remove': ['principals'],
  'ktutil rename': ['principals', 'principals'],
  'ktutil verify': ['principals'],
  'kdc list': ['principals'],
  run: ['principals'],
};

/** The kind of an option's argument; undefined if it takes none. */
export function optionKind(flags: string): ArgumentKind | undefined {
  const placeholder = /<(.*)>$/.exec(flags)?.[1];
  return placeholder === undefined ? undefined : (byOption[flags] ?? byPlaceholder[placeholder] ?? 'nothing');
}

/** The kinds of a command's operands, in order; `path` is the words that call the command. */
export function operandKinds(path: string, operands: string): readonly ArgumentKind[] {
  const known = byCommand[path];
  if (known !== undefined) return known;
  const words = operands.match(/[^[\]<>\s]+/g) ?? [];
  return words.map(word => byPlaceholder[word.toLowerCase().replace('...', '')] ?? 'nothing');
}
